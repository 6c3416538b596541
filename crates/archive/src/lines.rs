//! WAL of several clusters, versions or sizes in one place: each file belongs to the line that its own bytes say.
//!
//! ```text
//! 5 6 7 8 9 A   .   10 11 12 13  of 17 up to A, of 18 from 10 on: two lines, and the newest is what is asked about
//! 5 6 7 X 9 A                    X alone is of another cluster, where a file of this one should be: a foreign file
//! 1 2 3 Y Z 4 Y Y 5              two clusters archive into one place: two lines, each with files of the other in it
//! ```
//! Who owns an archive at first is what most files say ([`whose`](crate::whose)). Files that turn out to be others'
//! when they are read make lines of their own, unless they are few and stand between files of the owner. A file that
//! says nothing of itself belongs to the line of the file before it.

use crate::archive::{Archive, ArchiveSurvey, AttemptEnd, Opened, Prior, Unowned};
use crate::backup_files::backup_files;
use crate::error::Error;
use crate::lineage::{Lineage, Node, switch_segment};
use crate::look::{Depth, Look};
use crate::names::{Inventory, Segment};
use crate::read::Remember;
use crate::stretch::{PieceKind, Unusable};
use crate::whose::{Cluster, FirstPage, beginning};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId};
use pgwal_source::{Ignored, Source};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::SystemTime;

/// What reading an archive came to.
pub enum ReadArchive<'a> {
    /// The line that was asked for, or the newest; then the others, in the order of their names.
    Lines(Vec<LineOfWal<'a>>),
    /// No file says whose WAL it is.
    NoOwner(Unowned),
}

/// WAL of one cluster, version and size.
pub struct LineOfWal<'a> {
    /// Its files.
    pub archive: Box<Archive<'a>>,
    /// What they came to.
    pub seen: ArchiveSurvey,
}

/// Files that say that they are of one cluster, by their names.
struct Group {
    cluster: Cluster,
    files: BTreeMap<SegmentName, Vec<usize>>,
}

/// How often what came meanwhile may ask for a new beginning.
const BEGINNINGS: u32 = 4;

/// Opens an archive and reads it.
///
/// # Errors
/// The source cannot be listed, nothing there has the name of WAL, or the caller asked for an early end.
pub fn read<'a>(source: &'a dyn Source, look: Look<'a>) -> Result<ReadArchive<'a>, Error> {
    read_remembered(source, look, Prior::None)
}

/// The same, with what is known of it already.
///
/// # Errors
/// As [`read`]; also where the index is of another archive.
pub fn read_remembered<'a>(
    source: &'a dyn Source,
    look: Look<'a>,
    memory: Prior<'a>,
) -> Result<ReadArchive<'a>, Error> {
    let (mut trusting, mut again) = (true, BEGINNINGS);
    loop {
        let mut archive = match Archive::open_remembered(source, look, memory, trusting)? {
            Opened::Archive(archive) => archive,
            Opened::NoOwner(unowned) => return Ok(ReadArchive::NoOwner(unowned)),
        };
        match archive.look_at_all::<Error>(&mut |_| Ok(Vec::new()), again > 0)? {
            AttemptEnd::Seen(seen) => return split(archive, seen).map(ReadArchive::Lines),
            AttemptEnd::Misled => trusting = false,
            AttemptEnd::StartAgain => again = again.saturating_sub(1),
        }
    }
}

/// Takes an archive apart, where it holds WAL of several.
fn split<'a>(mut archive: Box<Archive<'a>>, mut seen: ArchiveSurvey) -> Result<Vec<LineOfWal<'a>>, Error> {
    let groups = if archive.live { Vec::new() } else { groups(&archive, &seen) };
    if groups.len() < 2 {
        return Ok(vec![LineOfWal { archive, seen }]);
    }
    let mut left_out: Vec<BTreeSet<usize>> = (0..groups.len()).map(|own| others(&archive, &groups, own)).collect();
    let of_owner = left_out.remove(0);
    let mut others = Vec::new();
    for (group, left_out) in groups.iter().skip(1).zip(left_out) {
        let mut archive = Box::new(archive.of_another(group.cluster, left_out));
        let seen = archive.look_at_other()?;
        others.push(LineOfWal { archive, seen });
    }
    archive.leave_out(of_owner);
    drop_others(&archive, &mut seen);
    let mut lines = vec![LineOfWal { archive, seen }];
    lines.extend(others);
    let first = chosen(&lines);
    let mut rest = lines;
    let first = rest.remove(first);
    rest.sort_by_key(|line| line.first_name());
    rest.insert(0, first);
    Ok(rest)
}

