//! A position from the command line, and what has to be known of the cluster to place it: the segment size, and how its
//! version counts positions. Both come from an option, from the WAL file that the position names or from its spelling;
//! where none of them tells, the usual values are assumed, and said to be.

use anyhow::{Context, bail, ensure};
use pgwal::format::layout::NotWal;
use pgwal::format::position::{NoSuchPlace, PositionError};
use pgwal::format::text::control::{ControlError, ControlFile};
use pgwal::format::{AddressScheme, Dialect, FileName, Layout, Lsn, Position, SegmentSize, TimelineId, Version};
use pgwal_query::sizes::bytes_of;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The spellings of a position, for the help.
pub const SPELLINGS: &str = "A position: X/Y · 24 hex digits · 24 hex digits+OFFSET · 24hex.8hex[.backup] · 'log file N, segment N, offset N' · 'streaming X/Y', 'recovering SEGMENT' as ps shows them · file:PATH\n\
     file: where the WAL in a segment begins; of pg_control or a data directory, the latest checkpoint location (not its redo).";

/// The options that say what cannot be read from a position.
#[derive(clap::Args)]
pub struct Geometry {
    /// Size of a WAL segment: 16MB, 1MiB, 16777216 … (16 MiB is assumed)
    #[arg(long, value_name = "SIZE", value_parser = segment_size)]
    pub segment_size: Option<SegmentSize>,
    /// Answer as the server of this version does (8.2 to 19); up to 9.2 a log id has 255 segments of 16 MiB
    #[arg(long = "as", value_name = "VERSION")]
    pub version: Option<Version>,
}

impl Geometry {
    /// The facts of the version asked for.
    pub fn dialect(&self) -> Option<&'static Dialect> {
        self.version.and_then(Version::dialect)
    }
}

/// Reads a size as PostgreSQL's settings are written, a unit being a power of 1024.
fn segment_size(text: &str) -> Result<SegmentSize, String> {
    let bytes = bytes_of(text);
    bytes.and_then(SegmentSize::new).ok_or_else(|| "a segment size is a power of two from 1MB to 1GB".to_owned())
}

/// A position may begin with a hyphen (old servers read `-1/5`), an option that does not exist is none.
pub fn refuse_option(text: &str) -> anyhow::Result<()> {
    ensure!(!text.starts_with("--"), "there is no option {text}");
    Ok(())
}

/// A position that has been read; where it lies depends on a [`Basis`].
pub enum Operand<'a> {
    /// As it was written.
    Written(Position<'a>),
    /// Where the WAL of a file begins, or the last checkpoint of a control file.
    InFile {
        /// The address of its first page, or of the checkpoint's record.
        lsn: Lsn,
        /// Where recovery from that checkpoint begins.
        redo: Option<Lsn>,
        /// The timeline in its name, or of its first page, or of the checkpoint.
        timeline: TimelineId,
        /// The version that wrote it.
        dialect: &'static Dialect,
        /// The size of a segment.
        size: SegmentSize,
    },
}

/// Why an operand could not be read.
pub enum Unread {
    /// The text is not a position.
    Text(PositionError),
    /// The file does not tell one.
    File(anyhow::Error),
}

impl From<Unread> for anyhow::Error {
    fn from(unread: Unread) -> anyhow::Error {
        match unread {
            Unread::Text(error) => error.into(),
            Unread::File(error) => error,
        }
    }
}

impl<'a> Operand<'a> {
    /// Reads a position, and the file that it names.
    pub fn read(text: &'a str) -> Result<Operand<'a>, Unread> {
        match Position::parse(text).map_err(Unread::Text)? {
            Position::File(path) => in_file(Path::new(path)).map_err(Unread::File),
            position => Ok(Operand::Written(position)),
        }
    }

    /// Where it lies.
    pub fn lsn(&self, basis: &Basis) -> Result<Lsn, NoSuchPlace> {
        match self {
            Operand::Written(position) => position.lsn(basis.scheme, basis.size),
            Operand::InFile { lsn, .. } => Ok(*lsn),
        }
    }

    /// Where recovery from it begins, if it is a checkpoint.
    pub fn redo(&self) -> Option<Lsn> {
        match self {
            Operand::Written(_) => None,
            Operand::InFile { redo, .. } => *redo,
        }
    }

    /// The timeline that it tells.
    pub fn timeline(&self) -> Option<TimelineId> {
        match self {
            Operand::Written(position) => position.timeline(),
            Operand::InFile { timeline, .. } => Some(*timeline),
        }
    }
}

/// Reads the beginning of a WAL file or a control file; that of a data directory, where one is named.
fn in_file<'a>(path: &Path) -> anyhow::Result<Operand<'a>> {
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    let inside = path.join("global/pg_control");
    let path = if metadata.is_dir() {
        ensure!(
            inside.is_file(),
            "{} is a folder without global/pg_control; write file: and the path of one WAL segment, of a control file or of a data directory",
            path.display()
        );
        &inside
    } else {
        // Opening a FIFO would wait for a writer.
        ensure!(metadata.is_file(), "{} is not a regular file", path.display());
        path
    };
    let shown = path.display();
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(1 << 16).read_to_end(&mut start))
        .with_context(|| format!("cannot read {shown}"))?;
    // First, since the number of a cluster may begin as a page of WAL does. No page has an address that is a version.
    match ControlFile::parse(&start) {
        Ok(control) => Ok(Operand::InFile {
            lsn: control.checkpoint,
            redo: Some(control.redo),
            timeline: control.timeline,
            dialect: control.dialect,
            size: control.segment,
        }),
        Err(ControlError::NotControl) => beginning(path, &start),
        Err(error) => bail!("{shown} is {error}"),
    }
}

