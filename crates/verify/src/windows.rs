//! What each backup of an archive can be restored to, and where it cannot, why not.

use crate::codes::{Code, Severity};
use crate::finding::Finding;
use crate::outcome::{KnownBackup, Outcome};
use crate::times::Times;
use pgwal_archive::TransactionEnd;
use pgwal_format::Lsn;
use pgwal_repos::ListedBackup;

/// What a backup can be restored to.
pub struct BackupWindow<'a> {
    /// What its tool says of it; `None`: nothing but its backup history file is known.
    pub listed: Option<&'a ListedBackup>,
    /// How it stands to the WAL; `None`: where it starts is not known.
    pub known: Option<&'a KnownBackup>,
    /// The first and the last position to which it can be restored.
    pub reach: Option<(Lsn, Lsn)>,
    /// The first and the last end of a transaction within.
    pub ends: (Option<TransactionEnd>, Option<TransactionEnd>),
    /// Why it cannot be restored to anything, or to no time.
    pub why: Option<NoWindow>,
    /// What is wrong with the WAL that it needs, or where its reach ends.
    pub cause: Option<&'a Finding>,
}

/// Why a backup has no window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoWindow {
    /// The backup itself does not restore.
    Broken,
    /// WAL that it needs is missing.
    Gap,
    /// WAL that it needs is damaged.
    Damage,
    /// The way of recovery does not come from it.
    Timeline,
    /// It began behind the end of the WAL that is here, or at a time to come.
    Future,
    /// No transaction ends behind it: there are positions to restore to, and no times.
    Idle,
    /// WAL ends before the backup does: the next segment is not archived yet.
    Waiting,
    /// Where it starts is not known, or its WAL was not looked at.
    Unknown,
}

impl NoWindow {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            NoWindow::Broken => "broken",
            NoWindow::Gap => "gap",
            NoWindow::Damage => "damage",
            NoWindow::Timeline => "timeline",
            NoWindow::Future => "future",
            NoWindow::Idle => "idle",
            NoWindow::Waiting => "waiting",
            NoWindow::Unknown => "unknown",
        }
    }
}

/// The windows of all backups, oldest first: of those that a tool lists, in its order; without a tool, of those that
/// backup history files tell of.
/// `now`: seconds since 1970.
pub fn windows<'a>(times: &'a Times, listed: Option<&'a [ListedBackup]>, now: i64) -> Vec<BackupWindow<'a>> {
    let known = |backup: &ListedBackup| times.outcome.backups.iter().find(|known| known.file == backup.file);
    let Some(listed) = listed else {
        let told = times.outcome.backups.iter().map(|known| window(times, None, Some(known), now));
        let mut out: Vec<BackupWindow<'a>> = told.collect();
        out.sort_by_key(|window| window.start());
        return out;
    };
    // Where a cluster was restored to an earlier point, a newer backup starts before an older one: its tool knows.
    listed.iter().map(|backup| window(times, Some(backup), known(backup), now)).collect()
}

/// Files that servers wrote of backups which the tool does not list: they were taken without it, or are gone.
pub fn unlisted<'a>(times: &'a Times, listed: &[ListedBackup]) -> Vec<&'a str> {
    let others = times.outcome.backups.iter().filter(|known| listed.iter().all(|backup| backup.file != known.file));
    others.map(|known| known.file.as_str()).collect()
}

fn window<'a>(
    times: &'a Times,
    listed: Option<&'a ListedBackup>,
    known: Option<&'a KnownBackup>,
    now: i64,
) -> BackupWindow<'a> {
    let broken = listed.is_some_and(|backup| !backup.restores());
    let reach = known
        .filter(|known| known.complete == Some(true) && !broken)
        .and_then(|known| Some((known.stop, known.reaches.filter(|to| *to >= known.stop)?)));
    let ends = reach.map_or((None, None), |(from, to)| times.window(from, to));
    let why = match (reach, known) {
        _ if broken => Some(NoWindow::Broken),
        _ if listed.and_then(|backup| backup.started).is_some_and(|started| started > now) => Some(NoWindow::Future),
        (Some(_), _) => ends.1.is_none().then_some(NoWindow::Idle),
        (None, None) => Some(NoWindow::Unknown),
        (None, Some(known)) => Some(lacks(&times.outcome, known)),
    };
    let cause = match (reach, known) {
        (Some((_, to)), _) => of_worst(&times.outcome, &|f| f.lsn == Some(to)).or_else(|| unseen(&times.outcome, to)),
        (None, Some(known)) => of_worst(&times.outcome, &|f| lies_in(f, known)),
        (None, None) => None,
    };
    BackupWindow { listed, known, reach, ends, why, cause: cause.filter(|_| !broken) }
}