impl<'a> Archive<'a> {
    /// The same files, as far as they are another's; nothing of them was read yet.
    pub(crate) fn of_another(&self, cluster: Cluster, left_out: BTreeSet<usize>) -> Archive<'a> {
        let memory = if let Prior::Parts(joined) = self.memory { Prior::Parts(joined) } else { Prior::None };
        let mut other = Archive {
            source: self.source,
            live: self.live,
            entries: self.entries.clone(),
            unreadable: Vec::new(),
            ignored: 0,
            notes: self.notes.clone(),
            misfiled: Vec::new(),
            unknown: Ignored::default(),
            cluster,
            inventory: Inventory::default(),
            lineage: self.lineage.clone(),
            others_histories: Vec::new(),
            history_flaws: Vec::new(),
            backups: Vec::new(),
            backup_flaws: Vec::new(),
            left_out: BTreeSet::new(),
            mixed: self.mixed,
            look: self.look,
            memory,
            session: None,
            names: self.names.clone(),
            permit: Mutex::default(),
        };
        other.leave_out(left_out);
        other
    }

    /// Files that are others' are none of this archive.
    pub(crate) fn leave_out(&mut self, left_out: BTreeSet<usize>) {
        let named = |index: usize| self.names.iter().find(|(i, _)| *i == index).map(|(_, name)| *name);
        let among = |index: usize| !left_out.contains(&index);
        self.inventory = Inventory::among(&self.entries, &named, &self.cluster.layout, &among);
        let histories: BTreeSet<TimelineId> = self.inventory.histories.iter().map(|(timeline, _)| *timeline).collect();
        let all: Vec<Node> = std::mem::take(&mut self.lineage.nodes);
        self.others_histories = all.into_iter().filter(|node| !histories.contains(&node.timeline)).collect();
        let settle = self.look.settle;
        (self.lineage, self.history_flaws) = Lineage::read(self.source, &self.entries, &self.inventory, settle);
        let layout = &self.cluster.layout;
        (self.backups, self.backup_flaws) = backup_files(self.source, &self.entries, &self.inventory, layout, settle);
        self.left_out = left_out;
    }

    /// What the first page of a file says.
    pub(crate) fn first_page(&self, entry: usize) -> Option<FirstPage> {
        let known = if let Prior::Parts(joined) = self.memory { joined.first(entry) } else { None };
        known.unwrap_or_else(|| FirstPage::of(&beginning(self.source, self.entries.get(entry)?)?.0).ok())
    }

    /// The name of a file, or the one that its content gives it.
    pub(crate) fn name_of(&self, entry: usize) -> Option<FileName> {
        let own = self.entries.get(entry)?.name;
        own.or_else(|| self.names.iter().find(|(i, _)| *i == entry).map(|(_, name)| *name))
    }
}

impl LineOfWal<'_> {
    /// The first and the last complete segment by their names: oldest timeline first.
    pub fn names(&self) -> Option<(SegmentName, SegmentName)> {
        let layout = &self.archive.cluster.layout;
        let segments = &self.archive.inventory.segments;
        let name = |s: &Segment| SegmentName::new(s.timeline, s.number, layout.address(), layout.segment);
        segments.first().map(name).zip(segments.last().map(name))
    }

    fn first_name(&self) -> Option<SegmentName> {
        self.names().map(|(first, _)| first)
    }

    /// What is asked for lies between its first and its last segment.
    fn holds_what_is_asked(&self) -> bool {
        let (look, layout) = (&self.archive.look, &self.archive.cluster.layout);
        let number = |lsn| layout.address().segment(lsn, layout.segment);
        let numbers = || self.archive.inventory.segments.iter().map(|s| s.number);
        let spans =
            |n| numbers().min().is_some_and(|first| first <= n) && numbers().max().is_some_and(|last| n <= last);
        match (look.start, look.end) {
            (None, None) => true,
            (Some(_), Some(_)) => numbers().any(|n| look.asks_for(n, layout)),
            (Some(lsn), None) | (None, Some(lsn)) => spans(number(lsn)),
        }
    }

    /// The last commit, and when the last file was written.
    fn age(&self) -> (Option<Timestamp>, Option<SystemTime>) {
        let runs = self.seen.stretches.values().flat_map(|s| &s.pieces).filter_map(|p| p.run());
        let commit = runs.filter_map(|run| run.acc.last_commit).max();
        let files = self.archive.inventory.segments.iter().filter_map(|s| self.archive.entries.get(s.entry));
        let written = files.filter_map(|e| self.archive.source.stamp(e)).map(|stamp| stamp.written()).max();
        (commit, written)
    }
}

