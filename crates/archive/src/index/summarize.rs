//! Summarises a part of an archive.

use super::part::{ArchivePart, Summary, encode};
use crate::error::Error;
use crate::look::{Depth, Look};
use crate::names::Segment;
use crate::read::View;
use crate::read::{Buffers, Reader};
use crate::whose::{Cluster, FirstPage, beginning, whose};
use pgwal_format::{Align, FileName, Layout};
use pgwal_source::{Entry, How, Source, Stamp};
use rayon::prelude::*;
use std::sync::Mutex;

/// What a part of an archive comes to, in the bytes of a file that [`Parts`](super::Parts) reads. Of `look` only how to
/// read counts.
///
/// # Errors
/// The source cannot be listed, a server may be writing there, or the caller asked for an early end.
pub fn summarize(source: &dyn Source, look: &Look<'_>) -> Result<Vec<u8>, Error> {
    if source.is_live() {
        return Err(Error::Live { place: source.describe() });
    }
    let listing = source.list()?;
    let entries = &listing.entries;
    let whose = whose(source, entries, &|_| None, false).most();
    let how = How { map: look.map, ..How::default() };
    if let Some(progress) = look.progress {
        progress.begin(entries.len() as u64);
    }
    let stopped = || look.is_stopped();
    let permit = Mutex::default();
    let one = |buffers: &mut Buffers, (i, entry): (usize, &Entry)| {
        let summary = (!stopped())
            .then(|| Maker { source, entries, how, permit: &permit, whose: whose.as_ref() }.summary(i, entry, buffers));
        if let (Some(progress), Some(summary)) = (look.progress, &summary) {
            progress.file(summary.size);
        }
        summary
    };
    // No threads but those that were asked for.
    let summaries: Vec<Option<Summary>> = if look.jobs <= 1 {
        let mut buffers = Buffers::default();
        entries.iter().enumerate().map(|file| one(&mut buffers, file)).collect()
    } else {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(look.jobs).build().map_err(|_| Error::Threads)?;
        pool.install(|| entries.par_iter().enumerate().map_init(Buffers::default, one).collect())
    };
    if stopped() {
        return Err(Error::Interrupted);
    }
    let unreadable = listing.unreadable.iter().map(|(file, error)| (file.clone(), error.to_string())).collect();
    let part = ArchivePart {
        place: source.describe(),
        summaries: summaries.into_iter().flatten().collect(),
        ignored: listing.ignored,
        unknown: listing.unknown,
        unreadable,
    };
    Ok(encode(&part))
}

struct Maker<'a> {
    source: &'a dyn Source,
    entries: &'a [Entry],
    how: How,
    permit: &'a Mutex<Vec<u8>>,
    /// Whose WAL this part seems to be.
    whose: Option<&'a Cluster>,
}

impl Maker<'_> {
    fn summary(&self, index: usize, entry: &Entry, buffers: &mut Buffers) -> Summary {
        let gone = Stamp { size: entry.size.unwrap_or(0), modified: 0, changed: 0, inode: 0 };
        let stamp = self.source.stamp(entry).unwrap_or(gone);
        let (size, seen) = (entry.size.unwrap_or(0), self.source.seen_at(entry));
        let mut out = Summary { file: entry.shown(), size, stamp, seen, first: None, views: Vec::new(), content: None };
        if let Some(FileName::Segment(_) | FileName::Partial(_)) = entry.name {
            out.first = beginning(self.source, entry).and_then(|(start, ..)| FirstPage::of(&start).ok());
            if let Some(first) = out.first {
                self.views(index, entry, &first, &mut out, buffers);
            }
            // What is damaged in itself may come to something else in another archive than in one of its own kind.
            if out.is_clear() {
                return out;
            }
        }
        out.content = Some(self.source.keep(entry));
        out
    }

    fn views(&self, index: usize, entry: &Entry, first: &FirstPage, out: &mut Summary, buffers: &mut Buffers) {
        let other = match first.layout.align {
            Align::Four => Align::Eight,
            Align::Eight => Align::Four,
        };
        let undecided = (!first.aligned).then_some(Layout { align: other, ..first.layout });
        // The alignment that the others have goes first.
        let mut layouts: Vec<Layout> = [first.layout].into_iter().chain(undecided).collect();
        layouts.sort_by_key(|layout| self.whose.is_none_or(|whose| whose.layout != *layout));
        for layout in layouts {
            let (Some(FileName::Segment(name)) | Some(FileName::Partial(name))) = entry.name else { return };
            let Some(number) = name.number(layout.address(), layout.segment) else { return };
            let segment = Segment { timeline: name.timeline, number, entry: index, copies: 1 };
            let whose = Cluster { layout, system_id: first.system_id };
            let (source, entries, how) = (self.source, self.entries, self.how);
            let reader = Reader {
                source,
                entries,
                cluster: &whose,
                how,
                live: false,
                depth: Depth::Records,
                known: None,
                facts: true,
                history: &[],
                by_pages: false,
                permit: self.permit,
            };
            let mut read = reader.read(&segment, index, true, buffers);
            if let Some(run) = &mut read.run {
                run.compact(&layout);
            }
            let view = View { layout, system_id: first.system_id, timeline: name.timeline, number };
            out.views.push((view, read));
        }
    }
}
