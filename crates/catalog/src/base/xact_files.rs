//! `pg_xact`, `pg_clog` up to 9.6 (`src/include/access/clog.h`): how transactions ended, two bits each, the first in
//! the lowest bits; 32 pages a file, whose name is its number in hexadecimal digits.

use std::collections::HashMap;

/// Bytes that are kept of all files: 268 million transactions.
const MOST: usize = 64 << 20;

/// How a transaction ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XactStatus {
    /// It is open, or was when the server crashed.
    Open,
    /// Committed.
    Committed,
    /// Rolled back.
    Aborted,
    /// A part of one that was about to commit.
    Part,
}

/// Files of `pg_xact`, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct XactFiles {
    files: HashMap<u32, Vec<u8>>,
    bytes: usize,
    /// Bytes of a file.
    length: usize,
}

impl XactFiles {
    /// Of a server with pages of so many bytes.
    pub fn of_pages(page: usize) -> XactFiles {
        XactFiles { length: page * 32, ..XactFiles::default() }
    }

    /// The number of a file, by its path in the data directory.
    pub fn number(path: &str) -> Option<u32> {
        let name = path.strip_prefix("pg_xact/").or_else(|| path.strip_prefix("pg_clog/"))?;
        (name.len() == 4).then(|| u32::from_str_radix(name, 16).ok())?
    }

    /// Takes in the next bytes of a file; those for which there is no room are not known.
    pub fn put(&mut self, number: u32, bytes: &[u8]) {
        let file = self.files.entry(number).or_default();
        let room = self.length.saturating_sub(file.len()).min(MOST.saturating_sub(self.bytes)).min(bytes.len());
        file.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.bytes += room;
    }

    /// How a transaction ended; `None`: its file is not here.
    pub fn status(&self, xid: u32) -> Option<XactStatus> {
        let each = u32::try_from(self.length).ok()?.checked_mul(4).filter(|each| *each > 0)?;
        let at = usize::try_from(xid % each / 4).ok()?;
        let byte = *self.files.get(&(xid / each))?.get(at)?;
        Some(match byte >> (xid % 4 * 2) & 3 {
            0 => XactStatus::Open,
            1 => XactStatus::Committed,
            2 => XactStatus::Aborted,
            _ => XactStatus::Part,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bits_a_transaction() {
        let mut files = XactFiles::of_pages(8192);
        files.put(1, &[0b1110_0100]);
        let told = [0, 1, 2, 3].map(|n| files.status(1_048_576 + n));
        assert_eq!(
            told.map(Option::unwrap),
            [XactStatus::Open, XactStatus::Committed, XactStatus::Aborted, XactStatus::Part]
        );
        assert_eq!((files.status(1_048_580), files.status(3), files.status(u32::MAX)), (None, None, None));
        assert_eq!(XactFiles::of_pages(0).status(5), None);
        let number = |path| XactFiles::number(path);
        assert_eq!((number("pg_xact/00FF"), number("pg_clog/0001"), number("pg_xact/x")), (Some(255), Some(1), None));
    }
}