/// What the first page of a WAL file says.
fn beginning<'a>(path: &Path, start: &[u8]) -> anyhow::Result<Operand<'a>> {
    let shown = path.display();
    let layout = match Layout::detect(start) {
        Ok(layout) => layout,
        Err(NotWal::Unreleased { magic, .. }) => {
            bail!("{shown} holds WAL of a version that no release has (magic {magic:04X})")
        }
        Err(_) => bail!(
            "{shown} does not begin as a WAL segment does, nor as a control file; a compressed one has to be decompressed first"
        ),
    };
    let header = layout.page_header(start);
    let name = path.file_name().and_then(|name| name.to_str()).and_then(FileName::parse);
    let timeline = match name {
        Some(FileName::Segment(name) | FileName::Partial(name)) => {
            let named = name
                .number(layout.address(), layout.segment)
                .map(|n| layout.address().segment_start(n, layout.segment));
            ensure!(
                named == Some(header.address),
                "{shown} could be two positions: by its first page {}, by its name {name} (recycled, or another segment); write the one that is meant",
                header.address
            );
            name.timeline
        }
        _ => header.timeline,
    };
    Ok(Operand::InFile { lsn: header.address, redo: None, timeline, dialect: layout.dialect, size: layout.segment })
}

/// How positions map to segments, and how that is known.
pub struct Basis {
    /// Positions to segments.
    pub scheme: AddressScheme,
    /// Nothing told it.
    pub scheme_assumed: bool,
    /// The size of a segment.
    pub size: SegmentSize,
    /// Nothing told it.
    pub size_assumed: bool,
}

impl Basis {
    /// What the options and all operands together tell.
    ///
    /// # Errors
    /// They contradict each other.
    pub fn of(geometry: &Geometry, operands: &[&Operand<'_>]) -> anyhow::Result<Basis> {
        let (mut scheme, mut size) = (geometry.dialect().map(|d| d.address), geometry.segment_size);
        for operand in operands {
            if let Operand::InFile { dialect, size: told, .. } = operand {
                let said = *scheme.get_or_insert(dialect.address);
                ensure!(
                    said == dialect.address,
                    "a file was written by {}, where positions are counted in another way",
                    dialect.version
                );
                let said = size.get_or_insert(*told).bytes();
                ensure!(said == told.bytes(), "a file says that segments have {} bytes, not {said}", told.bytes());
            }
        }
        let spelled = operands.iter().find_map(|operand| match operand {
            Operand::Written(position) => position.scheme(),
            Operand::InFile { .. } => None,
        });
        let scheme = scheme.or(spelled);
        Ok(Basis {
            scheme: scheme.unwrap_or(AddressScheme::Linear),
            scheme_assumed: scheme.is_none(),
            size: size.unwrap_or(SegmentSize::DEFAULT),
            size_assumed: size.is_none(),
        })
    }

    /// Takes over what the WAL of an archive says.
    ///
    /// # Errors
    /// Something else was told before.
    pub fn settle(&mut self, layout: &Layout) -> anyhow::Result<()> {
        let told = |what: &str| anyhow::anyhow!("the archive was written by {}, {what}", layout.dialect.version);
        ensure!(
            self.scheme_assumed || self.scheme == layout.address(),
            told("where positions are counted in another way")
        );
        ensure!(
            self.size_assumed || self.size == layout.segment,
            told(&format!("with segments of {} bytes", layout.segment.bytes()))
        );
        (self.scheme, self.size) = (layout.address(), layout.segment);
        (self.scheme_assumed, self.size_assumed) = (false, false);
        Ok(())
    }

    /// The scheme's name in JSON.
    pub fn scheme_name(&self) -> &'static str {
        match self.scheme {
            AddressScheme::Split => "split",
            AddressScheme::Linear => "linear",
        }
    }

    /// What was assumed, for people.
    pub fn assumptions(&self) -> Vec<String> {
        let mut assumed = Vec::new();
        if self.size_assumed {
            assumed.push(format!(
                "segments of {} (--segment-size)",
                pgwal_report::figures::bytes(self.size.bytes().into())
            ));
        }
        if self.scheme_assumed {
            assumed.push("positions as 9.3 and later count them (--as)".to_owned());
        }
        assumed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_every_unit() {
        for text in ["16MB", "16MiB", "16m", "16 MB", "16384kB", "16777216", "16777216b"] {
            assert_eq!(segment_size(text), Ok(SegmentSize::DEFAULT), "{text}");
        }
        assert_eq!(segment_size("1GB").map(SegmentSize::bytes), Ok(1 << 30));
        for text in ["", "MB", "3MB", "512kB", "2GB", "16TB", "-1", "99999999999999999999", "18446744073709551615GB"] {
            assert!(segment_size(text).is_err(), "{text}");
        }
    }
}
