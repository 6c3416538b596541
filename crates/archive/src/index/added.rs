//! A file that was stored a moment ago, taken into an index without a run over its archive.

use super::encoding::IndexContent;
use super::record::{Owner, RememberedFile};
use super::store::Index;
use super::wire::timestamp;
use crate::error::Error;
use crate::look::Depth;
use crate::names::Segment;
use crate::read::{Buffers, Reader, View};
use crate::whose::{Cluster, FirstPage, beginning};
use pgwal_format::FileName;
use pgwal_source::{How, NameSought, Source};
use std::sync::Mutex;
use std::time::SystemTime;

impl Index {
    /// Reads one segment of an archive, as it is stored there, and keeps what it came to for [`Index::save`]: the next
    /// run over the archive need not read it. Whoever calls has stored it under a name that nobody else had; a write of
    /// somebody else within the two seconds in which a file system's times may stand still would not be seen. What is
    /// not there, or not good, is not taken in: whether it was.
    ///
    /// # Errors
    /// The archive cannot be listed, or the index is of another cluster.
    pub fn add(&self, source: &dyn Source, name: FileName) -> Result<bool, Error> {
        let FileName::Segment(segment) = name else { return Ok(false) };
        let entries = source.find(&NameSought::One(name))?.entries;
        let [entry] = entries.as_slice() else { return Ok(false) };
        let first = beginning(source, entry).and_then(|(start, ..)| FirstPage::of(&start).ok());
        let (Some(first), Some(stamp)) = (first, source.stamp(entry)) else { return Ok(false) };
        let layout = first.layout;
        let owner = self.owner.unwrap_or(Owner { layout, system_id: first.system_id });
        if owner.system_id != first.system_id {
            let file = self.path().display().to_string();
            return Err(Error::ForeignIndex { file, found: owner.system_id, expected: first.system_id });
        }
        let Some(number) = segment.number(layout.address(), layout.segment) else { return Ok(false) };
        let view = View { layout, system_id: first.system_id, timeline: segment.timeline, number };
        let permit = Mutex::default();
        let reader = Reader {
            source,
            entries: &entries,
            cluster: &Cluster { layout, system_id: first.system_id },
            how: How::default(),
            live: false,
            depth: Depth::Records,
            known: None,
            facts: true,
            history: &[],
            by_pages: false,
            permit: &permit,
        };
        let place = Segment { timeline: segment.timeline, number, entry: 0, copies: 1 };
        let mut read = reader.read(&place, 0, true, &mut Buffers::default());
        if read.why.is_some() || source.stamp(entry) != Some(stamp) {
            return Ok(false);
        }
        if let Some(run) = &mut read.run {
            run.compact(&layout);
        }
        let record = RememberedFile {
            file: entry.shown(),
            stamp,
            sum: read.sum,
            good: true,
            run: self.runs,
            at: timestamp(SystemTime::now()),
            needs_left: None,
            view,
            read: RememberedFile::pack(&read),
        };
        let others = self.records.values().filter(|other| other.file != record.file).cloned();
        let mut records: Vec<RememberedFile> = others.chain([record.clone()]).collect();
        records.sort_by(|a, b| a.file.cmp(&b.file));
        self.keep(IndexContent { owner, runs: self.runs, records });
        Ok(true)
    }
}
