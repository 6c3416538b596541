//! A gate in front of any `archive_command`: is this file what its name says, whole, and does it go on where the one
//! before it ended?

use crate::ends::PassedEnds;
use crate::fault::ShipFault;
use crate::handed::HandedFile;
use crate::inspect::{Inspection, inspect, predecessor};
use crate::objection::Doubt;
use crate::server::ServerDirectory;
use pgwal_archive::whose::FirstPage;
use pgwal_format::{FileName, SegmentName};
use std::path::{Path, PathBuf};

/// How a file is checked.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// Where the ends of segments are kept that were let pass.
    pub state: Option<PathBuf>,
    /// What becomes of a file that cannot be judged.
    pub strictness: Strictness,
}

/// What becomes of a file that cannot be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// It passes: a gate must not fill `pg_wal`.
    #[default]
    Lenient,
    /// It is refused.
    Strict,
}

/// What a check came to.
#[derive(Clone, Debug)]
pub struct CheckAnswer {
    /// The file.
    pub file: FileName,
    /// What it is.
    pub inspection: Inspection,
    /// It is let pass.
    pub passes: bool,
}

/// Checks a file as a server hands it out, and notes where it ends if it is let pass.
///
/// # Errors
/// It cannot be read, or has no name of WAL.
pub fn check(path: &Path, options: &CheckOptions) -> Result<CheckAnswer, ShipFault> {
    let file = HandedFile::read(path)?;
    let server = ServerDirectory::of(path);
    let (mut ends, trouble) = match (&options.state, file.name) {
        (Some(state), FileName::Segment(_)) => {
            let (ends, trouble) = PassedEnds::open(state);
            (Some(ends), trouble)
        }
        _ => (None, None),
    };
    let before = predecessor_of(&file, server.as_ref());
    let before = before.and_then(|name| Some((name, ends.as_ref()?.of(name)?.clone())));
    let mut inspection = inspect(&file, server.as_ref(), before);
    let strict = options.strictness == Strictness::Strict;
    let passes = inspection.objections.is_empty() && !(strict && inspection.doubts.iter().any(Doubt::is_of_file));
    inspection.doubts.extend(trouble.map(Doubt::State));
    if let (true, Some(ends), FileName::Segment(name), Some(end)) = (passes, &mut ends, file.name, &inspection.end) {
        inspection.doubts.extend(ends.passed(name, end.clone()).err().map(Doubt::State));
    }
    Ok(CheckAnswer { file: file.name, inspection, passes })
}

/// The segment before a file, by the data directory in which it lies.
pub(crate) fn predecessor_of(file: &HandedFile, server: Option<&ServerDirectory>) -> Option<SegmentName> {
    let FileName::Segment(name) = file.name else { return None };
    let layout = FirstPage::of(&file.bytes).ok()?.layout;
    let history = server.and_then(|server| server.history(name.timeline));
    predecessor(name, history.as_deref(), &layout)
}
