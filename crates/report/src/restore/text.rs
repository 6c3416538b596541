//! The verdict of a restore for people: the same lines as every verdict, and what the server would do.

use crate::figures::{counted, grouped};
use crate::restore::json::aim;
use crate::time::Zone;
use crate::words::except;
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::backup::{FlawKind, StartFlaw, StartObstacle};
use pgwal_verify::recovery::failure::Failure;
use pgwal_verify::recovery::outcome::{AsksArchive, Ending, FileAsked, Restore, Status};
use pgwal_verify::recovery::sum::ReplayedCommit;
use pgwal_verify::recovery::unlabelled::Unlabelled;
use pgwal_verify::recovery::{Alternative, BackupChoice, Instead, PassedOver, Respelled, Target, WalkEnd, WhyPassed};
use pgwal_verify::{Code, Detail, Finding, Outcome, RestoredEnd, RestoredReport, Severity, Verdict, WalEnd};

/// Files of one kind that are told one by one.
const TOLD: usize = 5;

/// The sentence behind VERDICT.
pub fn headline(outcome: &Outcome, r: &Restore, zone: &Zone) -> String {
    let to = whither(outcome, r, zone);
    if let Some(told) =
        outcome.restored.as_deref().filter(|_| r.is_good()).and_then(|left| of_cluster(outcome, left, &to))
    {
        return told;
    }
    match outcome.verdict {
        Verdict::Proven if r.target.is_some() => format!("PROVEN{}: this restores to {to}", except(outcome)),
        Verdict::Proven => format!("PROVEN{}: this restores to the end of WAL, {to}", except(outcome)),
        Verdict::Refuted if r.is_good() && r.is_torn() => {
            format!("REFUTED: this comes to {to}, with data that are not whole")
        }
        Verdict::Refuted if r.is_good() && outcome.counted().any(is_of_other_directory) => {
            format!("REFUTED: a server works in another directory; on this one it would come to {to}")
        }
        Verdict::Refuted if r.is_good() && outcome.counted().any(is_of_backup) => {
            format!("REFUTED: this comes to {to}, with a backup that is not whole")
        }
        Verdict::Refuted if r.left_branch.is_some_and(|_| r.failure.is_none()) => {
            let fork = r.left_branch.map(|branch| format!("{}, where it was left", branch.fork)).unwrap_or_default();
            format!("REFUTED: this goes on along timeline {} behind {fork}, to {to}", r.timeline)
        }
        Verdict::Refuted if r.is_good() && outcome.counted().any(is_of_another_target) => {
            format!("REFUTED: this does not restore to the target that is asked for; it comes to {to}")
        }
        Verdict::Refuted if r.target.is_some() => {
            format!("REFUTED: this does not restore to {}; it comes to {to}", wanted(r, zone))
        }
        Verdict::Refuted if r.replay_end.is_none() => "REFUTED: recovery does not start".into(),
        Verdict::Refuted => format!("REFUTED: this restores no further than {to}"),
        Verdict::Unproven if r.unlabelled.as_ref().is_some_and(Unlabelled::is_doubtful) => {
            format!("UNPROVEN: this comes to {to}; whether the data are whole cannot be told")
        }
        Verdict::Unproven if r.ending == Ending::Waits => {
            "UNPROVEN: the archive alone does not start this standby; what is missing may come from its primary".into()
        }
        Verdict::Unproven => "UNPROVEN: what decides it cannot be looked at".into(),
    }
}

/// A target of the settings counts more than the one that is asked for.
fn is_of_another_target(finding: &Finding) -> bool {
    finding.code == Code::SettingBeside && finding.severity == Severity::Error
}

/// The same of a cluster that was restored already.
fn of_cluster(outcome: &Outcome, left: &RestoredReport, to: &str) -> Option<String> {
    match (outcome.verdict, left.ended.code()) {
        (Verdict::Proven, None) if left.ended == RestoredEnd::WentOn => {
            let end = left.at.map_or_else(|| to.to_owned(), |(timeline, lsn)| format!("{lsn} on timeline {timeline}"));
            Some(format!(
                "PROVEN{}: the restored cluster came to where WAL ended when its history file was written, {end}",
                except(outcome)
            ))
        }
        (Verdict::Proven, None) => {
            Some(format!("PROVEN{}: the restored cluster came where it should, to {to}", except(outcome)))
        }
        (Verdict::Refuted, Some(Code::RestoredElsewhere)) => {
            Some(format!("REFUTED: the restored cluster did not come where it should, to {to}"))
        }
        (Verdict::Unproven, Some(Code::RestoredUnknown)) => {
            Some(format!("UNPROVEN: whether the restored cluster came where it should, to {to}, cannot be told"))
        }
        _ => None,
    }
}

