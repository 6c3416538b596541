//! What to do about a restore that does not come where it should.

use super::given;
use crate::telling::TellTime;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{FileName, Lsn, TimelineId};
use pgwal_recovery::failure::{Failure, Lacking};
use pgwal_recovery::pages::InvalidPage;
use pgwal_recovery::slots::SlotRefusal;
use pgwal_recovery::unlabelled::{BackupWitness, Unlabelled};
use pgwal_recovery::{OffWay, OtherCheckpoint};
use pgwal_repos::shell::quoted;

/// Of WAL that lacks what was loaded meanwhile.
pub(super) const BEHIND_MINIMAL: &str =
    "choose a target in front of it, or restore a backup that was taken after wal_level had been raised again";

/// Of a label that may be left over.
pub(super) fn without_label(advice: &str) -> String {
    format!(
        "where this is no copy but the directory of the server itself, which crashed while an exclusive backup was taken (pg_start_backup), move backup_label out of it: it then recovers from its own pg_wal, as after any crash; a copy would be corrupt without it: {advice}"
    )
}

/// `missing`: the file that recovery needs and cannot have.
pub(super) fn advice(failure: &Failure, missing: Option<&str>) -> String {
    if let (Some(file), true) = (missing, is_want_of_wal(failure)) {
        return match failure {
            Failure::NotReached | Failure::Waits { lacks: Lacking::Target, .. } => {
                format!("{}; or choose a target that this WAL holds, or none, to restore all that is here", find(file))
            }
            Failure::NoCheckpoint { label: false, .. } | Failure::NoRedo { label: false, .. } => format!(
                "{}; put it, and what follows it, into pg_wal: a server that crashed looks nowhere else, with recovery.signal neither; or restore a base backup",
                find(file)
            ),
            _ => find(file),
        };
    }
    match failure {
        Failure::Settings(error) => given::correct(error),
        Failure::Backup(_) => "take the file from another copy of the same backup, or restore another backup".into(),
        Failure::NoTimeline(TimelineId(0)) => {
            "set recovery_target_timeline = 'latest' or 'current', in small letters and without blanks, or to the number of a timeline: a server reads every other word as 0, and there is no timeline 0".into()
        }
        Failure::NoTimeline(timeline) => format!(
            "find {} in pg_wal of a server of that timeline, or ask for another: walproof timelines ARCHIVE lists them",
            FileName::History(*timeline)
        ),
        Failure::History(_) => "get the history file from pg_wal of a server of that timeline or from another copy of the archive".into(),
        Failure::NotAChild { target, .. } | Failure::WithoutMinimum { target, .. } => another_timeline(*target),
        Failure::NoCheckpoint { label: false, .. } | Failure::NoRedo { label: false, .. } => {
            "put a good copy of the segment with the checkpoint of global/pg_control, and of those behind it, into pg_wal; or restore a base backup".into()
        }
        Failure::NoCheckpoint { .. } | Failure::NoRedo { .. } => {
            "find a good copy of the segment with the checkpoint of the backup, or restore another backup".into()
        }
        Failure::Slot(refusal) => slot(refusal),
        Failure::StandbyLabel => "take backup_label and global/pg_control from one and the same backup".into(),
        Failure::Size { file, .. } => find(file),
        Failure::NotDelivered { file, .. } => format!(
            "{}, and start the server again; where a missing file is lost for good, archive-get --on-hole end ends recovery in front of it",
            find(file)
        ),
        Failure::TimelineAhead { file, .. } => {
            format!("set recovery_prefetch = off for this restore; or {}", find(file))
        }
        Failure::EndCommand { .. } => {
            "take recovery_end_command out of the settings, or name a program that is on this machine: up to 125 its exit code is only a warning".into()
        }
        Failure::CommandEnds { file, .. } => format!(
            "let restore_command end with 1 where a file is missing: a server takes each code above 125 for a command that was killed or not found; where {file} should be there, {}",
            find(file)
        ),
        Failure::SizeAhead { file, .. } => {
            format!("set recovery_prefetch = off for this restore; or {}", find(file))
        }
        Failure::Minimal => BEHIND_MINIMAL.into(),
        Failure::NotReplica => format!(
            "where wal_level was archive, set hot_standby = off for this restore; where it was minimal, {BEHIND_MINIMAL}"
        ),
        Failure::NoManager(_) => {
            "name the extension that this WAL is of in shared_preload_libraries, as it stands there on the primary".into()
        }
        Failure::OriginsFull { .. } => {
            "set max_replication_slots, from 18 on max_active_replication_origins, as high as on the server that the WAL is of".into()
        }
        Failure::PreparedFull { needed, .. } => format!("set max_prepared_transactions = {needed} or higher for this restore"),
        // Without hot standby prepared transactions need their room all the same.
        Failure::Insufficient { setting: setting @ "max_prepared_transactions", there, .. } => {
            format!("set {setting} = {there} or higher for this restore")
        }
        Failure::Insufficient { setting, there, .. } => format!("set {setting} = {there} or higher for this restore, or hot_standby = off"),
        Failure::BeforeConsistency => OLDER.into(),
        Failure::BackupEnd => "find good copies of the WAL up to the end of the backup, or restore another backup; of a backup that was never stopped (pg_stop_backup, from 15 on pg_backup_stop) there is none".into(),
        Failure::Consistency => "find good copies of the WAL up to the end of the backup, or restore another backup".into(),
        Failure::Waits { lacks: Lacking::Consistency, .. } => "find good copies of the WAL up to where the data are consistent, or restore another backup".into(),
        Failure::Waits { lacks: Lacking::Target, .. } => "choose a target that this WAL holds, on a timeline that has it".into(),
        Failure::Waits { .. } => "find a good copy of the segment with the checkpoint of the backup, or restore another backup".into(),
        Failure::LastRecord { timeline, .. } => format!(
            "ask for the timeline of these data with --target-timeline {timeline}, or restore a backup from before it was left"
        ),
        Failure::PreparedGone { xid, file } => format!(
            "copy {file} from the archive, or from another copy of it, into pg_wal before the server is started: the prepared transaction {xid} is read from it"
        ),
        Failure::NotReached => "choose a target that this WAL holds, on a timeline that has it".into(),
        Failure::PreviousTimeline { .. }
        | Failure::OtherTimeline { .. }
        | Failure::BeforeMinimum { .. }
        | Failure::CheckpointTimeline { .. } => {
            "WAL of two histories is mixed here: compare segments and history files with other copies, or restore to a target in front of it".into()
        }
        Failure::Canceled => "restore another backup: the server was shut down while this one was taken".into(),
        Failure::InPlaceTablespace(_) => {
            "set allow_in_place_tablespaces = on for this restore: a tablespace lies in the data directory itself, or its link in pg_tblspc was copied as a folder".into()
        }
        Failure::TablespaceNowhere(oid) => {
            format!("bring the files of the tablespace to where pg_tblspc/{oid} leads, or point the link to where they are, before the server is started")
        }
        // What the name is in bytes is not known any more.
        Failure::TablespaceFolder(place) if place.contains(char::REPLACEMENT_CHARACTER) => {
            "make the directory before the server is started, as the user of the server".into()
        }
        Failure::TablespaceFolder(place) => {
            let place = quoted(place);
            format!("make the directory before the server is started, as the user of the server: mkdir -m 700 -p {place}")
        }
        Failure::SignalFolder(name) => {
            format!("put an empty file in the place of the folder {name} before the server is started: rmdir {name} && touch {name}")
        }
        Failure::InvalidPages => "copy the backup anew and check it (pg_verifybackup DIR), or restore another one".into(),
        Failure::Incremental => "combine it with the backups that it builds on: pg_combinebackup FULL INCREMENTAL... -o DIR".into(),
    }
}

