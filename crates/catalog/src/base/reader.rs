//! Takes in the files of a base backup, pass by pass.

use super::heap::{HeapFile, PageRows};
use super::xact_files::XactFiles;
use super::{BaseCatalogs, map_file};
use crate::files::{Catalog, GLOBAL};
use crate::row::CatalogRow;
use pgwal_format::record::RelFileLocator;
use pgwal_format::{Endian, Lsn, TimelineId, Version};
use std::collections::HashMap;

/// So many rows are kept.
const MOST_ROWS: usize = 500_000;
/// So many databases are looked at.
const MOST_DATABASES: usize = 10_000;
/// The tablespace of what lies in `base` (`pg_default`).
const DEFAULT: u32 = 1663;

/// What the control file and the label of a backup say.
#[derive(Clone, Copy, Debug)]
pub struct BaseFacts {
    /// The version of its server.
    pub version: Version,
    /// The order of bytes.
    pub endian: Endian,
    /// Bytes of a page of data.
    pub page: usize,
    /// Blocks of a relation's file, behind which another one goes on.
    pub file_blocks: u32,
    /// Pages have checksums.
    pub checksums: bool,
    /// The cluster.
    pub system_id: u64,
    /// Where replay starts.
    pub start: Lsn,
    /// On which timeline.
    pub timeline: TimelineId,
}

/// Which files are read now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Maps,
    Catalogs,
    Namespaces,
    Over,
}

/// A file that is being read.
enum OpenFile {
    Nothing,
    Map((u32, u32), String, Vec<u8>),
    Heap(HeapFile),
    Xacts(u32),
}

/// Reads the catalogs of a base backup from the files that are handed in. Each pass is over all files.
pub struct BaseReader {
    facts: BaseFacts,
    pass: Pass,
    /// By path: which file it is, of which catalog.
    wanted: HashMap<String, (RelFileLocator, Catalog)>,
    /// Folders of databases.
    folders: HashMap<u32, (u32, String)>,
    open: OpenFile,
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
        let (wanted, folders) = (HashMap::new(), HashMap::new());
        BaseReader { facts, pass: Pass::Maps, wanted, folders, open: OpenFile::Nothing, rows: 0, out }
    }

    /// Whether a file is read in this pass; `path`: below the data directory.
    pub fn wants(&self, path: &str) -> bool {
        match self.pass {
            Pass::Maps => database_of(path).is_some(),
            Pass::Catalogs => self.heap(path).is_some() || XactFiles::number(path).is_some(),
            Pass::Namespaces => self.heap(path).is_some(),
            Pass::Over => false,
        }
    }

    /// A file begins.
    pub fn begin(&mut self, path: &str) {
        self.end();
        self.open = match self.pass {
            Pass::Maps => database_of(path)
                .map_or(OpenFile::Nothing, |(place, folder)| OpenFile::Map(place, folder.to_owned(), Vec::new())),
            _ => match (self.heap(path), XactFiles::number(path)) {
                (Some(file), _) => OpenFile::Heap(file),
                (None, Some(number)) if self.pass == Pass::Catalogs => OpenFile::Xacts(number),
                _ => OpenFile::Nothing,
            },
        };
    }

    /// The next bytes of it.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let BaseReader { facts, open, rows, out, .. } = self;
        match open {
            OpenFile::Nothing => {}
            OpenFile::Map(_, _, kept) => {
                let room = map_file::LONGEST.saturating_sub(kept.len()).min(bytes.len());
                kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            OpenFile::Xacts(number) => out.xacts.put(*number, bytes),
            OpenFile::Heap(file) => {
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
        let pass = self.pass;
        self.pass = match pass {
            Pass::Maps => {
                self.find_catalogs();
                Pass::Catalogs
            }
            Pass::Catalogs if self.find_namespaces() => Pass::Namespaces,
            _ => Pass::Over,
        };
        self.pass != Pass::Over
    }

    /// What they say.
    pub fn finish(self) -> BaseCatalogs {
        self.out
    }

    fn end(&mut self) {
        let OpenFile::Map((spc, db), folder, bytes) = std::mem::replace(&mut self.open, OpenFile::Nothing) else {
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
            let own: &[Catalog] = if *db == 0 { &[Catalog::Database] } else { &[Catalog::Class, Catalog::Namespace] };
            for catalog in own {
                let rel = RelFileLocator { spc: *spc, db: *db, rel: file(*catalog) };
                self.wanted.insert(format!("{folder}/{}", rel.rel), (rel, *catalog));
            }
        }
    }

    /// Whether there are schemas in other files than those that were read.
    fn find_namespaces(&mut self) -> bool {
        let oid = Catalog::Namespace.oid();
        self.wanted.clear();
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
                self.wanted.insert(format!("{folder}/{file}"), (rel, Catalog::Namespace));
                self.out.namespaces.insert(catalog.db, file);
            }
        }
        !self.wanted.is_empty()
    }

    /// The file of a catalog, from the block on with which it begins.
    fn heap(&self, path: &str) -> Option<HeapFile> {
        let (stem, number) = match path.rsplit_once('.') {
            Some((stem, number)) => (stem, number.parse::<u32>().ok().filter(|number| *number > 0)?),
            None => (path, 0),
        };
        let (rel, catalog) = *self.wanted.get(stem)?;
        Some(HeapFile::new(rel, catalog, number.checked_mul(self.facts.file_blocks)?))
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