/// The line that was asked for; else the newest: by its last commit, else by its files.
fn chosen(lines: &[LineOfWal<'_>]) -> usize {
    let wanted = lines.first().and_then(|line| line.archive.look.cluster);
    if let Some(wanted) = wanted {
        let own = lines.iter().position(|line| line.archive.cluster.is(&wanted));
        return own.unwrap_or(0);
    }
    let ages: Vec<(Option<Timestamp>, Option<SystemTime>)> = lines.iter().map(LineOfWal::age).collect();
    let by_commits = ages.iter().all(|(commit, _)| commit.is_some());
    let newest = |i: &usize| {
        let (commit, written) = ages.get(*i).copied().unwrap_or_default();
        let name = lines.get(*i).and_then(LineOfWal::names).map(|(_, last)| (last.log, last.seg));
        (commit.filter(|_| by_commits), written, name, Reverse(*i))
    };
    // Where a position is asked for, the line that holds it.
    let holds = |i: &usize| lines.get(*i).is_some_and(LineOfWal::holds_what_is_asked);
    let asked: Vec<usize> = (0..lines.len()).filter(holds).collect();
    let all: Vec<usize> = if asked.is_empty() { (0..lines.len()).collect() } else { asked };
    all.into_iter().max_by_key(newest).unwrap_or(0)
}

/// The files of each cluster, the owner's first; one alone where all are the owner's, or foreign files among his.
fn groups(archive: &Archive<'_>, seen: &ArchiveSurvey) -> Vec<Group> {
    let foreign = foreign(archive, seen);
    let mut own = Group { cluster: archive.cluster, files: BTreeMap::new() };
    let mut groups: Vec<Group> = Vec::new();
    for segment in archive.inventory.segments.iter().chain(&archive.inventory.partials) {
        for entry in segment.entry..segment.entry + segment.copies {
            let Some(name) = segment_name(archive, entry) else { continue };
            let first = foreign.contains(&entry).then(|| archive.first_page(entry)).flatten();
            let Some(first) = first.filter(|first| !archive.cluster.owns(first)) else {
                own.files.entry(name).or_default().push(entry);
                continue;
            };
            let cluster = Cluster { layout: first.layout, system_id: first.system_id };
            let files = match groups.iter_mut().find(|group| group.cluster.owns(&first)) {
                Some(group) => &mut group.files,
                None => {
                    groups.push(Group { cluster, files: BTreeMap::new() });
                    let Some(group) = groups.last_mut() else { continue };
                    &mut group.files
                }
            };
            files.entry(name).or_default().push(entry);
        }
    }
    // Names that the owner cannot have are of another segment size.
    for &entry in &archive.inventory.impossible {
        let (Some(name), Some(first)) = (segment_name(archive, entry), archive.first_page(entry)) else { continue };
        if let Some(group) = groups.iter_mut().find(|group| group.cluster.owns(&first)) {
            group.files.entry(name).or_default().push(entry);
        }
    }
    let silent = silent(archive, seen, &foreign);
    own.files.retain(|_, entries| entries.iter().any(|entry| !silent.contains(entry)));
    groups.retain(|group| !group.stands_within(&own) && !is_stray(archive, group));
    groups.insert(0, own);
    groups
}

/// One file of others that is no beginning: somebody put it here. WAL begins with a record that names none before it.
fn is_stray(archive: &Archive<'_>, group: &Group) -> bool {
    let mut files = group.files.values().flatten();
    let (Some(&only), None) = (files.next(), files.next()) else { return false };
    if archive.look.depth != Depth::Records {
        return false;
    }
    let others = (0..archive.entries.len()).filter(|&i| i != only).collect();
    let Ok(seen) = archive.of_another(group.cluster, others).look_at_other() else { return true };
    let mut runs = seen.stretches.values().flat_map(|stretch| &stretch.pieces).filter_map(|piece| piece.run());
    !runs.any(|run| run.first.is_some_and(|first| first.prev == Lsn::ZERO))
}

/// Files that are wholly another's, as reading them showed; by names alone, all of which the first page is another's.
fn foreign(archive: &Archive<'_>, seen: &ArchiveSurvey) -> BTreeSet<usize> {
    if archive.look.depth == Depth::Names {
        let all = archive.inventory.segments.iter().chain(&archive.inventory.partials).filter(|_| archive.mixed);
        let entries = all.flat_map(|s| s.entry..s.entry + s.copies);
        let other = |&i: &usize| archive.first_page(i).is_some_and(|first| !archive.cluster.owns(&first));
        return entries.filter(other).collect();
    }
    let is_foreign =
        |why: &Unusable| matches!(why, Unusable::Version(_) | Unusable::Geometry(_) | Unusable::Cluster { .. });
    let mut out = BTreeSet::new();
    for stretch in seen.stretches.values() {
        for (i, piece) in stretch.pieces.iter().enumerate() {
            let PieceKind::Bad(bad) = &piece.kind else { continue };
            // A segment of another size is refused for that before anybody looks into it.
            let of_other_size = matches!(bad.why, Unusable::Size { .. })
                && archive.first_page(bad.entry).is_some_and(|first| !archive.cluster.owns(&first));
            if of_other_size || is_foreign(&bad.why) && !stretch.goes_on(i, &archive.cluster) {
                out.insert(bad.entry);
            }
        }
    }
    out.extend(seen.partials.iter().filter(|p| p.why.as_ref().is_some_and(is_foreign)).map(|p| p.entry));
    // What was not asked for was not read: of that, first pages say enough.
    let unread = |s: &&Segment| !archive.look.asks_for(s.number, &archive.cluster.layout);
    if archive.mixed || !out.is_empty() {
        let entries = archive.inventory.segments.iter().filter(unread).flat_map(|s| s.entry..s.entry + s.copies);
        out.extend(entries.filter(|&i| archive.first_page(i).is_some_and(|first| !archive.cluster.owns(&first))));
    }
    out
}

/// Files that a server cannot use and that do not say whose they are.
fn silent(archive: &Archive<'_>, seen: &ArchiveSurvey, foreign: &BTreeSet<usize>) -> BTreeSet<usize> {
    let pieces = seen.stretches.values().flat_map(|stretch| &stretch.pieces);
    let bad = pieces.filter_map(|p| if let PieceKind::Bad(bad) = &p.kind { Some(bad.entry) } else { None });
    let unclear =
        |&i: &usize| !foreign.contains(&i) && archive.first_page(i).is_none_or(|first| !archive.cluster.owns(&first));
    bad.filter(unclear).collect()
}

impl Group {
    /// Fewer files than the other has, each with files of the other on both sides.
    fn stands_within(&self, other: &Group) -> bool {
        let between = |name: &SegmentName| {
            let before = other.files.range(..name).next_back().is_some_and(|(n, _)| n.timeline == name.timeline);
            let behind = other.files.range(name..).next().is_some_and(|(n, _)| n.timeline == name.timeline);
            before && behind
        };
        self.files.len() < other.files.len() && self.files.keys().all(between)
    }

    fn has(&self, entry: usize, name: SegmentName) -> bool {
        self.files.get(&name).is_some_and(|entries| entries.contains(&entry))
    }

    /// From the first to the last file of a timeline.
    fn range(&self, timeline: TimelineId) -> Option<(SegmentName, SegmentName)> {
        let mut own = self.files.keys().filter(|name| name.timeline == timeline);
        let first = own.next()?;
        Some((*first, *own.next_back().unwrap_or(first)))
    }

    fn spans(&self, name: SegmentName) -> bool {
        self.range(name.timeline).is_some_and(|(first, last)| (first..=last).contains(&name))
    }
}

fn segment_name(archive: &Archive<'_>, entry: usize) -> Option<SegmentName> {
    match archive.name_of(entry)? {
        FileName::Segment(name) | FileName::Partial(name) => Some(name),
        _ => None,
    }
}

/// What is not of a group: files of others, but for those that stand between its own; and their backups.
fn others(archive: &Archive<'_>, groups: &[Group], own: usize) -> BTreeSet<usize> {
    let Some(group) = groups.get(own) else { return BTreeSet::new() };
    let mut out = BTreeSet::new();
    for entry in 0..archive.entries.len() {
        let stays = match archive.name_of(entry) {
            Some(FileName::Segment(name) | FileName::Partial(name)) => {
                let owner = groups.iter().position(|g| g.has(entry, name)).or_else(|| near(groups, name));
                owner.is_none_or(|owner| owner == own) || group.spans(name)
            }
            Some(FileName::BackupHistory(name, _)) => {
                let exact = groups.iter().position(|g| g.files.contains_key(&name));
                let owner = exact.or_else(|| groups.iter().position(|g| g.spans(name))).or_else(|| next(groups, name));
                owner.is_none_or(|owner| owner == own)
            }
            Some(FileName::History(timeline)) => !is_history_of_others(archive, groups, own, timeline),
            None => true,
        };
        if !stays {
            out.insert(entry);
        }
    }
    out
}

/// A history file of a timeline that only others have reached, and that left none of this line's timelines where this
/// line has WAL. A server does not know that.
fn is_history_of_others(archive: &Archive<'_>, groups: &[Group], own: usize, timeline: TimelineId) -> bool {
    let newest = |group: &Group| group.files.keys().next_back().map(|name| name.timeline);
    let Some(group) = groups.get(own) else { return false };
    let reached = |i: usize| groups.get(i).and_then(newest).is_some_and(|newest| newest >= timeline);
    if reached(own) || !(0..groups.len()).any(reached) {
        return false;
    }
    let layout = &group.cluster.layout;
    let here = archive.lineage.parent(timeline).is_some_and(|parent| {
        let left = switch_segment(&parent.switch, layout);
        let name = left.map(|n| SegmentName::new(parent.timeline, n, layout.address(), layout.segment));
        let spans = |(first, last): (SegmentName, SegmentName)| name.is_some_and(|n| first <= n && n <= last);
        // At a boundary it is the segment behind the last.
        let before = |(_, last): (SegmentName, SegmentName)| {
            let next = last.number(layout.address(), layout.segment).map(|n| n.next());
            next.is_some() && next == left
        };
        group.range(parent.timeline).is_some_and(|range| spans(range) || before(range))
    });
    !here
}

/// The group of the file before, on the same timeline; else of the one behind.
fn near(groups: &[Group], name: SegmentName) -> Option<usize> {
    let same = |found: &SegmentName| found.timeline == name.timeline;
    let before = |group: &Group| group.files.range(..name).next_back().map(|(n, _)| *n).filter(same);
    let behind = |group: &Group| group.files.range(name..).next().map(|(n, _)| *n).filter(same);
    let of = |(i, group): (usize, &Group)| Some((before(group)?, i));
    let owner = groups.iter().enumerate().filter_map(of).max().map(|(_, i)| i);
    owner.or_else(|| groups.iter().enumerate().filter_map(|(i, g)| Some((behind(g)?, i))).min().map(|(_, i)| i))
}

/// The group whose files begin next behind a backup whose own are gone; else the last before.
fn next(groups: &[Group], name: SegmentName) -> Option<usize> {
    let behind = |g: &Group| g.files.keys().map(|n| (n.log, n.seg)).filter(|n| *n >= (name.log, name.seg)).min();
    let all = || groups.iter().enumerate();
    let first = all().filter_map(|(i, g)| Some((behind(g)?, i))).min().map(|(_, i)| i);
    first.or_else(|| all().filter_map(|(i, g)| Some((g.files.keys().next_back()?, i))).max().map(|(_, i)| i))
}

/// Takes out of what was seen what is not the owner's any more.
fn drop_others(archive: &Archive<'_>, seen: &mut ArchiveSurvey) {
    let gone = |entry: usize| archive.left_out.contains(&entry);
    for stretch in seen.stretches.values_mut() {
        stretch.pieces.retain(|piece| !matches!(&piece.kind, PieceKind::Bad(bad) if gone(bad.entry)));
        stretch.copies.retain(|copies| !gone(copies.first) && !gone(copies.second));
        stretch.renamed.retain(|(entry, _)| !gone(*entry));
        stretch.behind.retain(|(entry, _)| !gone(*entry));
    }
    seen.stretches.retain(|timeline, _| !archive.inventory.of(*timeline).is_empty());
    seen.partials.retain(|partial| !gone(partial.entry));
    seen.renamed.retain(|(entry, _)| !gone(*entry));
    seen.behind.retain(|(entry, _)| !gone(*entry));
    seen.changed.retain(|entry| !gone(*entry));
}
