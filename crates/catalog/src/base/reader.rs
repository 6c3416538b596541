//! Takes in the files of a base backup, pass by pass.

use super::base_facts::BaseFacts;
use super::heap::{HeapFile, PageRows};
use super::xact_files::XactFiles;
use super::{BaseCatalogs, map_file};
use crate::files::{Catalog, GLOBAL};
use crate::row::CatalogRow;
use pgwal_format::record::RelFileLocator;
use std::collections::HashMap;

/// So many rows are kept.
const MOST_ROWS: usize = 500_000;
/// So many databases are looked at.
const MOST_DATABASES: usize = 10_000;
/// The tablespace of what lies in `base` (`pg_default`).
const DEFAULT: u32 = 1663;

/// Which files are read now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadingPass {
    Maps,
    Catalogs,
    Namespaces,
    Over,
}

/// The files that are read in a pass.
#[derive(Clone)]
pub struct WantedFiles {
    pass: ReadingPass,
    /// By path: which file it is, of which catalog.
    heaps: HashMap<String, (RelFileLocator, Catalog)>,
}

impl WantedFiles {
    /// Whether a file is read; `path`: below the data directory.
    pub fn has(&self, path: &str) -> bool {
        match self.pass {
            ReadingPass::Maps => database_of(path).is_some(),
            ReadingPass::Catalogs => self.heap(path).is_some() || XactFiles::number(path).is_some(),
            ReadingPass::Namespaces => self.heap(path).is_some(),
            ReadingPass::Over => false,
        }
    }

    /// The file of a catalog, and the number of the file among those that go on where it ends.
    fn heap(&self, path: &str) -> Option<(RelFileLocator, Catalog, u32)> {
        let (stem, number) = match path.rsplit_once('.') {
            Some((stem, number)) => (stem, number.parse::<u32>().ok().filter(|number| *number > 0)?),
            None => (path, 0),
        };
        self.heaps.get(stem).map(|(rel, catalog)| (*rel, *catalog, number))
    }
}

/// A file that is being read.
enum FileBeingRead {
    Nothing,
    Map((u32, u32), String, Vec<u8>),
    Heap(HeapFile),
    Xacts(u32),
}

/// Reads the catalogs of a base backup from the files that are handed in. Each pass is over all files.
pub struct BaseReader {
    facts: BaseFacts,
    wanted: WantedFiles,
    /// Folders of databases.
    folders: HashMap<u32, (u32, String)>,
    open: FileBeingRead,
    rows: usize,
    out: BaseCatalogs,
}

impl BaseReader {
    /// Nothing is read yet.
    pub fn new(facts: BaseFacts) -> BaseReader {
        let out = BaseCatalogs {
            system_id: facts.system_id,
            start: facts.start,
            timeline: facts.timeline,
            pages_left_out: 0,
            left_out: 0,
            map: HashMap::new(),
            namespaces: HashMap::new(),
            pages: HashMap::new(),
            xacts: XactFiles::of_pages(facts.page),
        };
        let wanted = WantedFiles { pass: ReadingPass::Maps, heaps: HashMap::new() };
        BaseReader { facts, wanted, folders: HashMap::new(), open: FileBeingRead::Nothing, rows: 0, out }
    }

    /// The files that are read in this pass.
    pub fn wanted(&self) -> WantedFiles {
        self.wanted.clone()
    }

    /// A file begins.
    pub fn begin(&mut self, path: &str) {
        self.end();
        self.open = match self.wanted.pass {
            ReadingPass::Maps => database_of(path).map_or(FileBeingRead::Nothing, |(place, folder)| {
                FileBeingRead::Map(place, folder.to_owned(), Vec::new())
            }),
            pass => match (self.wanted.heap(path), XactFiles::number(path)) {
                (Some((rel, catalog, number)), _) => {
                    let first = number.saturating_mul(self.facts.file_blocks);
                    FileBeingRead::Heap(HeapFile::new(rel, catalog, first))
                }
                (None, Some(number)) if pass == ReadingPass::Catalogs => FileBeingRead::Xacts(number),
                _ => FileBeingRead::Nothing,
            },
        };
    }