/// `data_directory` names another one.
fn is_of_other_directory(finding: &Finding) -> bool {
    let is_other = |flaw: &StartFlaw| flaw.says.is_none() && matches!(flaw.obstacle, StartObstacle::OtherDirectory(_));
    let elsewhere = matches!(&finding.detail, Detail::Flaw(FlawKind::Start(flaw)) if is_other(flaw));
    finding.severity == Severity::Error && elsewhere
}

/// What is wrong with the backup itself.
fn is_of_backup(f: &Finding) -> bool {
    let of_backup = matches!(
        f.code,
        Code::BackupContradicts | Code::BackupFiles | Code::BackupTar | Code::BackupStructure | Code::BackupCluster
    );
    of_backup && f.severity == Severity::Error
}

fn wanted(r: &Restore, zone: &Zone) -> String {
    match r.target.as_ref().map(|t| &t.target) {
        Some(Target::Time(time)) => local(*time, zone),
        Some(Target::Immediate) => "where its data are consistent".into(),
        Some(target) => {
            let (kind, value) = aim(target);
            format!("{kind} {value}")
        }
        None => "the end".into(),
    }
}

fn whither(outcome: &Outcome, r: &Restore, zone: &Zone) -> String {
    let Some(end) = r.replay_end else { return "nothing".into() };
    // How old it is tells something of the archive only where all of it was wanted.
    let ago = |time: Timestamp| zone.ago(time).filter(|_| r.target.is_none()).map(|ago| format!(", {ago}"));
    let told = |c: ReplayedCommit| format!(" ({}{})", local(c.time, zone), ago(c.time).unwrap_or_default());
    let time = r.replayed.last_commit.map(told).unwrap_or_default();
    // A server says the end of a switch to be that of its segment; elsewhere the record's own end is told.
    let layout = outcome.layout.as_ref();
    let is_of_end = |at: Lsn| {
        layout.is_some_and(|layout| {
            let (address, size) = (layout.address(), layout.segment);
            at < end && address.segment_start(address.segment(at, size).next(), size) == end
        })
    };
    let switched = outcome.timelines.iter().find(|t| t.timeline == r.timeline && t.end == WalEnd::Switch);
    let switched = switched.filter(|t| is_of_end(t.to)).map(|t| format!(", behind the segment switch at {}", t.to));
    format!("{end}{time} on timeline {}{}", r.timeline, switched.unwrap_or_default())
}

fn local(time: Timestamp, zone: &Zone) -> String {
    zone.local(time).unwrap_or_else(|| "a time that no calendar has".into())
}

/// What the server does.
pub fn impact(r: &Restore) -> String {
    if r.closed {
        return "what the server does depends on what cannot be looked at here".into();
    }
    let says = r.server_says.as_deref().unwrap_or("");
    let timeline = r.new_timeline.map(|t| format!(" on the new timeline {t}")).unwrap_or_default();
    let starts = if r.starts && matches!(r.ending, Ending::Fatal | Ending::Panic) {
        "; until then it answers queries"
    } else {
        ""
    };
    if let Some(Failure::LastRecord { at, file, .. }) = r.failure.as_ref().filter(|_| r.ending == Ending::Panic) {
        return format!(
            "the server ends with PANIC at the last record, at {at}, which it reads once more: {file} holds other WAL there, and its log says what is wrong with that{starts}"
        );
    }
    match r.ending {
        Ending::Promotes => {
            let left = r.left_branch.map(|b| format!(", with what was left behind on timeline {}", b.timeline));
            format!("the server takes writes{timeline}{}", left.unwrap_or_default())
        }
        Ending::Pauses if r.failure.is_some() => format!("the server pauses for good: {says}"),
        Ending::Pauses => {
            "the server pauses there and answers queries, until pg_wal_replay_resume or a promotion".into()
        }
        Ending::ShutsDown => "the server shuts down there".into(),
        Ending::Waits if matches!(r.failure, Some(Failure::Waits { .. })) => {
            "the standby waits for what cannot be read, tries again, and accepts no connections".into()
        }
        Ending::Waits if r.command.is_some_and(|command| command.waits) => {
            "restore_command waits there for more WAL, until its trigger file or a promotion ends that".into()
        }
        Ending::Waits => "the standby waits there for more WAL".into(),
        Ending::Fatal
            if matches!(
                &r.failure,
                Some(
                    Failure::SizeAhead { certain: false, .. }
                        | Failure::TimelineAhead { certain: false, .. }
                        | Failure::NotDelivered { certain: false, .. }
                        | Failure::CommandEnds { certain: false, .. }
                )
            ) =>
        {
            format!(
                "the server may end with FATAL: {says}; or it reaches the target: a matter of what it has in memory"
            )
        }
        Ending::Fatal if matches!(&r.failure, Some(Failure::NotDelivered { .. })) => format!(
            "walproof archive-get does not hand the file out, and the server stops with FATAL: {says}{starts}; once a good copy is there, it goes on from its last restart point"
        ),
        // What stops by request says nothing.
        Ending::Fatal if matches!(&r.failure, Some(Failure::CommandEnds { .. })) && says.is_empty() => {
            format!("the server ends without a word of why: restore_command ends as one that was asked to stop{starts}")
        }
        Ending::Fatal => format!("the server ends with FATAL: {says}{starts}"),
        Ending::Panic => format!("the server ends with PANIC: {says}{starts}"),
    }
}

