//! Tar archives, as `pg_basebackup -Ft` and others write them, packed or not: what lies in them, and WAL out of them.
//!
//! Read from front to back, through the same table of codecs as every file. A base backup is never written to disk; a tar
//! that is a place of WAL ([`TarFile`]) is only where it can be got at in no other way, and then without a name.

mod bytes;
mod file;
mod links;
mod parser;
mod spool;
mod unpacked;
mod wal;

pub(crate) use file::begins;
pub use file::{TarFile, TarReadingWay};
pub use parser::{Member, TarFault, TarMemberKind, is_header};
pub use wal::{TarSource, TarWal};

use crate::codec::{self, Codec, Container};
use crate::input::BufferedInput;
use crate::opening::BehindRule;
use crate::{ByteSink, ReadState, SourceError, decode};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

/// What is told of a tar while it is read.
#[derive(Debug)]
pub enum TarEvent<'a> {
    /// A member begins.
    Member(&'a Member),
    /// The next bytes of its content.
    Content(&'a [u8]),
}

/// How reading a tar went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarRead {
    /// What it is packed in.
    pub codec: Codec,
    /// Whether the packed stream was whole.
    pub state: ReadState,
    /// What is wrong with the tar itself.
    pub fault: Option<TarFault>,
}

/// Reads a tar to its end, or until `sink` breaks off.
///
/// # Errors
/// The file cannot be opened or read. That it is damaged is in the answer.
pub fn scan(path: &Path, sink: &mut dyn FnMut(TarEvent<'_>) -> ControlFlow<()>) -> Result<TarRead, SourceError> {
    let mut parser = parser::Parser::default();
    let (codec, state) = plain(path, &mut |window| parser.push(window, sink))?;
    let fault = parser.finish(state == ReadState::Whole);
    Ok(TarRead { codec, state, fault })
}

/// Whether a file is a tar: its first 512 plain bytes are the header of a member.
///
/// # Errors
/// The file cannot be opened or read.
pub fn is_tar(path: &Path) -> Result<bool, SourceError> {
    let mut found = false;
    plain(path, &mut |window| {
        found = parser::is_header(window);
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// Pushes the plain bytes of a tar file.
fn plain(path: &Path, sink: ByteSink<'_>) -> Result<(Codec, ReadState), SourceError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    plain_of(file::reading(path)?, name, sink).map_err(|error| SourceError::io(path, &error))
}

/// Pushes the plain bytes of a tar. `name`: that of its file, where it has one.
fn plain_of(stream: impl io::Read, name: &str, sink: ByteSink<'_>) -> io::Result<(Codec, ReadState)> {
    let mut window = vec![0; 256 << 10];
    let mut input = BufferedInput::new(stream, Vec::new());
    let codec = match Codec::detect(input.peek(codec::HEAD)?, name) {
        Codec::Unknown(Container::Tar) => Codec::Plain,
        other => other,
    };
    let state = decode::run((codec, BehindRule::default()), &mut input, &mut window, u64::MAX, sink)?.state;
    Ok((codec, state))
}
