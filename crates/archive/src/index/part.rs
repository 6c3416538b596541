//! What lies in a part of an archive, and what it came to: enough to judge the archive without its files.
//!
//! ```text
//! "walproof part\n"   version u8   what was left out   files   XXH3-128 of all that
//! ```
//! A file is summarised as what its own first page says it is. Whether that is what the archive is, only the join
//! knows, as it knows the other parts; what a good file comes to in an archive of another kind follows from that
//! ([`Summary::read`]). All others are kept themselves.

use super::wire::{Seal, system_time, timestamp};
use crate::read::{CountedFile, View};
use crate::stretch::Unusable;
use crate::tally::Tally;
use crate::whose::FirstPage;
use pgwal_format::Layout;
use pgwal_format::wire::{Wire, bytes};
use pgwal_source::{How, Ignored, KeptContent, Stamp};
use pgwal_walk::{Head, Run, SlackKind, Tail};
use std::time::SystemTime;
use twox_hash::XxHash3_128;

/// What a part begins with.
pub(super) const MAGIC: &[u8] = b"walproof part\n";
/// Rises whenever summaries mean something else.
const VERSION: u8 = 4;

/// A part of an archive.
#[derive(Debug, Default)]
pub(super) struct ArchivePart {
    /// Where it lies, as its source says it.
    pub place: String,
    pub summaries: Vec<Summary>,
    pub ignored: Ignored,
    pub unknown: Ignored,
    /// What could not be looked at, and why not.
    pub unreadable: Vec<(String, String)>,
}

/// A file.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// Relative to the archive.
    pub file: String,
    /// Bytes on disk, as it was listed.
    pub size: u64,
    pub stamp: Stamp,
    /// When it was read.
    pub seen: SystemTime,
    /// What its first page says.
    pub first: Option<FirstPage>,
    /// What it comes to, for each thing that it may be.
    pub views: Vec<(View, CountedFile)>,
    /// The file itself, where that is not enough.
    pub content: Option<KeptContent>,
}

impl Summary {
    /// What the file comes to as this.
    pub fn read(&self, view: &View) -> Option<CountedFile> {
        let known = self.views.iter().find(|(known, _)| known == view).map(|(_, read)| read.clone());
        known.or_else(|| self.as_another(view))
    }

    /// What the file comes to where the archive is of another cluster, version or size than itself. `None` where that
    /// does not follow from what is known.
    fn as_another(&self, view: &View) -> Option<CountedFile> {
        let same_layout = self.views.iter().find(|(own, _)| own.layout == view.layout);
        let (own, read) = same_layout.or(self.views.first())?;
        if own.layout != view.layout {
            return self.as_other_kind(own, read, view);
        }
        // All pages but the first look the same.
        let other = is_good(read) && own.number == view.number && own.system_id != view.system_id;
        other.then(|| CountedFile { why: Some(Unusable::Cluster { found: own.system_id }), ..read.clone() })
    }

    /// As [`other_kind`](crate::kind::other_kind) finds it out.
    fn as_other_kind(&self, own: &View, read: &CountedFile, view: &View) -> Option<CountedFile> {
        let (theirs, ours) = (&own.layout, &view.layout);
        let (found, expected) = (theirs.segment.bytes(), ours.segment.bytes());
        let kind = if theirs.dialect != ours.dialect {
            Unusable::Version(theirs.dialect)
        } else if (Layout { align: theirs.align, ..*ours }) != *theirs {
            Unusable::Geometry(*theirs)
        } else if own.system_id != view.system_id {
            Unusable::Cluster { found: own.system_id }
        } else {
            return None;
        };
        // Of packed files no more is unpacked than shows that they are too long.
        let found = if self.size == found { found } else { found.min(expected + How::default().window as u64) };
        let why =
            if found == expected { kind } else { Unusable::Size { found, short: found < expected, packed: false } };
        let sha1 = read.sha1.filter(|_| found <= expected);
        is_one_kind(read).then(|| CountedFile { run: None, why: Some(why), sha1, ..read.clone() })
    }

    /// It could be used as a segment of the archive that it is from.
    pub fn is_whole(&self) -> bool {
        self.views.first().is_some_and(|(_, read)| read.why.is_none())
    }

    /// The hash of its plain bytes.
    pub fn sum(&self) -> Option<u128> {
        self.views.first().map(|(_, read)| read.sum)
    }

    /// Of two summaries of one file, the greater one is the later one, whatever their order.
    pub fn age(&self) -> (SystemTime, (u64, i64, i64, u64), Option<u128>) {
        let Stamp { size, modified, changed, inode } = self.stamp;
        (self.seen, (size, modified, changed, inode), self.sum())
    }

    /// It is clear what the file comes to in any archive.
    pub fn is_clear(&self) -> bool {
        self.views.first().is_some_and(|(_, read)| is_one_kind(read))
    }
}

/// Nothing is wrong with the file but, perhaps, its timeline.
fn is_good(read: &CountedFile) -> bool {
    let whole = matches!(read.why, None | Some(Unusable::OldTimeline(_)));
    let read_through = |run: &Run<Tally>| {
        let stopped = matches!(&run.tail, Tail::Stopped(stop) if stop.at == run.from);
        run.head != Head::Damaged && !stopped && run.damages.is_empty()
    };
    whole && read.run.as_ref().is_some_and(read_through)
}

/// Nothing in a good file may be taken for a page of an archive of another kind.
fn is_one_kind(read: &CountedFile) -> bool {
    let is_junk = |kind| matches!(kind, SlackKind::AfterSwitch | SlackKind::AfterEnd);
    let clean = |run: &Run<Tally>| {
        let junk = matches!(&run.tail, Tail::Stopped(stop) if stop.rest.leftover.junk.is_some());
        !junk && !run.slack.iter().any(|slack| is_junk(slack.kind))
    };
    is_good(read) && read.run.as_ref().is_some_and(clean)
}