/// The lines that only a restore has: their labels and texts.
pub fn lines(r: &Restore, zone: &Zone) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&'static str, String)> =
        r.chosen.iter().map(|choice| ("BACKUP", chosen(choice, r, zone))).collect();
    let consistent = match r.consistent_at {
        Some(lsn) => format!("consistent at {lsn}"),
        // As after a crash, or a clean end: nothing has to be reached.
        None if r.is_good() && r.asks_archive == AsksArchive::Never => "whole as it lies".to_owned(),
        None => "never consistent".to_owned(),
    };
    let end = r.replay_end.map_or_else(|| "no record is replayed".to_owned(), |lsn| format!("to {lsn}"));
    let own = r.own_wal.map(|own| format!(" (its own pg_wal first, to {})", own.to)).unwrap_or_default();
    let records = counted(r.replayed.records.into(), "record");
    out.push((
        "RESTORE",
        format!(
            "from {}{own} {end}, {consistent}, {records}, {}",
            r.redo_start,
            counted(r.replayed.commits.into(), "commit")
        ),
    ));
    let told = |c: &ReplayedCommit| format!("{} of {} at {}", c.xid, local(c.time, zone), c.lsn);
    let kept = r.replayed.last_commit.as_ref();
    let kept = kept.map_or_else(|| "none is kept".to_owned(), |c| format!("the last one kept is {}", told(c)));
    let dropped = r.first_dropped.as_ref().map_or_else(|| none_dropped(r), told);
    out.push(("COMMITS", format!("{kept}; the first one dropped: {dropped}")));
    out.push(("FILES", files(r)));
    out.extend(r.alternatives.iter().map(|a| ("INSTEAD", instead(a, zone))));
    if let Some(Respelled { given, spelled, refused }) = &r.respelled {
        let why = if *refused { "which a server does not take there" } else { "which a server reads in its own zone" };
        out.push(("SETTING", format!("recovery_target_time = '{spelled}'  ('{given}', {why})")));
    }
    // How times were read has a line of its own.
    let all: Vec<&(String, String)> = r.assumed.iter().filter(|(name, _)| name != "timezone").collect();
    if !all.is_empty() {
        out.push(("ASSUMED", assumed(&all)));
    }
    out
}

/// The backup that was chosen for a restore, and why.
pub fn chosen(choice: &BackupChoice, r: &Restore, zone: &Zone) -> String {
    let began = choice.began.as_ref().map(|text| zone.as_written(text));
    let said: Vec<&str> = choice.label.iter().chain(&began).map(String::as_str).collect();
    let called = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
    let to = if r.target.is_some() { "reaches the target" } else { "comes to the end of WAL" };
    let why = match (choice.reaches, choice.known) {
        (false, known) if choice.untried > 0 => {
            let (untried, tried) = (choice.untried, known.saturating_sub(choice.untried));
            format!("none of {tried} {to}; {untried} more are known and were not tried: name one with --backup")
        }
        (true, 1) => format!("the only one known, and it {to}"),
        (true, known) => format!("the newest of {known} that {to}"),
        (false, 1) => format!("the only one known; it never {to}"),
        (false, known) => format!("none of {known} {to}"),
    };
    format!("{}{called}: {why}{}", choice.file, passed_over(&choice.passed_over))
}

fn passed_over(all: &[PassedOver]) -> String {
    let behind = all.iter().filter(|passed| passed.why == WhyPassed::BehindTarget).count();
    let mut out = match behind {
        0 => String::new(),
        1 => "; 1 was taken behind it".into(),
        count => format!("; {count} were taken behind it"),
    };
    let parts = all.iter().filter(|passed| passed.why == WhyPassed::Incremental);
    if let Some(newest) = parts.clone().map(|passed| &passed.file).max() {
        let more = match parts.count() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        out += &format!(
            "; not {newest}{more} (incremental: restores only as what pg_combinebackup makes of it and those before it)"
        );
    }
    let told = |passed: &&PassedOver| !matches!(passed.why, WhyPassed::BehindTarget | WhyPassed::Incremental);
    for passed in all.iter().filter(told).take(TOLD) {
        let why = match &passed.why {
            WhyPassed::Fails(Some(says)) => format!("a server says: {says}"),
            WhyPassed::NoWal => "its WAL is not here".into(),
            WhyPassed::Fails(None) | WhyPassed::BehindTarget | WhyPassed::Incremental => {
                "it does not come there".into()
            }
        };
        out += &format!("; not {} ({why})", passed.file);
    }
    out
}

