//! WAL as a server writes it, read once: what waits for each standby is counted from it again and again.
//!
//! ```text
//! from ▼              low ▼              ▼ end
//! ─────┴─ records kept ───┼──────────────┤ the next look goes on here
//!                         └── counted ───┘
//! ```

use crate::between::{WaitingWal, written_whole};
use pgwal_format::record::Record;
use pgwal_format::rmgr::xact::{self, Timestamp, XactOutcome};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_source::Source;
use pgwal_verify::records::{FollowNews, Follower, ListError, ListItem, ListPart, ListRequest, Render, Rendered};
use pgwal_verify::{Finding, Options};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records kept, of 8 bytes each, a commit of 24; older ones are let go.
const MOST: usize = 1 << 22;

/// What is known of the WAL that was written last.
#[derive(Debug, Default)]
pub struct WrittenTail(Mutex<KeptRecords>);

#[derive(Debug, Default)]
struct KeptRecords {
    /// Every record that starts here or behind was seen.
    from: Option<Lsn>,
    /// Where records start.
    starts: VecDeque<Lsn>,
    /// Where those of commits start, and their times.
    commits: VecDeque<(Lsn, Timestamp)>,
    /// The end of the last record.
    end: Option<Lsn>,
}

impl WrittenTail {
    /// What waits for somebody who has come to `low`, of a server that has written up to `high`; `None` where not all
    /// of it was seen.
    pub(super) fn waiting(&self, low: Lsn, high: Lsn, layout: &Layout) -> Option<WaitingWal> {
        let (address, size) = (layout.address(), layout.segment);
        let (low, high) = (address.normal(low, size), address.normal(high, size));
        let enough = written_whole(high, layout).max(low);
        let kept = self.kept();
        let is_seen =
            low <= high && kept.from.is_some_and(|from| from <= low) && kept.end.is_some_and(|end| end >= enough);
        is_seen.then(|| {
            let first = kept.commits.partition_point(|(lsn, _)| *lsn < low);
            WaitingWal {
                records: (kept.starts.partition_point(|lsn| *lsn < high)
                    - kept.starts.partition_point(|lsn| *lsn < low)) as u64,
                commits: (kept.commits.partition_point(|(lsn, _)| *lsn < high) - first) as u64,
                oldest: kept.commits.get(first).filter(|(lsn, _)| *lsn < high).map(|(_, time)| *time),
                begins: true,
                complete: true,
            }
        })
    }

    /// Lets go what nobody waits for; `false` where not all is kept that is waited for.
    pub fn forget_before(&self, low: Lsn) -> bool {
        let mut kept = self.kept();
        if kept.from.is_some_and(|from| from < low) {
            kept.from = Some(low);
            kept.let_go(low);
        }
        kept.from.is_some_and(|from| from <= low)
    }

    fn kept(&self) -> MutexGuard<'_, KeptRecords> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptRecords {
    fn let_go(&mut self, low: Lsn) {
        let (starts, commits) =
            (self.starts.partition_point(|lsn| *lsn < low), self.commits.partition_point(|(lsn, _)| *lsn < low));
        self.starts.drain(..starts);
        self.commits.drain(..commits);
    }

    /// `records`: in order; what is lost in between breaks off.
    fn take<'s>(&mut self, records: impl Iterator<Item = &'s Seen>) {
        for seen in records {
            let Seen::Record { lsn, end, commit } = *seen else {
                *self = KeptRecords::default();
                continue;
            };
            self.from.get_or_insert(lsn);
            self.starts.push_back(lsn);
            self.commits.extend(commit.map(|time| (lsn, time)));
            self.end = Some(end);
        }
        if self.starts.len() > MOST
            && let Some(low) = self.starts.get(self.starts.len() - MOST).copied()
        {
            self.from = Some(low);
            self.let_go(low);
        }
    }
}

/// What came.
#[derive(Clone, Copy)]
enum Seen {
    Record {
        lsn: Lsn,
        end: Lsn,
        commit: Option<Timestamp>,
    },
    /// Something did not.
    Lost,
}

/// Hands on what came.
struct SeenRecords;

impl Render for SeenRecords {
    type Scratch = ();
    type Event = Seen;

    fn whole(&self) -> bool {
        false
    }

    fn record(&self, record: &Record<'_>, _: TimelineId, (): &mut (), out: &mut ListPart<Seen>) -> Option<Rendered> {
        let commit =
            xact::ended_at(record).and_then(|(outcome, time)| (outcome == XactOutcome::Commit).then_some(time));
        out.event(Seen::Record { lsn: record.lsn, end: record.end, commit });
        Some(0.into())
    }

    fn finding(&self, _: &Finding, _: Option<&Layout>, out: &mut ListPart<Seen>) {
        out.event(Seen::Lost);
    }
}

/// Reads on whenever `asked` says so, from `start` on, until it ends; `read` hears of each time.
///
/// # Errors
/// It cannot be looked at.
pub fn follow(
    tail: &WrittenTail,
    source: &dyn Source,
    mut options: Options<'_>,
    start: Lsn,
    asked: &mut dyn Iterator<Item = ()>,
    read: &mut dyn FnMut(),
) -> Result<(), ListError> {
    options.start = Some(start);
    let wanted = ListRequest { options, limit: None };
    tail.kept().from = Some(start);
    let mut sink = |part: &ListPart<Seen>| {
        tail.kept()
            .take(part.items().filter_map(|item| if let ListItem::Event(seen) = item { Some(seen) } else { None }));
        Ok(())
    };
    let Ok(mut follower) = Follower::new(source, &wanted, &SeenRecords, &mut sink)? else { return Ok(()) };
    for () in asked {
        follower.advance(FollowNews::Renamed, &mut sink)?;
        read();
    }
    Ok(())
}