/// Slots hold WAL for whoever reads on at the old server: a restored one has no use for them.
fn slot(refusal: &SlotRefusal) -> String {
    let remove =
        "remove its folder in pg_replslot before the server is started: nobody reads on by it from a restored server";
    match refusal {
        SlotRefusal::Level(_, needs) => format!("set wal_level = {} for this server; or {remove}", needs.name()),
        SlotRefusal::TooMany { most, .. } => format!(
            "set max_replication_slots higher than {most}, or remove folders in pg_replslot before the server is started: nobody reads on by these slots from a restored server"
        ),
        SlotRefusal::State(file, _) => format!("{remove} ({file})"),
    }
}

/// The target lies in front of what this backup can be.
pub(super) const OLDER: &str =
    "restore a backup that ended before the target (walproof when ARCHIVE lists those known), or choose a later target";

/// A file that is missing would help.
fn is_want_of_wal(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::NoCheckpoint { .. }
            | Failure::NoRedo { .. }
            | Failure::BackupEnd
            | Failure::Consistency
            | Failure::NotReached
            | Failure::Waits { .. }
            | Failure::Size { .. }
    )
}

/// A history file that leaves a timeline inside of a record. `beside`: another timeline that left it.
pub(super) fn inside_record(
    file: &str,
    (own, at): (TimelineId, Lsn),
    record: Lsn,
    beside: Option<TimelineId>,
) -> String {
    let other = beside.map(|other| format!(", and does not come to timeline {other}, which left it"));
    format!(
        "{file} leaves timeline {own} at {at}, inside of the record at {record}, as no server does: it is not of this WAL; from a backup in front of that place a server that follows it replays timeline {own} to its end{}",
        other.as_deref().unwrap_or(" all the same")
    )
}