/// Bytes are no part, or not one of this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NoPart(pub &'static str);

pub(super) fn encode(part: &ArchivePart) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    part.place.put(&mut out);
    (IgnoredNames(part.ignored.clone()), IgnoredNames(part.unknown.clone())).put(&mut out);
    part.unreadable.put(&mut out);
    part.summaries.put(&mut out);
    let sum = XxHash3_128::oneshot(&out);
    sum.put(&mut out);
    out
}

pub(super) fn decode(bytes: &[u8]) -> Result<ArchivePart, NoPart> {
    let body = bytes.strip_prefix(MAGIC).ok_or(NoPart("it is no part that walproof summarize wrote"))?;
    let damaged = NoPart("it is damaged");
    let (whole, sum) = bytes.split_last_chunk::<16>().ok_or(damaged)?;
    if XxHash3_128::oneshot(whole).to_le_bytes() != *sum {
        return Err(damaged);
    }
    match body.split_first() {
        Some((&VERSION, rest)) => content(rest.get(..rest.len().saturating_sub(16)).unwrap_or(&[])).ok_or(damaged),
        _ => Err(NoPart("another version of walproof wrote it")),
    }
}

fn content(mut input: &[u8]) -> Option<ArchivePart> {
    let input = &mut input;
    let place = Wire::take(input)?;
    let (IgnoredNames(ignored), IgnoredNames(unknown)) = Wire::take(input)?;
    let part = ArchivePart { place, ignored, unknown, unreadable: Wire::take(input)?, summaries: Wire::take(input)? };
    input.is_empty().then_some(part)
}

/// Names that are left out, in binary.
struct IgnoredNames(Ignored);

impl Wire for IgnoredNames {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.count.put(out);
        self.0.first.put(out);
    }
    fn take(input: &mut &[u8]) -> Option<IgnoredNames> {
        let (count, first): (u64, Vec<String>) = Wire::take(input)?;
        (first.len() <= Ignored::KEPT && first.len() as u64 <= count).then_some(IgnoredNames(Ignored {
            count,
            first,
            ..Ignored::default()
        }))
    }
}

/// Kept content in binary.
struct Keeping(KeptContent);

impl Wire for Keeping {
    fn put(&self, out: &mut Vec<u8>) {
        match &self.0 {
            KeptContent::Bytes(packed) => {
                out.push(0);
                packed.len().put(out);
                out.extend_from_slice(packed);
            }
            KeptContent::Refused(text) => (1u8, text.clone()).put(out),
            KeptContent::Gone => out.push(2),
        }
    }
    fn take(input: &mut &[u8]) -> Option<Keeping> {
        Some(Keeping(match u8::take(input)? {
            0 => {
                let length = usize::take(input)?;
                KeptContent::Bytes(bytes(input, length)?.to_vec())
            }
            1 => KeptContent::Refused(Wire::take(input)?),
            2 => KeptContent::Gone,
            _ => return None,
        }))
    }
}

impl Wire for Summary {
    fn put(&self, out: &mut Vec<u8>) {
        self.file.put(out);
        (self.size, (Seal(self.stamp), timestamp(self.seen))).put(out);
        self.first.put(out);
        self.views.put(out);
        self.content.clone().map(Keeping).put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Summary> {
        let file = Wire::take(input)?;
        let (size, (Seal(stamp), seen)) = Wire::take(input)?;
        Some(Summary {
            file,
            size,
            stamp,
            seen: system_time(seen),
            first: Wire::take(input)?,
            views: Wire::take(input)?,
            content: <Option<Keeping> as Wire>::take(input)?.map(|kept| kept.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Look;
    use crate::index::summarize;
    use pgwal_source::open;
    use pgwal_verify::index::Parts;
    use pgwal_verify::{Code, Options, Outcome, verify_parts};
    use std::fs;
    use std::time::Duration;
    use walproof_testdata::Case;

    /// What the parts come to that were made of this folder so long ago.
    fn joined(folder: &std::path::Path, ago: Duration) -> Outcome {
        let made = summarize(open(&[folder.to_path_buf()]).unwrap().as_ref(), &Look::default()).unwrap();
        let mut part = decode(&made).unwrap();
        for summary in &mut part.summaries {
            summary.seen -= ago;
            summary.stamp.modified -= i64::try_from(ago.as_nanos()).unwrap();
        }
        let mut parts = Parts::new();
        parts.add(&encode(&part)).unwrap();
        verify_parts(parts, &Options::default()).unwrap()
    }

    /// A short file is one that is being copied if it had just been written when it was summarised, whenever that was.
    #[test]
    fn a_part_is_as_fresh_as_when_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        Case::named("good").unwrap().rebuild(folder.path()).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        names.retain(|path| path.file_name().unwrap().len() == 24);
        let last = names.into_iter().max().unwrap();
        let file = fs::File::options().write(true).open(&last).unwrap();
        file.set_len(300_000).unwrap();
        let day = Duration::from_secs(86_400);
        for (written, code) in [(Duration::ZERO, Code::StillCopied), (day, Code::Size)] {
            file.set_modified(SystemTime::now() - written).unwrap();
            for ago in [Duration::ZERO, day, 400 * day] {
                let outcome = joined(folder.path(), ago);
                assert!(outcome.findings.iter().any(|f| f.code == code), "{ago:?}: {:?}", outcome.findings);
                let seen = outcome.parts.unwrap().seen.unwrap().1;
                assert!(timestamp(SystemTime::now() - ago).0.abs_diff(seen.0) < 3_600_000_000);
            }
        }
    }
}
