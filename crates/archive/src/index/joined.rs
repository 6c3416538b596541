//! Parts of an archive, judged as one.

use super::part::{ArchivePart, MAGIC, NoPart, Summary, decode};
use super::usage::PartsUse;
use super::wire::timestamp;
use crate::read::{CountedFile, Remember, View};
use crate::whose::FirstPage;
use pgwal_format::FileName;
use pgwal_source::{Entry, KeptFile, KeptSource, Listing, SourceError, common_folder};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Summaries of the parts of an archive: what they make up is judged as one archive.
#[derive(Debug, Default)]
pub struct Parts {
    parts: Vec<ArchivePart>,
}

impl Parts {
    /// None yet.
    pub fn new() -> Parts {
        Parts::default()
    }

    /// What the bytes of every part begin with.
    pub const MAGIC: &'static [u8] = MAGIC;

    /// Adds what [`summarize`](super::summarize()) gave.
    ///
    /// # Errors
    /// Unusable the bytes are no part.
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
    pub fn used(&self) -> PartsUse {
        let folder = common_folder(self.parts.iter().map(|part| Path::new(&part.place)));
        let seen = || self.parts.iter().flat_map(|part| &part.summaries).map(|summary| timestamp(summary.seen));
        PartsUse {
            place: folder.map(|folder| folder.display().to_string()),
            count: self.parts.len() as u64,
            seen: seen().min().zip(seen().max()),
        }
    }

    /// What they say the archive holds. A file that is in two parts is what it was when it was read last; only one that
    /// was whole both times, and another one each time, is two.
    pub fn join(self) -> (KeptSource, Joined) {
        let name = self.used().place.unwrap_or_else(|| match self.parts.len() {
            1 => "one part".to_owned(),
            count => format!("{count} parts"),
        });
        let mut files = HashMap::new();
        let mut listing = Listing::default();
        let mut of_file: BTreeMap<String, Vec<Summary>> = BTreeMap::new();
        for part in self.parts {
            listing.ignored.merge(&part.ignored);
            listing.unknown.merge(&part.unknown);
            for (file, text) in part.unreadable {
                if !listing.unreadable.iter().any(|(known, _)| *known == file) {
                    listing.unreadable.push((file, SourceError::Reported { text }));
                }
            }
            for summary in part.summaries {
                of_file.entry(summary.file.clone()).or_default().push(summary);
            }
        }
        let mut all: Vec<Summary> = of_file.into_values().flat_map(latest).collect();
        for summary in &mut all {
            let entry = Entry::named(&summary.file, Some(summary.size));
            // Small ones are read whenever they are asked for, the others only where their summary does not say enough.
            let file = KeptFile { content: summary.content.take(), stamp: summary.stamp, seen: summary.seen };
            files.entry(summary.file.clone()).or_insert(file);
            listing.entries.push(entry);
        }
        let mut order: Vec<(Entry, Summary)> = listing.entries.iter().cloned().zip(all).collect();
        let contents = files.iter().map(|(name, file): (&String, &KeptFile)| (name.clone(), file.content.is_some()));
        let contents = contents.collect();
        let kept = KeptSource::new(name, listing, files);
        // In the order in which the source lists them.
        let rank: HashMap<String, usize> =
            kept.entries().iter().enumerate().map(|(i, entry)| (entry.shown(), i)).collect();
        order.sort_by_key(|(entry, _)| rank.get(&entry.shown()).copied());
        let joined = Joined {
            summaries: order.into_iter().map(|(_, summary)| summary).collect(),
            unclear: Mutex::new(None),
            kept: contents,
        };
        (kept, joined)
    }
}

/// What several summaries of one file say of it: the latest, and of those before that were whole the ones that were
/// others.
fn latest(mut summaries: Vec<Summary>) -> Vec<Summary> {
    summaries.sort_by_key(|summary| std::cmp::Reverse(summary.age()));
    let mut out: Vec<Summary> = Vec::new();
    for summary in summaries {
        let differs = |known: &Summary| known.is_whole() && known.sum() != summary.sum();
        if out.is_empty() || summary.is_whole() && out.iter().all(differs) {
            out.push(summary);
        }
    }
    out
}

/// What parts say of the files of a run.
pub struct Joined {
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

impl Remember for Joined {
    fn first(&self, entry: usize) -> Option<Option<FirstPage>> {
        let summary = self.summaries.get(entry)?;
        let name = Entry::named(&summary.file, None).name;
        matches!(name, Some(FileName::Segment(_) | FileName::Partial(_))).then_some(summary.first)
    }

    fn recall(&self, entry: usize, view: &View) -> Option<CountedFile> {
        let summary = self.summaries.get(entry)?;
        if let Some(read) = summary.read(view) {
            return Some(read);
        }
        if !self.kept.get(&summary.file).is_some_and(|kept| *kept) {
            *self.unclear.lock().unwrap_or_else(PoisonError::into_inner) = Some(summary.file.clone());
        }
        None
    }

    fn learn(&self, _: usize, _: &View, _: &CountedFile) {}
}
