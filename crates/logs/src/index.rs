//! The wordings by how they begin, so that a line is not held against all of them.

use crate::row::{MessageRow, Wording};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Bytes of a beginning.
const BEGINNING: usize = 4;

#[derive(Default)]
struct WordingIndex {
    /// All wordings, in the order in which they are tried.
    all: Vec<(&'static MessageRow, &'static Wording)>,
    /// Where those lie that begin with these bytes, in small letters.
    by_beginning: HashMap<[u8; BEGINNING], Vec<usize>>,
    /// Where those lie before whose first value fewer bytes stand.
    value_first: Vec<usize>,
}

/// The wordings that `text` may be, in the order in which they are tried.
pub(super) fn wordings_of(text: &str) -> impl Iterator<Item = (&'static MessageRow, &'static Wording)> {
    static INDEX: OnceLock<WordingIndex> = OnceLock::new();
    let index = INDEX.get_or_init(index);
    let same = beginning(text).and_then(|beginning| index.by_beginning.get(&beginning)).map_or(&[][..], Vec::as_slice);
    let mut fitting: Vec<usize> = same.iter().chain(&index.value_first).copied().collect();
    fitting.sort_unstable();
    fitting.into_iter().filter_map(|at| index.all.get(at).copied())
}

fn index() -> WordingIndex {
    let mut index = WordingIndex::default();
    for row in crate::rows() {
        for wording in row.wordings {
            let literal = wording.pattern.split('{').next().unwrap_or("");
            match beginning(literal) {
                Some(beginning) => index.by_beginning.entry(beginning).or_default().push(index.all.len()),
                None => index.value_first.push(index.all.len()),
            }
            index.all.push((row, wording));
        }
    }
    index
}

fn beginning(text: &str) -> Option<[u8; BEGINNING]> {
    text.as_bytes().first_chunk::<BEGINNING>().map(|bytes| bytes.map(|b| b.to_ascii_lowercase()))
}
