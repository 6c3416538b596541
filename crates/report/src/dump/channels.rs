//! Two streams in one list: lines for standard output, and what is said beside them on standard error, in the order of
//! WAL.
//!
//! ```text
//! 0  length u32  lines
//! 1  length u32  words beside them
//! ```
//! What is rendered is kept, cut at a limit, or thrown away before it is told: what is said beside a line has to go
//! with it.

use std::io::{self, Write};

const LINES: u8 = 0;
const ASIDE: u8 = 1;

/// Appends lines.
pub fn line<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    piece(LINES, out, write)
}

/// Appends what is said beside them.
pub fn aside<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    piece(ASIDE, out, write)
}

fn piece<T>(kind: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let from = out.len();
    out.extend_from_slice(&[kind, 0, 0, 0, 0]);
    let written = write(out);
    let length = (out.len() - from - 5) as u32;
    if let Some(place) = out.get_mut(from + 1..from + 5) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    written
}

/// Where both go. Takes whole pieces.
pub struct Channels<L, A> {
    /// Takes lines.
    lines: L,
    /// Takes what is said beside them: where nobody can be told, the list goes on, and the exit code counts.
    aside: A,
    kept: Vec<u8>,
}

impl<L: Write, A: Write> Channels<L, A> {
    /// Lines and what is said beside them.
    pub fn new(lines: L, aside: A) -> Channels<L, A> {
        Channels { lines, aside, kept: Vec::new() }
    }
}

impl<L: Write, A: Write> Write for Channels<L, A> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut rest = text;
        while let Some((&kind, behind)) = rest.split_first() {
            let Some((length, behind)) = behind.split_first_chunk::<4>() else { break };
            let Some((piece, behind)) = behind.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
            rest = behind;
            if kind == LINES {
                // Many small writes to standard output would be as many system calls.
                self.kept.extend_from_slice(piece);
            } else {
                self.lines.write_all(&self.kept)?;
                self.kept.clear();
                let _ = self.aside.write_all(piece);
            }
        }
        self.lines.write_all(&self.kept)?;
        self.kept.clear();
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goes_its_way_and_in_order() {
        let mut text = Vec::new();
        line(&mut text, |out| out.extend_from_slice(b"a\n"));
        aside(&mut text, |out| out.extend_from_slice(b"*** b\n"));
        line(&mut text, |_| ());
        line(&mut text, |out| out.extend_from_slice(b"\x01c\n"));
        let (mut lines, mut said) = (Vec::new(), Vec::new());
        Channels::new(&mut lines, &mut said).write_all(&text).unwrap();
        assert_eq!((lines.as_slice(), said.as_slice()), (&b"a\n\x01c\n"[..], &b"*** b\n"[..]));
    }
}
