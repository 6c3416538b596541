//! Do the history files fit each other and the WAL?

use super::Judge;
use super::seen::disagree;
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use crate::outcome::KnownBackup;
use pgwal_archive::lineage::{history_name, switch_segment};
use pgwal_archive::stretch::Piece;
use pgwal_archive::{TimelineBegin, Which};
use pgwal_format::text::history::Switch;
use pgwal_format::{Generation, Lsn, TimelineId};

impl Judge<'_> {
    pub(super) fn timelines(&mut self) {
        let target = self.target;
        let all = self.options.timeline == Which::All;
        // A server reads the history of its target alone; what is wrong with another is a matter for later.
        for finding in &mut self.findings {
            if matches!(finding.code, Code::HistoryEmpty | Code::HistorySyntax | Code::HistoryOrder)
                && finding.timeline != Some(target)
                && !all
            {
                finding.severity = Severity::Warning;
            }
        }
        self.findings.extend(self.lineage.disagreements().into_iter().map(disagree));
        for timeline in self.inventory.timelines() {
            if timeline > self.start && self.lineage.get(timeline).is_none() {
                self.history_missing(timeline);
            }
        }
        if let Some(asked) = self.unknown() {
            self.history_missing(asked);
        }
        self.hidden();
        self.histories_of_others();
        self.astray();
        self.not_a_child();
        let children: Vec<TimelineId> = self.pieces.keys().copied().collect();
        for child in children {
            if let Some((parent, switch)) = self.lineage.parent(child).map(|p| (p.timeline, p.switch)) {
                self.switch_mismatch(child, parent, switch);
            }
        }
        let nodes: Vec<_> = self
            .lineage
            .nodes
            .iter()
            .filter_map(|n| n.ancestors.last().map(|a| (n.timeline, a.timeline, a.switch)))
            .collect();
        for (child, parent, switch) in nodes {
            self.diverged(child, parent, switch);
        }
    }

    /// History files of another cluster, which a server that looks for the latest timeline takes for this one's.
    fn histories_of_others(&mut self) {
        if self.others_histories.is_empty() || self.options.timeline != Which::Latest {
            return;
        }
        let others = |t: TimelineId| self.others_histories.iter().find(|node| node.timeline == t);
        let mut newest = self.target;
        while let Some(next) = newest.0.checked_add(1).map(TimelineId) {
            if others(next).is_none() && self.lineage.get(next).is_none() {
                break;
            }
            newest = next;
        }
        let Some(node) = others(newest).filter(|node| !node.broken) else { return };
        let own = self.target;
        let left = node.ancestors.iter().find(|a| a.timeline == own).map(|a| a.switch);
        let first = self.way.legs.first().map(|leg| leg.first);
        // Behind all that is here, it leads nowhere, and recovery ends where WAL does.
        let before = left.is_none_or(|switch| switch_segment(&switch, self.layout()) <= first);
        if !before {
            return;
        }
        let by_default = self.layout().dialect.settings.latest_by_default;
        let severity = if by_default { Code::OthersHistory.severity() } else { Severity::Warning };
        self.findings.push(Finding {
            severity,
            timeline: Some(newest),
            file: Some(node.file.clone()),
            detail: Detail::OthersHistory { own, left },
            ..Finding::of(Code::OthersHistory)
        });
    }

    /// The latest timeline left that of the WAL here before all of it, and has no WAL itself: it is another cluster's,
    /// or its WAL is missing. A server that follows it does not start from any of what is here.
    fn astray(&mut self) {
        let (target, own) = (self.target, self.start);
        let Some(node) = self.lineage.get(target).filter(|node| !node.broken && target != own) else { return };
        let has_wal = |t: TimelineId| t != own && !self.inventory.of(t).is_empty();
        if self.options.timeline != Which::Latest || self.live || self.target_line.iter().any(|&(t, _)| has_wal(t)) {
            return;
        }
        let Some(left) = node.ancestors.iter().find(|a| a.timeline == own).map(|a| a.switch) else { return };
        // Of the backups that are known, each is of what came later: a test restore, say, left its history here.
        let mut backups = self.backups.iter().peekable();
        let behind = backups.peek().is_some() && backups.all(|b| self.is_left_before(b, own, left));
        let before_all = self.is_before_all(own, left);
        if !before_all && !behind {
            return;
        }
        let by_default = self.layout().dialect.settings.latest_by_default;
        let severity = if by_default { Code::Astray.severity() } else { Severity::Warning };
        let file = Some(node.file.clone());
        let detail = Detail::Astray { own, left, before_all };
        self.findings.push(Finding { severity, timeline: Some(target), file, detail, ..Finding::of(Code::Astray) });
    }

    /// Whether a timeline was left before a backup of it began.
    fn is_left_before(&self, backup: &KnownBackup, own: TimelineId, left: Switch) -> bool {
        let before = match left {
            Switch::At(lsn) => lsn <= backup.start,
            Switch::In(_) => {
                switch_segment(&left, self.layout()).is_some_and(|number| number < self.number(backup.start))
            }
        };
        backup.timeline == own && before
    }

    /// A history file that is missing hides those behind it: the latest is looked for by one number after another.
    fn hidden(&mut self) {
        if matches!(self.options.timeline, Which::Number(_)) {
            return;
        }
        let latest = self.lineage.latest(self.start);
        let missing = TimelineId(latest.0.saturating_add(1));
        // One that has WAL here is told already.
        if !self.inventory.of(missing).is_empty() || missing <= latest {
            return;
        }
        let behind = |t: &TimelineId| *t > missing;
        let with_wal = self.inventory.timelines().into_iter().find(behind);
        let named = self.lineage.nodes.iter().map(|node| node.timeline).filter(behind).min();
        let Some(hides) = with_wal.or(named) else { return };
        // Who starts from a backup of that timeline looks behind it: where there is no other backup, nobody misses it.
        let behind = !self.backups.is_empty() && self.backups.iter().all(|b| b.timeline > missing);
        let severity = if with_wal.is_some() && !behind { Code::HistoryMissing.severity() } else { Severity::Warning };
        self.findings.push(Finding {
            severity,
            timeline: Some(missing),
            file: Some(history_name(missing)),
            detail: Detail::Hidden { latest, hides },
            ..Finding::of(Code::HistoryMissing)
        });
    }

    /// The timeline that is asked for, where nothing here tells of it.
    pub(super) fn unknown(&self) -> Option<TimelineId> {
        let Which::Number(asked) = self.options.timeline else { return None };
        (asked > self.start && self.lineage.get(asked).is_none() && self.inventory.of(asked).is_empty())
            .then_some(asked)
    }

    fn history_missing(&mut self, timeline: TimelineId) {
        let detail = if self.inventory.of(timeline).is_empty() {
            Detail::History {
                what: format!("timeline {timeline} is asked for, and neither its history file nor WAL of it is here"),
            }
        } else {
            Detail::Plain
        };
        let file = Some(history_name(timeline));
        self.findings.push(Finding { timeline: Some(timeline), file, detail, ..Finding::of(Code::HistoryMissing) });
    }

    /// The target does not descend from the timeline on which recovery starts. A backup on the way is where it starts
    /// instead.
    fn not_a_child(&mut self) {
        let (target, start) = (self.target, self.start);
        if self.backups_on_way().next().is_some() {
            return;
        }
        let Some(node) = self.lineage.get(target).filter(|n| !n.broken && target != start) else { return };
        if !self.target_line.iter().any(|&(t, _)| t == start) && !self.inventory.of(start).is_empty() {
            let what = format!(
                "it does not name timeline {start}, on which the WAL here begins: no server comes from there to timeline {target}"
            );
            let file = Some(node.file.clone());
            self.findings.push(Finding {
                timeline: Some(target),
                file,
                detail: Detail::History { what },
                ..Finding::of(Code::Unreachable)
            });
        }
    }

    /// Where a timeline begins, by its own first record.
    pub(super) fn opening(&self, timeline: TimelineId) -> Option<Lsn> {
        // Up to 9.2 the record does not name the timeline before: the pages in front of it must.
        let says_so = self.layout().dialect.generation != Generation::LegacyA;
        self.own_begin(timeline, self.begins(timeline, says_so)).map(|begin| begin.lsn)
    }

    /// Its first record stands where its history says: what lies in front of that is another promotion's.
    pub(super) fn begins_as_told(&self, timeline: TimelineId) -> bool {
        let says = self.lineage.parent(timeline).map(|parent| parent.switch);
        self.opening(timeline).zip(says).is_some_and(|(begins, says)| self.stands_at(begins, says))
    }

    /// First records of a timeline's number.
    fn begins(&self, timeline: TimelineId, says_so: bool) -> Vec<TimelineBegin> {
        let runs = self.pieces.get(&timeline).into_iter().flatten().filter_map(Piece::run);
        let runs = runs.filter(|run| says_so || run.first_timeline.is_some_and(|t| t < timeline));
        runs.filter_map(|run| run.acc.opening_of(timeline)).collect()
    }

    fn switch_mismatch(&mut self, child: TimelineId, parent: TimelineId, says: Switch) {
        let Some(begins) = self.opening(child) else { return };
        // A file that names another parent says nothing of this one's end.
        if self.findings.iter().any(|f| f.code == Code::Disproved && f.timeline == Some(child)) {
            return;
        }
        let others = self.begins(child, true).into_iter().map(|begin| begin.lsn).find(|other| *other != begins);
        let (at, detail) = match (self.stands_at(begins, says), others) {
            (false, _) => (begins, Detail::Switched { parent, says, begins }),
            // Whose pages lie in front of it, up to 9.2 nobody says.
            (true, Some(other)) if self.layout().dialect.generation != Generation::LegacyA => {
                (other, Detail::OthersBegin { begins, other })
            }
            (true, _) => return,
        };
        let file = self.lineage.get(child).map(|n| n.file.clone());
        self.findings.push(Finding {
            timeline: Some(child),
            at: Some(at),
            file,
            detail,
            ..Finding::of(Code::SwitchMismatch)
        });
    }

    /// The parent's own WAL goes on behind the switch.
    fn diverged(&mut self, child: TimelineId, parent: TimelineId, switch: Switch) {
        let layout = self.layout();
        // Where recovery takes it, it is more than news.
        let taken = |f: &Finding| f.code == Code::LeftBranch && f.timeline == Some(parent);
        let others = |f: &Finding| f.code == Code::OthersHistory && f.timeline == Some(child);
        if self.findings.iter().any(|f| taken(f) || others(f)) {
            return;
        }
        let end = self.pieces.get(&parent).and_then(|p| p.iter().filter_map(Piece::run).next_back()).map(|run| run.end);
        let (Some(to), Some(number)) = (end, switch_segment(&switch, layout)) else { return };
        let beyond = match switch {
            Switch::At(lsn) => to > lsn,
            // In which part of the segment the switch lies, only the child's first record tells.
            Switch::In(_) => self.opening(child).map_or(self.number(to) > number, |begins| to > begins),
        };
        // The first file of the parent that holds such WAL.
        let Some(first) =
            self.inventory.of(parent).iter().find(|s| s.number >= number).map(|s| s.number).filter(|_| beyond)
        else {
            return;
        };
        let at = match switch {
            Switch::At(lsn) if self.number(lsn) == first => lsn,
            _ => self.start_of(first),
        };
        let finding = self.found(Code::Diverged, parent, at, at, Detail::Diverged { switch, child, to });
        finding.lsn = None;
        finding.segment = None;
    }
}
