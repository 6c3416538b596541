//! What it means for a server that starts from here.

use crate::figures::counted;
use crate::restore;
use crate::time::Zone;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_repos::RepoLayout;
use pgwal_verify::backup::{FlawKind, StartFlaw, StartObstacle};
use pgwal_verify::finding::PackingFlaw;
use pgwal_verify::recovery::outcome::Restore;
use pgwal_verify::wording::restored as wording;
use pgwal_verify::{Code, Detail, Finding, Outcome, Severity, Verdict};

/// In lines.
pub(in crate::verify) fn impact(outcome: &Outcome, worst: Option<&Finding>, zone: &Zone) -> Vec<String> {
    let first = match (&outcome.restored, &outcome.restore) {
        (Some(cluster), _) => wording::impact(cluster),
        (None, Some(restore)) => of_restore(outcome, restore),
        (None, None) => without_backup(outcome, worst),
    };
    std::iter::once(first).chain(out_of_reach(worst, zone)).collect()
}

/// What is foretold, and what keeps a server from coming so far on the data directory as it lies.
fn of_restore(outcome: &Outcome, restore: &Restore) -> String {
    let foretold = restore::text::impact(restore);
    match obstacle(outcome).filter(|_| restore.is_good()) {
        Some(f) if matches!(&f.detail, Detail::Flaw(own) if lacks_tablespace(own)) => {
            format!("once the tablespace that {} names has its files, {foretold}", f.code)
        }
        Some(Finding {
            detail:
                Detail::Flaw(FlawKind::Start(StartFlaw {
                    obstacle: StartObstacle::OtherDirectory(_),
                    says: None,
                    data,
                    ..
                })),
            code,
            ..
        }) => {
            format!(
                "a server that is started with -D {data} works in another directory ({code}); in this one, {foretold}"
            )
        }
        Some(f) => format!(
            "no server starts on the data directory as it lies ({}); once that is put right, {foretold}",
            f.code
        ),
        None if restore.is_good() && delivers_nowhere(outcome) => {
            format!("as it lies, restore_command gets nothing on this machine (WP435); once it delivers, {foretold}")
        }
        None => foretold,
    }
}

/// The files of a tablespace are not where they should be.
fn lacks_tablespace(flaw: &FlawKind) -> bool {
    matches!(flaw, FlawKind::TablespaceNowhere { .. } | FlawKind::TablespaceEmpty { .. })
}

/// The command is one that does nothing on this machine, on which a server will be started.
fn delivers_nowhere(outcome: &Outcome) -> bool {
    outcome.counted().any(|f| matches!(&f.detail, Detail::Command(own) if own.doubt.gets_nothing_here()))
}

/// What is to be put right in a data directory before a server replays anything on it, where the verdict leaves it out.
pub(super) fn obstacle(outcome: &Outcome) -> Option<&Finding> {
    let layout = outcome.layout.as_ref();
    let stops = |f: &&Finding| {
        matches!(
            f.detail,
            Detail::Flaw(FlawKind::TablespaceNowhere { .. } | FlawKind::TablespaceEmpty { .. } | FlawKind::Start(_))
        ) || f.server_says(layout).is_some()
    };
    outcome.counted().filter(|f| f.code == Code::BackupStructure && f.severity >= Severity::Warning).find(stops)
}

