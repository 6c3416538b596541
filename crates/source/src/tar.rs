//! Tar archives, as `pg_basebackup -Ft` and others write them, packed or not: what lies in them, and WAL out of them.
//!
//! Read from front to back, through the same table of codecs as every file, and never written to disk.

mod parser;
mod unpacked;
mod wal;

pub use parser::{Member, TarFault, TarMemberKind, is_header};
pub use wal::{TarSource, TarWal};

use crate::codec::{self, Codec, Container};
use crate::input::BufferedInput;
use crate::{ByteSink, ReadState, SourceError, decode, regular};
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
    let refused = |error: io::Error| SourceError::io(path, &error);
    let (file, _) = regular::open(path)?;
    let mut window = vec![0; 256 << 10];
    let mut input = BufferedInput::new(file, Vec::new());
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let codec = match Codec::detect(input.peek(codec::HEAD).map_err(refused)?, name) {
        Codec::Unknown(Container::Tar) => Codec::Plain,
        other => other,
    };
    let (_, state) = decode::run(codec, &mut input, &mut window, u64::MAX, sink).map_err(refused)?;
    Ok((codec, state))
}
