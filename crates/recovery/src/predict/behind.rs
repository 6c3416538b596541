//! What lies behind the end of a restore, in the files that a server would read next.

use crate::at_hand::FilesAtHand;
use crate::events::acts::EarlyAct;
use crate::events::{Ask, EventKind, Events, Match};
use crate::outcome::{LeftOut, Restore, Status};
use crate::replay::ReplayStop;
use crate::settings::Settings;
use crate::sum::{EventSum, ReplayedCommit};
use crate::target::Target;
use crate::way::{WalWalk, WalkOptions};
use pgwal_archive::Error;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId};

/// Segments behind the end that are looked into, twice counted where a record lies over their seam.
const AHEAD: u32 = 16;

/// What lies there.
#[derive(Default)]
pub(crate) struct Behind {
    /// The first commit.
    pub dropped: Option<ReplayedCommit>,
    /// There is more that was not looked into.
    pub cut: bool,
    /// Commits that a time as the target leaves out, although they are not later.
    pub left_out: Option<LeftOut>,
    /// Restore points of the target's name.
    pub points: Vec<Lsn>,
}

/// Looks behind the end.
///
/// # Errors
/// An early end was asked for, or there are no threads.
pub(crate) fn look(
    shelf: &FilesAtHand<'_>,
    reading: WalkOptions<'_>,
    restore: &Restore,
    settings: &Settings,
    end: Lsn,
) -> Result<Behind, Error> {
    let Ok(line) = shelf.line(restore.target_timeline) else { return Ok(Behind::default()) };
    let reached = restore.target.as_ref().filter(|t| t.reached).map(|t| &t.target);
    let time = match reached {
        Some(Target::Time(time)) => Some(*time),
        _ => None,
    };
    let name = match reached {
        Some(Target::Name(name)) => Some(name.as_bytes()),
        _ => None,
    };
    let ask = every_end();
    let mut way = WalWalk::new(shelf, &line, WalkOptions { jobs: 1, ..reading });
    way.through_damage = true;
    way.oldest = last_timeline(restore);
    let mut out = Behind::default();
    let mut segments = 0;
    let whole = time.is_some() || name.is_some();
    way.walk(segment_start(shelf, end), &ask, &mut |events: &Events<'_>, _: &EventSum| {
        segments += 1;
        for event in events.list.iter().filter(|e| e.span.lsn >= end) {
            match &event.what {
                EventKind::Ended { commit: true, xid, time: at, .. } => {
                    let commit = ReplayedCommit { xid: *xid, time: *at, lsn: event.span.lsn };
                    out.dropped = out.dropped.or(Some(commit));
                    let not_later = |time| if settings.inclusive { *at <= time } else { *at < time };
                    if time.is_some_and(not_later) {
                        let count = out.left_out.map_or(0, |left: LeftOut| left.count) + 1;
                        out.left_out = Some(LeftOut { count, last: commit });
                    }
                }
                EventKind::RestorePoint { name: own, .. } if Some(own.as_slice()) == name => {
                    out.points.push(event.span.lsn)
                }
                _ => {}
            }
        }
        out.cut = segments > AHEAD;
        (!whole && out.dropped.is_some() || out.cut).then_some(ReplayStop::Target)
    })?;
    Ok(out)
}

/// Of records that act before their commits, those that are replayed without them.
///
/// # Errors
/// An early end was asked for, or there are no threads.
pub(crate) fn early_acts(
    shelf: &FilesAtHand<'_>,
    reading: WalkOptions<'_>,
    restore: &Restore,
    end: Lsn,
) -> Result<Vec<EarlyAct>, Error> {
    let Ok(line) = shelf.line(restore.target_timeline) else { return Ok(Vec::new()) };
    let ask = every_end();
    let mut out = Vec::new();
    for act in &restore.early_acts {
        let mut act = *act;
        // A mark may have been made before its transaction had a number: no end is its end.
        if act.end.is_none() && act.xid != 0 {
            let mut way = WalWalk::new(shelf, &line, WalkOptions { jobs: 1, ..reading });
            let mut segments = 0;
            way.walk(segment_start(shelf, act.lsn), &ask, &mut |events: &Events<'_>, _: &EventSum| {
                segments += 1;
                let own = |e: &&crate::events::RecoveryEvent| {
                    e.span.lsn > act.lsn && matches!(e.what, EventKind::Ended { xid, .. } if xid == act.xid)
                };
                act.end = events.list.iter().find(own).map(|e| e.span.lsn);
                (act.end.is_some() || segments > AHEAD).then_some(ReplayStop::Target)
            })?;
        }
        out.extend(Some(act).filter(|act| act.end.is_none_or(|at| at >= end)));
    }
    Ok(out)
}

/// Every end of a transaction is an event.
pub(crate) fn every_end() -> Ask {
    let any = Match::Time { time: Timestamp(i64::MIN), at: true, restore_points: false };
    Ask { target: Some(any), prepared: true, ..Ask::default() }
}

fn segment_start(shelf: &FilesAtHand<'_>, lsn: Lsn) -> Lsn {
    let layout = &shelf.layout;
    layout.address().segment_start(layout.address().segment(lsn, layout.segment), layout.segment)
}

/// The timeline of the last file that was used: a server never goes back to an older one.
fn last_timeline(restore: &Restore) -> TimelineId {
    let used = |status: Status| matches!(status, Status::Present | Status::Damaged);
    let name = |name: &str| match FileName::parse(name) {
        Some(FileName::Segment(SegmentName { timeline, .. })) => Some(timeline),
        _ => None,
    };
    let files = restore.files.iter().rev().filter(|f| used(f.status) && f.size.is_some());
    files.filter_map(|f| name(&f.name)).next().unwrap_or(restore.timeline)
}
