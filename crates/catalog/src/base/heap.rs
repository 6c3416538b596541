//! Pages of a catalog's file, as its bytes come.

use super::base_facts::BaseFacts;
use crate::change::SeenRow;
use crate::files::Catalog;
use crate::page::{MadeBy, changed_up_to, is_sound, tuples};
use crate::row::CatalogRow;
use pgwal_format::image::page_checksum;
use pgwal_format::record::RelFileLocator;

/// A file of a catalog that is being read.
pub(super) struct HeapFile {
    /// Which file.
    pub rel: RelFileLocator,
    /// Which catalog.
    pub catalog: Catalog,
    /// The block that begins with what is kept.
    pub block: u32,
    page: Vec<u8>,
}

/// What a page says.
pub(super) enum PageRows {
    /// Its rows.
    Rows(Vec<SeenRow>),
    /// Nothing: it is empty, or WAL has it anew.
    Nothing,
    /// It makes no sense.
    Unsound,
}

impl HeapFile {
    /// From this block on.
    pub fn new(rel: RelFileLocator, catalog: Catalog, block: u32) -> HeapFile {
        HeapFile { rel, catalog, block, page: Vec::new() }
    }

    /// Takes in the next bytes; each page that is whole is handed on, with its block.
    pub fn push(&mut self, facts: &BaseFacts, mut bytes: &[u8], take: &mut dyn FnMut(u32, PageRows)) {
        while !bytes.is_empty() && facts.page > 0 {
            let wanted = facts.page.saturating_sub(self.page.len()).min(bytes.len());
            let (own, rest) = bytes.split_at(wanted);
            self.page.extend_from_slice(own);
            bytes = rest;
            if self.page.len() == facts.page {
                take(self.block, rows(facts, self.catalog, self.block, &self.page));
                self.block = self.block.wrapping_add(1);
                self.page.clear();
            }
        }
    }
}

fn rows(facts: &BaseFacts, catalog: Catalog, block: u32, page: &[u8]) -> PageRows {
    if page.iter().all(|byte| *byte == 0) {
        return PageRows::Nothing;
    }
    let endian = facts.endian;
    if changed_up_to(endian, page).is_none_or(|lsn| lsn > facts.start) {
        return PageRows::Nothing;
    }
    let sum = page.get(8..).and_then(|b| b.first_chunk()).map(|b| endian.u16(*b));
    if !is_sound(endian, page) || facts.checksums && sum != Some(page_checksum(page, block, endian)) {
        return PageRows::Unsound;
    }
    let read = tuples(endian, page).filter(|found| found.made != MadeBy::Aborted).filter_map(|found| {
        let row = CatalogRow::read((facts.version, endian), catalog, &found.tuple)?;
        Some(SeenRow { row, xmin: found.xmin, made: found.made, end: found.end })
    });
    PageRows::Rows(read.collect())
}