fn without_backup(outcome: &Outcome, worst: Option<&Finding>) -> String {
    let Some(f) = worst else {
        return match outcome.verdict {
            Verdict::Proven if outcome.accepted() > 0 => {
                "replay from a base backup older than what is accepted still stops there; from one within this WAL all of it replays".into()
            }
            Verdict::Proven if outcome.lowered > 0 => "what --severity made less than an error may stop replay where it lies".into(),
            Verdict::Proven => match gap_in_front(outcome).and_then(|gap| gap.lsn) {
                Some(lsn) => format!("replay from a base backup older than the gap stops at {lsn}; from one within what is PROVEN all of it replays"),
                None if outcome.backups.iter().any(|b| b.beside.is_some()) => {
                    "none known for a base backup on this way, which replays all of it; a server that starts from one beside it does not start on this way".into()
                }
                None => "none known: a server that starts from a base backup within this WAL replays all of it".into(),
            },
            _ => "damage in what was not looked at is not noticed".into(),
        };
    };
    let fatal = outcome.layout.as_ref().is_none_or(|l| l.dialect.unreached_target_is_fatal);
    match f.code {
        Code::RepositoryInfo if f.file.as_deref().is_some_and(|file| file.contains("backup.info")) => {
            "the backup tool finds none of its backups to restore; WAL it gives out as before, and that replays on a backup from elsewhere".into()
        }
        Code::RepositoryInfo => "a restore through the backup tool gets no WAL; what lies here replays where it is fetched in another way".into(),
        Code::BackupNotRestorable if matches!(f.detail, Detail::OfListedBackup { none_left: false, .. }) => {
            "nothing can be restored from this backup; others of the repository restore (walproof backups)".into()
        }
        Code::BackupNotRestorable => "nothing can be restored from this repository: WAL replays on a base backup only".into(),
        Code::BackupContent => "a server starts from the backup, and comes to something else, or fails at what is damaged".into(),
        Code::CopiesDiffer if f.lsn.is_none() => "which of the copies a restore takes decides what it comes to".into(),
        Code::TooShort | Code::Stale => "what is here replays; newer WAL is not here".into(),
        // Nobody restores from what is no file of WAL, nor named as one.
        Code::NotWal if outcome.layout.is_none() && outcome.verdict == Verdict::Unproven => {
            "none: that is no WAL, and nothing is said of an archive".into()
        }
        _ if f.code.is_could_not_look() => "nothing can be said of what cannot be looked at".into(),
        Code::PackedOtherwise if matches!(f.detail, Detail::Packing(PackingFlaw::Otherwise { given: Some(_), .. })) => {
            "a server refuses what it is given of the file: FATAL, whatever the target".to_owned()
        }
        Code::Size | Code::PackedTwice => "a server refuses the file: FATAL, whatever the target".to_owned(),
        Code::HistorySyntax | Code::HistoryOrder | Code::HistoryEmpty => {
            "a server that recovers to this timeline does not start: FATAL".into()
        }
        Code::HistoryMissing => {
            "\"latest\" stops before this timeline without a word; asked for by number: FATAL".into()
        }
        Code::OthersHistory if f.severity < Severity::Error => {
            "none where a backup starts before that place: a server replays to the end of this WAL".into()
        }
        Code::BackupOverwritten => "a server that is restored from that backup does not start: FATAL".into(),
        Code::OthersHistory if matches!(f.detail, Detail::InsideRecord { .. }) => {
            "a server that looks for the latest timeline replays what was left, to its end, and promotes there".into()
        }
        Code::OthersHistory | Code::Astray => "a server that looks for the latest timeline does not start: FATAL".into(),
        Code::LeftBranch => {
            "a server goes on along the branch that was left: what was left behind comes back, what came later on the newer timeline is lost".into()
        }
        Code::Stopped => "a server that comes from the backups named dies there, whatever the target behind it".into(),
        Code::Disproved => {
            "a server believes the file: it ends where it leads nowhere, or replays a branch that was left".into()
        }
        Code::Gap if partial_at(outcome, f).is_some() => of_partial(partial_at(outcome, f).unwrap_or_default()),
        _ if fatal => "a server with no target promotes silently here; with a later target: FATAL".into(),
        _ => "a server promotes silently here, with a later target as well (12 and earlier)".into(),
    }
}

/// What Barman's own command does where the unfinished segment is all that is left.
fn of_partial(file: &str) -> String {
    format!(
        "barman get-wal -P, which barman recover --get-wal sets, hands out {file} there as it is stored: a server ends with FATAL for its size if it is packed, whatever the target; by another command one with no target promotes silently"
    )
}

/// The unfinished segment that Barman gives out where a complete one is missing.
fn partial_at<'a>(outcome: &'a Outcome, gap: &Finding) -> Option<&'a str> {
    outcome.repository.as_ref().filter(|repository| repository.layout == RepoLayout::Barman)?;
    let partial = |f: &&Finding| f.is_left_unfinished() && f.at.is_some() && f.at == gap.at;
    outcome.findings.iter().find(partial)?.file.as_deref()
}

/// The last gap in front of what is proven, from before which somebody may want to start.
pub(super) fn gap_in_front(outcome: &Outcome) -> Option<&Finding> {
    let (from, _) = outcome.replay?;
    let on_way =
        |f: &&Finding| f.timeline.is_some_and(|t| outcome.path.contains(&t)) && f.lsn.is_some_and(|lsn| lsn < from);
    outcome
        .counted()
        .filter(|f| f.code.is_hole() && f.severity == Severity::Warning)
        .filter(on_way)
        .max_by_key(|f| f.lsn)
}

/// What lies behind the end of replay and is here.
fn out_of_reach(worst: Option<&Finding>, zone: &Zone) -> Option<String> {
    let (f, lost) = worst.and_then(|f| Some((f, f.lost?))).filter(|(_, l)| l.records_after > 0)?;
    let mut text = format!(
        "{}, {} after it {} in the archive but {}",
        counted(lost.records_after.into(), "record"),
        counted(lost.commits_after.into(), "commit"),
        if (lost.records_after, lost.commits_after) == (1, 0) { "is" } else { "are" },
        if f.code.is_could_not_look() { "not proven to be in reach" } else { "out of reach" }
    );
    let local = |time: Timestamp| zone.local(time);
    if let (Some(from), Some(to)) = (lost.last_commit.and_then(local), lost.last_commit_after.and_then(local)) {
        text += &format!("; {from} to {to}");
    }
    Some(text)
}