/// The worst thing that is wrong with WAL at a place.
fn of_worst<'a>(outcome: &'a Outcome, is_there: &dyn Fn(&Finding) -> bool) -> Option<&'a Finding> {
    let told = |f: &&Finding| f.severity >= Severity::Warning && !f.code.is_of_repository() && is_there(f);
    outcome.findings.iter().filter(told).min_by_key(|f| (std::cmp::Reverse(f.severity), f.lsn))
}

/// The history file for want of which a server does not see that another timeline goes on where the way ends.
fn unseen(outcome: &Outcome, end: Lsn) -> Option<&Finding> {
    let missing = || of_worst(outcome, &|f| f.code == Code::HistoryMissing);
    outcome.replay.filter(|(_, to)| *to == end).and_then(|_| missing())
}

/// Whether something is wrong between a backup's start and its end.
fn lies_in(finding: &Finding, known: &KnownBackup) -> bool {
    let Some(from) = finding.lsn.or(finding.at) else { return false };
    let until = finding.lost.and_then(|lost| lost.until_lsn).unwrap_or(from).max(from);
    from <= known.stop && known.start <= until
}

/// What keeps WAL from a backup whose own files are well.
fn lacks(outcome: &Outcome, known: &KnownBackup) -> NoWindow {
    let end = outcome.timelines.iter().map(|timeline| timeline.to).max().unwrap_or_default();
    let is_hole = of_worst(outcome, &|f| lies_in(f, known)).is_some_and(|f| f.code.is_hole());
    match known.complete {
        _ if known.beside.is_some() => NoWindow::Timeline,
        _ if known.start >= end => NoWindow::Future,
        _ if known.stop > end => NoWindow::Waiting,
        None => NoWindow::Unknown,
        Some(_) if is_hole => NoWindow::Gap,
        Some(_) => NoWindow::Damage,
    }
}

impl BackupWindow<'_> {
    /// Why nothing behind its reach can be restored; `None`: the archive goes no further.
    pub fn ends_by(&self) -> Option<NoWindow> {
        let cause = self.cause.filter(|_| self.reach.is_some())?;
        Some(match cause.code {
            Code::HistoryMissing => NoWindow::Timeline,
            code if code.is_hole() => NoWindow::Gap,
            _ => NoWindow::Damage,
        })
    }

    /// It restores only as what `pg_combinebackup` makes of it and of those on which it builds, and no tool does that.
    pub fn is_incremental(&self) -> bool {
        self.known.is_some_and(|known| known.incremental_from.is_some())
    }

    /// Where it starts.
    pub fn start(&self) -> Option<Lsn> {
        self.known.map(|known| known.start).or_else(|| self.listed?.start)
    }

    /// What its tool calls it, or the file that tells of it.
    pub fn name(&self) -> &str {
        match (self.listed, self.known) {
            (Some(listed), _) => &listed.label,
            (None, Some(known)) => &known.file,
            (None, None) => "",
        }
    }
}

/// Stretches between what one backup reaches and where the next can be restored to: nothing within can be restored.
pub fn holes(windows: &[BackupWindow<'_>]) -> Vec<(Lsn, Lsn)> {
    let mut reaches: Vec<(Lsn, Lsn)> = windows.iter().filter_map(|window| window.reach).collect();
    reaches.sort_unstable();
    let mut out = Vec::new();
    let mut end: Option<Lsn> = None;
    for (from, to) in reaches {
        if let Some(end) = end.filter(|end| *end < from) {
            out.push((end, from));
        }
        end = end.max(Some(to));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_lie_between_what_is_reached() {
        let window = |from: u64, to: u64| BackupWindow {
            listed: None,
            known: None,
            reach: Some((Lsn::new(from), Lsn::new(to))),
            ends: (None, None),
            why: None,
            cause: None,
        };
        let found = holes(&[window(50, 60), window(10, 20), window(12, 30), window(30, 40)]);
        assert_eq!(found, [(Lsn::new(40), Lsn::new(50))]);
        assert!(holes(&[]).is_empty());
    }
}
