//! Reads the catalogs of a base backup.

use pgwal_catalog::{BaseCatalogs, BaseFacts, BaseReader};
use pgwal_format::text::control::members::ControlField;
use pgwal_format::text::control::{ControlFile, ControlImage};
use pgwal_format::{Generation, Lsn, TimelineId};
use pgwal_source::{FilePart, TakeFile, WantsFile};
use std::fmt;

/// Hands on those files of a backup that are wanted.
pub type EachFile<'a, E> = dyn FnMut(&WantsFile<'_>, &mut TakeFile<'_>) -> Result<(), E> + 'a;

/// Why the catalogs of a backup are not known.
#[derive(Debug)]
pub enum BaseFault<E> {
    /// A file of it cannot be read.
    Files(E),
    /// It has no control file that is right.
    NoControl,
    /// Its version is not read.
    Version(String),
    /// It has none of the files that say where the catalogs lie, or none that is right.
    NoCatalogs,
}

impl<E: fmt::Display> fmt::Display for BaseFault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BaseFault::Files(error) => error.fmt(f),
            BaseFault::NoControl => {
                f.write_str("global/pg_control is missing or damaged: nothing says how to read its files")
            }
            BaseFault::Version(version) => write!(f, "catalogs are read of 9.5 and later, and it is of {version}"),
            BaseFault::NoCatalogs => {
                f.write_str("no pg_filenode.map in it is right: it is no data directory, or damaged")
            }
        }
    }
}

impl<E: std::error::Error> std::error::Error for BaseFault<E> {}

const CONTROL: &str = "global/pg_control";
/// A control file is no longer.
const LONGEST_CONTROL: usize = 8192;

/// Reads the catalogs of a base backup. `start`: where its label says that it begins; without it the control file does.
///
/// # Errors
/// A file cannot be read, or it is no backup that can be read.
pub fn base_catalogs<E>(
    start: Option<(Lsn, TimelineId)>,
    each: &mut EachFile<'_, E>,
) -> Result<BaseCatalogs, BaseFault<E>> {
    let mut control = Vec::new();
    each(&|path| path == CONTROL, &mut |part| match part {
        FilePart::Begin(_) => control.clear(),
        FilePart::Bytes(bytes) => {
            let room = LONGEST_CONTROL.saturating_sub(control.len()).min(bytes.len());
            control.extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
    })
    .map_err(BaseFault::Files)?;
    let (Ok(image), Ok(file)) = (ControlImage::read(&control), ControlFile::parse(&control)) else {
        return Err(BaseFault::NoControl);
    };
    if file.dialect.generation != Generation::Modern {
        return Err(BaseFault::Version(file.dialect.version.to_string()));
    }
    let (start, timeline) = start.unwrap_or((file.redo, file.timeline));
    let mut reader = BaseReader::new(BaseFacts {
        version: file.dialect.version,
        endian: file.endian,
        page: usize::try_from(file.page_size.bytes()).unwrap_or(0),
        file_blocks: u32::try_from(image.number(ControlField::RelsegSize)).unwrap_or(0),
        checksums: file.data_checksum_version.is_some_and(|version| version > 0),
        system_id: file.system_id,
        start,
        timeline,
    });
    loop {
        // Whoever hands files on asks which are wanted while it does.
        let wanted = reader.wanted();
        let take = &mut |part: FilePart<'_>| match part {
            FilePart::Begin(path) => reader.begin(path),
            FilePart::Bytes(bytes) => reader.bytes(bytes),
        };
        each(&|path| wanted.has(path), take).map_err(BaseFault::Files)?;
        if !reader.next_pass() {
            break;
        }
    }
    let catalogs = reader.finish();
    if catalogs.rows() == 0 { Err(BaseFault::NoCatalogs) } else { Ok(catalogs) }
}