/// What to do where `backup_label` is not there.
pub(super) fn label(unlabelled: &Unlabelled) -> String {
    let Some(during) = &unlabelled.during else {
        return "nothing, for the directory of a server that crashed or a snapshot of all of it in one moment; a copy of a running server needs its backup_label".into();
    };
    let again = match &during.told_by {
        BackupWitness::History(file) => format!("{file} has its lines"),
        _ => "pg_backup_stop returned it".into(),
    };
    let put = format!("put the backup_label of this backup back ({again}), or restore another backup");
    if unlabelled.lived_in { format!("if this is a copy of a running server: {put}") } else { put }
}

pub(super) fn find(file: &str) -> String {
    format!(
        "find a good copy of {file}: pg_wal of the old primary, a standby, another archive; check it: walproof verify FILE"
    )
}

fn another_timeline(target: TimelineId) -> String {
    format!(
        "restore a backup from before timeline {target} left that of this backup, or ask for another timeline with --target-timeline"
    )
}

/// Where a directory stands that the way does not come by.
pub(super) fn beside(off: &OffWay) -> String {
    let OffWay { own, asked, left, .. } = off;
    match left {
        Some(left) => format!(
            "of timeline {own}, behind {left}, where the way to timeline {asked}, which is asked for, leaves that timeline"
        ),
        None => format!("of timeline {own}, and timeline {asked}, which is asked for, does not come from it"),
    }
}

/// What to do to get to the timeline that is asked for, or without it.
pub(super) fn own_way(off: &OffWay) -> String {
    let OffWay { own, asked, left, label, .. } = off;
    let alone = format!("--target-timeline {own} (recovery_target_timeline = '{own}')");
    match left {
        _ if !label => format!("{}; its own timeline is restored with {alone}", rewind(off)),
        Some(left) => format!("restore a backup of timeline {asked} or from before {left}, or this one with {alone}"),
        None => format!(
            "ask for the timeline of the backup, or one that comes from it: {alone}; or restore a backup of timeline {asked}, or from before it was left"
        ),
    }
}

/// How the directory of a server gets to the timeline beside which it lies.
pub(super) fn rewind(off: &OffWay) -> String {
    let (asked, from) = (off.asked, off.left.map(|left| format!(", from before {left}")).unwrap_or_default());
    if !off.logs_hints {
        return format!(
            "to come to timeline {asked}, restore a backup{from} (pg_rewind refuses this directory: neither checksums nor wal_log_hints are on)"
        );
    }
    format!(
        "to come to timeline {asked}, run pg_rewind on it against a server of that timeline (from 13 on with -c, for WAL that its pg_wal lacks), or restore a backup{from}"
    )
}

/// Blocks that are not there.
pub(super) fn invalid_pages(page: &InvalidPage, lsn: &str) -> String {
    let InvalidPage { rel, block, in_backup, zeros, .. } = *page;
    let why = match in_backup {
        _ if zeros => "; it is zeros by then".to_owned(),
        Some(1) => "; its file in the backup has 1 block".to_owned(),
        Some(blocks) => format!("; its file in the backup has {blocks} blocks"),
        None => ", and the backup has no file of it".to_owned(),
    };
    format!("block {block} of {}/{}/{} is changed at {lsn} without an image{why}", rel.spc, rel.db, rel.rel)
}

/// The directory and the WAL are of two histories.
pub(super) fn other_checkpoint(other: &OtherCheckpoint, tell: TellTime<'_>) -> String {
    let said = |(timeline, time): (TimelineId, Option<Timestamp>)| match time {
        Some(time) => format!("of {} on timeline {timeline}", tell(time)),
        None => format!("of timeline {timeline}"),
    };
    format!(
        "the checkpoint at {} is {} for the data directory, and {} in this WAL: they are of two histories",
        other.at,
        said(other.own),
        said(other.found)
    )
}
