//! Whether the WAL in which a backup starts is of the cluster of which its tool says that the backup is.
//!
//! Tools keep a repository by a name that people choose. Under one name lies what two clusters left where the second
//! was made anew, or upgraded, and the positions of both are much alike.

use crate::backup::{BackupDefect, ListedBackup};
use crate::told_cluster::ToldCluster;
use pgwal_format::{FileName, Layout, SegmentName};
use pgwal_source::{Entry, Extent, How, NameSought, Scratch, Source};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Bytes of a file that are looked at: its first page tells.
const BEGINNING: usize = 8 << 10;

/// Says of each backup whose WAL is another cluster's that it does not restore.
pub(crate) fn judge(wal: &dyn Source, backups: &mut [ListedBackup]) {
    let mut read: HashMap<SegmentName, Vec<ToldCluster>> = HashMap::new();
    for backup in backups {
        let own = ToldCluster { system_id: backup.system_id.filter(|id| *id != 0), version: backup.version };
        let Some(file) = backup.start_file.filter(|_| own.system_id.is_some() || own.version.is_some()) else {
            continue;
        };
        let found = read.entry(file).or_insert_with(|| clusters(wal, file));
        // Of several files of one name one may be its own.
        if let Some(first) = found.first().filter(|_| !found.iter().any(|cluster| cluster.may_be(own))) {
            backup.put_down(BackupDefect::OtherCluster { own, file, found: *first });
        }
    }
}

/// What the files of a segment say whose they are; nothing of those that cannot be read.
fn clusters(wal: &dyn Source, file: SegmentName) -> Vec<ToldCluster> {
    let found = wal.find(&NameSought::One(FileName::Segment(file)));
    let entries = found.map(|listing| listing.entries).unwrap_or_default();
    entries.iter().filter_map(|entry| cluster(&beginning(wal, entry))).collect()
}

fn cluster(start: &[u8]) -> Option<ToldCluster> {
    let layout = Layout::detect(start).ok()?;
    let long = layout.page_header(start).long?;
    Some(ToldCluster { system_id: Some(long.system_id), version: Some(layout.dialect.version) })
}

fn beginning(wal: &dyn Source, entry: &Entry) -> Vec<u8> {
    let mut start = Vec::new();
    let how = How { limit: BEGINNING as u64, extent: Extent::FirstPage, ..How::default() };
    let read = wal.read(entry, &how, &mut Scratch::default(), &mut |window| {
        start.extend_from_slice(window.get(..window.len().min(BEGINNING)).unwrap_or_default());
        ControlFlow::Break(())
    });
    if read.is_ok() { start } else { Vec::new() }
}
