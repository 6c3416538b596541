//! The table of translations. `catalogues/make.py` makes it from message catalogues; it holds no text.
//!
//! ```text
//! words u32  beginnings u32  translations u32           all numbers are little-endian
//! a word:        kind u8  level u8  length u16  hash u64
//! a beginning:   hash u32                               of the first four bytes of a translation (fewer where a value
//!                                                       stands before)
//! a translation: wording u32  values u8  length u16  hash u64     of what stands before the first value
//!                then for each value: its number in English u8, and what stands behind it: length u16  hash u32
//! ```
//!
//! The wording is the hash of its English pattern. Translations are sorted by their hash.

use super::rolling::{hash, short};
use crate::slot::{SlotForm, by_name};
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// CatalogueBytes that tell whether a translation may begin here.
pub(super) const BEGINNING: usize = 4;

const BYTES: &[u8] = include_bytes!("catalogue.bin");

/// What a word before a colon says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WordKind {
    /// A message follows.
    Level(u8),
    /// What a user sent follows, or a place in the source.
    NotMessage,
    /// Begins a message that quotes what a user sent.
    Quoting,
}

pub(super) struct CatalogueWord {
    pub(super) kind: WordKind,
    pub(super) length: usize,
    pub(super) hash: u64,
}

/// A translation of a wording.
pub(super) struct Translation {
    /// The English wording.
    pub(super) pattern: &'static str,
    /// What stands before its first value: length and hash.
    pub(super) first: (usize, u64),
    /// What follows.
    pub(super) values: Vec<TranslatedValue>,
}

pub(super) struct TranslatedValue {
    /// Which value of the English wording.
    pub(super) number: usize,
    /// How it is written.
    pub(super) form: SlotForm,
    /// What stands behind it: length and hash.
    pub(super) behind: (usize, u32),
}

#[derive(Default)]
pub(super) struct Table {
    pub(super) words: Vec<CatalogueWord>,
    pub(super) beginnings: HashSet<u32>,
    /// Sorted by the hash of what stands before the first value.
    pub(super) translations: Vec<Translation>,
    /// Where the translations of which less than [`BEGINNING`] bytes stand before the first value lie among them.
    pub(super) value_first: Vec<usize>,
    /// Translations of wordings that are not in the table of messages any more.
    pub(super) strangers: usize,
}

/// The table, taken apart when it is first asked for.
pub(super) fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::default();
        // The bytes are our own: where they end too early, what was read is what there is.
        let _ = read(&mut CatalogueBytes(BYTES), &mut table);
        table
    })
}

fn read(bytes: &mut CatalogueBytes, table: &mut Table) -> Option<()> {
    let patterns: HashMap<u32, &'static str> = crate::rows()
        .flat_map(|row| row.wordings)
        .map(|wording| (short(hash(wording.pattern.as_bytes())), wording.pattern))
        .collect();
    let (words, beginnings, translations) = (bytes.long()?, bytes.long()?, bytes.long()?);
    for _ in 0..words {
        let (kind, level) = (bytes.byte()?, bytes.byte()?);
        let kind = match kind {
            0 => WordKind::Level(level),
            1 => WordKind::NotMessage,
            _ => WordKind::Quoting,
        };
        table.words.push(CatalogueWord { kind, length: bytes.short()?.into(), hash: bytes.hash()? });
    }
    for _ in 0..beginnings {
        table.beginnings.insert(bytes.long()?);
    }
    for _ in 0..translations {
        let pattern = patterns.get(&bytes.long()?).copied();
        let count = bytes.byte()?;
        let first = (usize::from(bytes.short()?), bytes.hash()?);
        let forms: Vec<SlotForm> = pattern.into_iter().flat_map(slots).filter_map(by_name).map(|s| s.1).collect();
        let mut values = Vec::with_capacity(count.into());
        for _ in 0..count {
            let number = usize::from(bytes.byte()?);
            let form = forms.get(number).copied();
            let behind = (bytes.short()?.into(), bytes.long()?);
            values.extend(form.map(|form| TranslatedValue { number, form, behind }));
        }
        match pattern.filter(|_| values.len() == usize::from(count)) {
            Some(pattern) => {
                if first.0 < BEGINNING {
                    table.value_first.push(table.translations.len());
                }
                table.translations.push(Translation { pattern, first, values });
            }
            None => table.strangers += 1,
        }
    }
    Some(())
}

/// The names of the values of a wording, in order.
fn slots(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0))
}

struct CatalogueBytes(&'static [u8]);

impl CatalogueBytes {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn short(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn long(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn hash(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}