/// Nobody looks at all that is here for one commit.
fn none_dropped(r: &Restore) -> String {
    let partial = r.alternatives.iter().find_map(|a| match &a.instead {
        Instead::Partial(file) if a.more_commits > 0 => Some(file),
        _ => None,
    });
    match (partial, &r.partial, &r.end) {
        (Some(file), ..) => format!("none but in {file}"),
        (None, Some(file), _) => format!("none in whole segments; {file} goes on behind them"),
        (None, None, _) if r.dropped_cut => "none in the next segments".into(),
        (None, None, Some(WalkEnd::NoFile(file) | WalkEnd::Size { file, .. })) if r.more_behind => {
            format!("none before {file}, behind which there is more WAL")
        }
        _ => "none that is here".into(),
    }
}

/// Settings of one value are told together.
fn assumed(all: &[&(String, String)]) -> String {
    let mut told: Vec<(Vec<&str>, &str)> = Vec::new();
    for (name, value) in all {
        match told.iter_mut().find(|(_, known)| known == value && value.contains(' ')) {
            Some((names, _)) => names.push(name),
            None => told.push((vec![name], value)),
        }
    }
    let text = |(names, value): &(Vec<&str>, &str)| match names.as_slice() {
        [_, _, ..] => format!("{} {value}", names.join(", ")),
        _ => format!("{} = {value}", names.concat()),
    };
    told.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn instead(a: &Alternative, zone: &Zone) -> String {
    let time = a.last_commit.map(|c| format!(" ({})", local(c.time, zone))).unwrap_or_default();
    let there = format!("{}{time} on timeline {}", a.replay_end, a.timeline);
    let verb = if a.reaches_target { "reaches the target," } else { "comes to" };
    let more = match a.more_commits {
        n if n > 0 => format!(", {} more", counted(n.unsigned_abs().into(), "commit")),
        n if n < 0 => format!(", {} fewer", counted(n.unsigned_abs().into(), "commit")),
        _ => String::new(),
    };
    match &a.instead {
        Instead::Earlier { last, without_reading_ahead } => {
            let set = if *without_reading_ahead { " --set recovery_prefetch=off" } else { "" };
            let (kind, value) = aim(last);
            format!("be content with --target-{kind} {value}{set}, which keeps everything up to {there}")
        }
        Instead::Before(lsn) => {
            format!(
                "stop where the timeline was left, with --target-lsn {lsn} --target-inclusive off: keeps everything up to {there}"
            )
        }
        Instead::Partial(file) => {
            format!(
                "restore_command = 'walproof archive-get %f \"%p\" --from ARCHIVE --partial', which takes {file}, or a copy of \
                 that under the name without .partial, filled up with zeros: {verb} {there}{more}"
            )
        }
        Instead::Timeline(timeline) => format!("--target-timeline {timeline}: {verb} {there}{more}"),
        Instead::Backup(file) => format!("--backup {file}: {verb} {there}"),
        Instead::BackupOn(file, timeline) => format!("--backup {file} --target-timeline {timeline}: {verb} {there}"),
        Instead::Behind(file) => {
            format!("--backup {file} --target-immediate: the nearest point behind the target, {there}")
        }
        Instead::Immediate => format!("--target-immediate: the earliest point that this backup can be, {there}"),
        Instead::Setting(name, value) => format!("--set {name}={value}: {verb} {there}{more}"),
    }
}

fn files(r: &Restore) -> String {
    let files = &r.files;
    // What nobody here may read is not therefore damaged.
    let status =
        |status: Status| if r.closed && status == Status::Damaged { "cannot be read here" } else { status.name() };
    let of = |status: Status| files.iter().filter(move |f| f.status == status);
    let wanted: Vec<&FileAsked> = files.iter().filter(|f| f.needed && f.status != Status::Present).collect();
    let bytes: u64 = of(Status::Present).filter_map(|f| f.size).sum();
    let count = of(Status::Present).count() as u64;
    let present = format!(
        "{} {} asked for and here, {} bytes",
        grouped(count.into()),
        if count == 1 { "is" } else { "are" },
        grouped(bytes.into())
    );
    let list = |all: &[&FileAsked]| {
        let mut text =
            all.iter().take(TOLD).map(|f| format!("{} ({})", f.name, status(f.status))).collect::<Vec<_>>().join(", ");
        if all.len() > TOLD {
            text += ", …";
        }
        text
    };
    match wanted.as_slice() {
        [] => format!("{present}; walproof plan lists them"),
        some => format!("{present}; needed and not to be had: {}", list(some)),
    }
}
