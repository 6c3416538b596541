//! What to do next, and which file would come next.

use crate::time::Zone;
use pgwal_format::{FileName, SegmentName};
use pgwal_repos::RepoLayout;
use pgwal_source::Ignored;
use pgwal_source::name::{self, NamePlace};
use pgwal_verify::recovery::failure::Failure;
use pgwal_verify::recovery::{UnmetTarget, WalkEnd};
use pgwal_verify::{Code, Depth, Detail, Finding, Outcome, Severity, Verdict, WalEnd};

/// What to do about the worst finding, or what comes next where there is none.
pub(super) fn next(outcome: &Outcome, worst: Option<&Finding>, zone: &Zone) -> String {
    match worst.or_else(|| outcome.counted().find(|f| f.severity == Severity::Warning)) {
        Some(f) => {
            let advice = miswritten(outcome, f)
                .or_else(|| misfiled(outcome, f))
                .or_else(|| older_elsewhere(outcome, f))
                .or_else(|| of_restore(outcome, f))
                .unwrap_or_else(|| f.advice());
            // A target that is missed by an hour or two is mostly one of another zone.
            let missed = matches!(f.code, Code::TargetUnreached | Code::RestoreInconsistent);
            let doubt = outcome.counted().find(|other| missed && other.code == Code::TargetZone);
            doubt.map_or_else(|| advice.clone(), |doubt| format!("{}; else {advice}", doubt.advice()))
        }
        None if outcome.verdict == Verdict::Proven && outcome.backups.is_empty() && outcome.restore.is_none() => {
            format!("nothing for the WAL; keep a base backup that starts within it{}", comes_next(outcome, zone))
        }
        None if outcome.verdict == Verdict::Proven => format!("nothing{}", comes_next(outcome, zone)),
        None if unfinished_alone(outcome).is_some() => {
            "wait until a segment is whole, as ship and pg_receivewal leave it; until then restore_command = 'walproof \
             archive-get %f \"%p\" --from ARCHIVE --partial' hands out what is in it, and walproof dump lists it"
                .into()
        }
        None if outcome.depth == Depth::Records => {
            "look at other timelines (--timeline), a wider range (--start, --end) or another folder".into()
        }
        None => "run again without --depth".into(),
    }
}

/// Where all backups that are known were tried, nobody is sent to look for one among them.
fn older_elsewhere(outcome: &Outcome, f: &Finding) -> Option<String> {
    let restore = outcome.restore.as_ref()?;
    let choice = restore.chosen.as_ref().filter(|choice| !choice.reaches)?;
    let before =
        matches!(restore.missed, Some(UnmetTarget::Before { .. } | UnmetTarget::PointBefore(_) | UnmetTarget::Passed));
    let behind = before || restore.is_late() || restore.failure == Some(Failure::BeforeConsistency);
    let missed = matches!(f.code, Code::TargetUnreached | Code::RestoreInconsistent);
    let known = if choice.known == 1 { "the one backup" } else { "every backup" };
    (behind && missed).then(|| {
        format!("{known} known here ended behind the target: look for an older one elsewhere, or choose a later target")
    })
}

/// Who restores may have no server any more of which a new backup could be taken.
fn of_restore(outcome: &Outcome, f: &Finding) -> Option<String> {
    outcome.restore.as_ref()?;
    matches!(f.code, Code::WalReset | Code::Stopped).then(|| {
        let before = f.lsn.or(f.at).map(|lsn| format!(", which is {lsn}")).unwrap_or_default();
        format!(
            "choose a target in front of that place{before}, or a backup that was taken behind it (walproof backups says to \
             what each restores); where the server still runs, take a new base backup now, and check the data (pg_amcheck)"
        )
    })
}

/// The file in which WAL goes on, and what to look at where it should have come long ago.
fn comes_next(outcome: &Outcome, zone: &Zone) -> String {
    let Some(next) = next_file(outcome) else { return String::new() };
    let last = outcome.replayed.last_commit.filter(|last| zone.is_old(*last));
    let old = last.map(|_| "; a server that still writes has more: look at its pg_stat_archiver").unwrap_or_default();
    let places = crate::places::look_in(&outcome.places).map(|all| format!(", in {all}")).unwrap_or_default();
    if let Some(file) = unfinished(outcome) {
        let barman = outcome.repository.as_ref().is_some_and(|repository| repository.layout == RepoLayout::Barman);
        let or = if barman { ", barman recover --partial-wal (3.19 and later) as well" } else { "" };
        return format!(
            "; {file} goes on behind the last whole segment: restore_command = 'walproof archive-get %f \"%p\" --from ARCHIVE \
             --partial' restores what is in it{or}"
        );
    }
    format!("; the next file would be {next}{places}{old}")
}

