//! Parts of an archive, judged as one.

use super::part::{NoPart, Part, Summary, decode};
use super::usage::PartsUse;
use super::view::{Known, Read, View};
use super::wire::timestamp;
use crate::consensus::First;
use pgwal_format::FileName;
use pgwal_source::{Entry, Kept, KeptFile, Listing, SourceError, common_folder};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Summaries of the parts of an archive: hand them to [`verify_parts`](crate::verify_parts).
#[derive(Debug, Default)]
pub struct Parts {
    parts: Vec<Part>,
}

impl Parts {
    /// None yet.
    pub fn new() -> Parts {
        Parts::default()
    }

    /// Adds what [`summarize`](super::summarize()) gave.
    ///
    /// # Errors
    /// Why the bytes are no part.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        self.parts.push(decode(bytes).map_err(|NoPart(why)| why)?);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Which they are.
    pub(crate) fn used(&self) -> PartsUse {
        let folder = common_folder(self.parts.iter().map(|part| Path::new(&part.place)));
        let seen = || self.parts.iter().flat_map(|part| &part.summaries).map(|summary| timestamp(summary.seen));
        PartsUse { place: folder.map(|folder| folder.display().to_string()), count: self.parts.len() as u64, seen: seen().min().zip(seen().max()) }
    }

    /// What they say the archive holds. A file that is in two parts is one if it was the same file both times.
    pub(crate) fn join(self) -> (Kept, Joined) {
        let name = self.used().place.unwrap_or_else(|| match self.parts.len() {
            1 => "one part".to_owned(),
            count => format!("{count} parts"),
        });
        let mut kept = Kept { name, ..Kept::default() };
        let mut listing = Listing::default();
        let mut all: Vec<Summary> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for part in self.parts {
            listing.ignored.merge(&part.ignored);
            listing.unknown.merge(&part.unknown);
            for (file, text) in part.unreadable {
                if !listing.unreadable.iter().any(|(known, _)| *known == file) {
                    listing.unreadable.push((file, SourceError::Reported { text }));
                }
            }
            for summary in part.summaries {
                let same = |known: &Summary| {
                    let sum = |s: &Summary| s.views.first().map(|(_, read)| read.sum);
                    (known.size, sum(known), &known.content) == (summary.size, sum(&summary), &summary.content)
                };
                match places.get(&summary.file).and_then(|&at| all.get(at)) {
                    Some(known) if same(known) => continue,
                    _ => drop(places.insert(summary.file.clone(), all.len())),
                }
                all.push(summary);
            }
        }
        for summary in &mut all {
            let entry = Entry::named(&summary.file, Some(summary.size));
            // Small ones are read whenever they are asked for, the others only where their summary does not say enough.
            let file = KeptFile { content: summary.content.take(), stamp: summary.stamp, seen: summary.seen };
            kept.files.insert(summary.file.clone(), file);
            listing.entries.push(entry);
        }
        // In the order in which the source lists them.
        let mut order: Vec<(Entry, Summary)> = listing.entries.iter().cloned().zip(all).collect();
        kept.listing = listing;
        let sorted = Listing::of(order.iter().map(|(entry, _)| entry.clone()).collect()).entries;
        let rank: HashMap<String, usize> = sorted.iter().enumerate().map(|(i, entry)| (entry.shown(), i)).collect();
        order.sort_by_key(|(entry, _)| rank.get(&entry.shown()).copied());
        let joined =
            Joined { summaries: order.into_iter().map(|(_, summary)| summary).collect(), unclear: Mutex::new(None), kept: kept_names(&kept) };
        (kept, joined)
    }
}

fn kept_names(kept: &Kept) -> HashMap<String, bool> {
    kept.files.iter().map(|(name, file)| (name.clone(), file.content.is_some())).collect()
}

/// What parts say of the files of a run.
pub(crate) struct Joined {
    summaries: Vec<Summary>,
    kept: HashMap<String, bool>,
    unclear: Mutex<Option<String>>,
}

impl Joined {
    /// A file of which nothing can be said in this archive.
    pub fn unclear(&self) -> Option<String> {
        self.unclear.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Known for Joined {
    fn first(&self, entry: usize) -> Option<Option<First>> {
        let summary = self.summaries.get(entry)?;
        let name = Entry::named(&summary.file, None).name;
        matches!(name, Some(FileName::Segment(_) | FileName::Partial(_))).then_some(summary.first)
    }

    fn recall(&self, entry: usize, view: &View) -> Option<Read> {
        let summary = self.summaries.get(entry)?;
        if let Some(read) = summary.read(view) {
            return Some(read);
        }
        if !self.kept.get(&summary.file).is_some_and(|kept| *kept) {
            *self.unclear.lock().unwrap_or_else(PoisonError::into_inner) = Some(summary.file.clone());
        }
        None
    }

    fn learn(&self, _: usize, _: &View, _: &Read) {}
}