    /// The next bytes of it.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let BaseReader { facts, open, rows, out, .. } = self;
        match open {
            FileBeingRead::Nothing => {}
            FileBeingRead::Map(_, _, kept) => {
                let room = map_file::LONGEST.saturating_sub(kept.len()).min(bytes.len());
                kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            FileBeingRead::Xacts(number) => out.xacts.put(*number, bytes),
            FileBeingRead::Heap(file) => {
                let rel = file.rel;
                file.push(facts, bytes, &mut |block, page| match page {
                    PageRows::Nothing => {}
                    PageRows::Unsound => out.pages_left_out += 1,
                    PageRows::Rows(found) if *rows + found.len() > MOST_ROWS => out.left_out += found.len() as u64,
                    PageRows::Rows(found) => {
                        *rows += found.len();
                        out.pages.insert((rel, block), found);
                    }
                });
            }
        }
    }

    /// All files were handed in; whether they are wanted once more.
    pub fn next_pass(&mut self) -> bool {
        self.end();
        let pass = self.wanted.pass;
        self.wanted.pass = match pass {
            ReadingPass::Maps => {
                self.find_catalogs();
                ReadingPass::Catalogs
            }
            ReadingPass::Catalogs if self.find_namespaces() => ReadingPass::Namespaces,
            _ => ReadingPass::Over,
        };
        self.wanted.pass != ReadingPass::Over
    }

    /// What they say.
    pub fn finish(self) -> BaseCatalogs {
        self.out
    }

    fn end(&mut self) {
        let FileBeingRead::Map((spc, db), folder, bytes) = std::mem::replace(&mut self.open, FileBeingRead::Nothing)
        else {
            return;
        };
        match map_file::parse(self.facts.endian, &bytes) {
            Some(entries) if self.folders.len() < MOST_DATABASES => {
                self.folders.insert(db, (spc, folder));
                self.out.map.extend(entries.into_iter().map(|(oid, file)| ((db, oid), file)));
            }
            _ => self.out.left_out += 1,
        }
    }

    fn find_catalogs(&mut self) {
        for (db, (spc, folder)) in &self.folders {
            let file = |catalog: Catalog| self.out.map.get(&(*db, catalog.oid())).copied().unwrap_or(catalog.oid());
            let own: &[Catalog] = match db {
                0 => &[Catalog::Database],
                _ => &[Catalog::Class, Catalog::Namespace, Catalog::Index, Catalog::Inherits],
            };
            for catalog in own {
                let rel = RelFileLocator { spc: *spc, db: *db, rel: file(*catalog) };
                self.wanted.heaps.insert(format!("{folder}/{}", rel.rel), (rel, *catalog));
            }
        }
    }

    /// Whether there are schemas in other files than those that were read.
    fn find_namespaces(&mut self) -> bool {
        let oid = Catalog::Namespace.oid();
        self.wanted.heaps.clear();
        let moved: Vec<(RelFileLocator, u32)> = self
            .out
            .pages
            .iter()
            .flat_map(|((file, _), rows)| rows.iter().map(move |seen| (*file, seen)))
            .filter_map(|(file, seen)| match &seen.row {
                CatalogRow::Class(class) if class.oid == oid && class.file != oid => Some((file, class.file)),
                _ => None,
            })
            .collect();
        for (catalog, file) in moved {
            if let Some((spc, folder)) = self.folders.get(&catalog.db) {
                let rel = RelFileLocator { spc: *spc, db: catalog.db, rel: file };
                self.wanted.heaps.insert(format!("{folder}/{file}"), (rel, Catalog::Namespace));
                self.out.namespaces.insert(catalog.db, file);
            }
        }
        !self.wanted.heaps.is_empty()
    }
}

/// Tablespace and database of which a map of files is, and their folder.
fn database_of(path: &str) -> Option<((u32, u32), &str)> {
    let folder = path.strip_suffix("/pg_filenode.map")?;
    let parts: Vec<&str> = folder.split('/').collect();
    let oid = |text: &str| text.parse::<u32>().ok().filter(|oid| *oid > 0);
    let place = match parts.as_slice() {
        ["global"] => (GLOBAL, 0),
        ["base", db] => (DEFAULT, oid(db)?),
        ["pg_tblspc", spc, _, db] => (oid(spc)?, oid(db)?),
        _ => return None,
    };
    Some((place, folder))
}