/// The unfinished segment, where no other one is here.
pub(super) fn unfinished_alone(outcome: &Outcome) -> Option<&str> {
    let nothing = outcome.verdict == Verdict::Unproven && outcome.timelines.iter().all(|report| report.segments == 0);
    let unfinished = outcome.counted().filter(|f| f.is_left_unfinished());
    unfinished.filter(|_| nothing && outcome.restore.is_none()).last()?.file.as_deref()
}

/// The unfinished segment in which this way goes on.
fn unfinished(outcome: &Outcome) -> Option<&str> {
    let timeline = outcome.path.last();
    let is_it = |f: &&Finding| f.is_left_unfinished() && f.timeline.as_ref() == timeline;
    outcome.counted().filter(|_| outcome.restore.is_none()).find(is_it)?.file.as_deref()
}

/// The file in which WAL goes on behind its end; `None` where that is not asked, or lies in the last file itself.
fn next_file(outcome: &Outcome) -> Option<String> {
    // A timeline that has just begun: recovery goes on in its first one.
    let begun = |f: &&Finding| matches!(f.detail, Detail::NotYet { .. });
    let wants_all = outcome.restore.as_ref().is_none_or(|restore| restore.target.is_none());
    if let Some(begun) = outcome.findings.iter().find(begun).filter(|_| wants_all) {
        return begun.file.clone();
    }
    if let Some(restore) = &outcome.restore {
        return match &restore.end {
            Some(WalkEnd::NoFile(file)) if restore.target.is_none() => Some(file.clone()),
            _ => None,
        };
    }
    let (layout, (_, to)) = outcome.layout.as_ref().zip(outcome.replay)?;
    let timeline = outcome.path.last().copied()?;
    let report = outcome.timelines.iter().find(|t| t.timeline == timeline && t.to == to)?;
    let (address, size) = (layout.address(), layout.segment);
    let within = address.segment(to, size);
    let next = match report.end {
        _ if address.offset(to, size) == 0 => within,
        WalEnd::Continues | WalEnd::Switch => within.next(),
        _ => return None,
    };
    Some(SegmentName::new(timeline, next, address, size).to_string())
}

/// The missing file may be here, where the tool that keeps the place does not look; beside a damaged one may lie a good
/// one.
fn misfiled(outcome: &Outcome, f: &Finding) -> Option<String> {
    let beside =
        |other: &&Finding| matches!(&other.detail, Detail::Misfiled(at) if at.taken.is_some() && at.taken == f.file);
    if let Some(beside) = outcome.findings.iter().find(beside) {
        return Some(beside.advice());
    }
    let missing = f.file.as_deref().filter(|_| matches!(f.code, Code::Gap | Code::HistoryMissing))?;
    let missing = FileName::parse(missing.rsplit('/').next()?)?;
    let is_it = |other: &&Finding| {
        let file =
            other.file.as_deref().filter(|_| other.code == Code::Misfiled).and_then(|file| file.rsplit('/').next());
        matches!(file.map(name::place), Some(NamePlace::Wal(placed)) if placed.name == missing)
    };
    let here = outcome.findings.iter().find(is_it)?;
    Some(format!("{} is here: {}", here.file.as_deref().unwrap_or("it"), here.advice()))
}

/// The missing file may be here, under a name that a server does not ask for.
fn miswritten(outcome: &Outcome, f: &Finding) -> Option<String> {
    let missing = f.file.as_deref().filter(|_| f.code == Code::Gap)?;
    let same = |name: &&String| Ignored::as_written(name).is_some_and(|right| right.split('.').next() == Some(missing));
    let here = outcome.unknown.miswritten.iter().find(same)?;
    let right = Ignored::as_written(here)?;
    let told =
        outcome.findings.iter().find(|other| other.code == Code::Miswritten && other.file.as_ref() == Some(here));
    Some(told.map_or_else(|| format!("give {here} the name that a server asks for: {right}"), Finding::advice))
}
