//! The positions that pages of a data directory name (`pd_lsn`, the first eight bytes of a page in `bufpage.h`).

use super::Backup;
use super::relations::{DEFAULT, GLOBAL};
use pgwal_format::record::RelFileLocator;
use pgwal_format::text::control::{ControlFile, ControlImage, members::ControlField};
use pgwal_format::{Endian, Lsn};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Reads them, best in the order of files and blocks.
pub(crate) struct DataPages {
    data: PathBuf,
    /// Where tablespaces will be linked to.
    mapped: Vec<(String, PathBuf)>,
    /// `PG_15_`, with which the folder of this version begins in a tablespace.
    prefix: String,
    endian: Endian,
    page: u64,
    /// Pages in a file.
    pages: u64,
    /// Databases of which all files are here, so that one that is not is missing; none that was left out on purpose.
    whole: HashSet<u32>,
    open: Option<(String, PageFile)>,
}

/// Nothing can be said of a page.
pub(crate) struct PageUnknown;

/// A file of pages.
enum PageFile {
    Open(File),
    Gone,
    Closed,
}

impl PageFile {
    fn open(path: &Path) -> PageFile {
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => File::open(path).map_or(PageFile::Closed, PageFile::Open),
            Err(error) if error.kind() == ErrorKind::NotFound => PageFile::Gone,
            _ => PageFile::Closed,
        }
    }
}

/// Bytes of a page's header (`SizeOfPageHeaderData`).
const HEADER: usize = 24;

impl DataPages {
    /// Those of a data directory on this machine's disk.
    pub(crate) fn of(backup: &Backup) -> Option<DataPages> {
        let image = ControlImage::read(backup.control_bytes.as_deref()?).ok()?;
        let ControlFile { endian, page_size, dialect, .. } = backup.control?;
        Some(DataPages {
            data: backup.folder.clone()?,
            mapped: backup.mapped.clone(),
            prefix: format!("PG_{}_", dialect.version),
            endian,
            page: page_size.bytes(),
            pages: image.number(ControlField::RelsegSize),
            whole: if backup.has_most {
                &backup.relations.whole_databases() - &backup.left_out
            } else {
                HashSet::new()
            },
            open: None,
        })
    }

    /// The file in which a block lies, below the data directory, and where it starts there.
    pub(crate) fn place(&self, rel: RelFileLocator, block: u32) -> Option<(String, u64)> {
        let block = u64::from(block);
        let folder = match rel.spc {
            GLOBAL => "global".to_owned(),
            DEFAULT => format!("base/{}", rel.db),
            spc => format!("pg_tblspc/{spc}/{}/{}", self.version_folder(spc)?, rel.db),
        };
        let suffix = match block.checked_div(self.pages)? {
            0 => String::new(),
            number => format!(".{number}"),
        };
        Some((format!("{folder}/{}{suffix}", rel.rel), block % self.pages * self.page))
    }

    /// The position that the page of a block names. `Ok(None)`: it is not there, or is zeros.
    ///
    /// # Errors
    /// It cannot be read, or names none: WAL was left out when it was written.
    pub(crate) fn lsn(&mut self, rel: RelFileLocator, block: u32) -> Result<Option<Lsn>, PageUnknown> {
        self.read(rel, block)
            .and_then(|lsn| if lsn.is_none() && !self.whole.contains(&rel.db) { Err(PageUnknown) } else { Ok(lsn) })
    }

    fn read(&mut self, rel: RelFileLocator, block: u32) -> Result<Option<Lsn>, PageUnknown> {
        let (name, offset) = self.place(rel, block).ok_or(PageUnknown)?;
        if self.open.as_ref().is_none_or(|(open, _)| *open != name) {
            let path = self.path(&name);
            self.open = Some((name, PageFile::open(&path)));
        }
        let file = match &mut self.open {
            Some((_, PageFile::Open(file))) => file,
            Some((_, PageFile::Gone)) => return Ok(None),
            _ => return Err(PageUnknown),
        };
        let mut header = [0; HEADER];
        let unknown = |_| PageUnknown;
        if file.metadata().map_err(unknown)?.len() < offset + self.page {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(offset)).map_err(unknown)?;
        file.read_exact(&mut header).map_err(unknown)?;
        if header == [0; HEADER] {
            return Ok(None);
        }
        let [a, b, c, d, e, f, g, h, ..] = header;
        let (high, low) = (self.endian.u32([a, b, c, d]), self.endian.u32([e, f, g, h]));
        let lsn = Lsn::new(u64::from(high) << 32 | u64::from(low));
        if lsn.get() == 0 { Err(PageUnknown) } else { Ok(Some(lsn)) }
    }

    fn path(&self, name: &str) -> PathBuf {
        let below = |(oid, place): &(String, PathBuf)| {
            let rest = name.strip_prefix("pg_tblspc/")?.strip_prefix(oid.as_str())?.strip_prefix('/')?;
            Some(place.join(rest))
        };
        self.mapped.iter().find_map(below).unwrap_or_else(|| self.data.join(name))
    }

    fn version_folder(&self, spc: u32) -> Option<String> {
        let entries = fs::read_dir(self.path(&format!("pg_tblspc/{spc}/"))).ok()?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| name.starts_with(&self.prefix)).max()
    }
}
