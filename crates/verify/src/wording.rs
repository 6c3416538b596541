//! Findings in words: what is wrong, what a server of that version says and does there, what to do.

mod backup;
mod copies;
mod given;
mod message;
mod misfiled;
mod packing;
mod restore;
pub mod restored;
mod server;
mod start;
mod target;

pub(crate) use target::{early as early_act, missed as target_missed, named as target_named};

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding, Unasked};
use crate::telling::{TellTime, utc};
use pgwal_format::text::history::Switch;
use pgwal_format::{FileName, Layout};
use pgwal_recovery::backup::FlawKind;
use pgwal_repos::shell::quoted;
use pgwal_source::Codec;
use pgwal_source::name::{self, NamePlace, finished};

/// What is to be looked for in the place of a file: one whose name has a checksum of its content is never found again.
fn wanted(file: &str) -> String {
    match name::place(file.rsplit('/').next().unwrap_or(file)) {
        NamePlace::Wal(placed) if placed.sha1.is_some() => placed.name.to_string(),
        _ => file.to_owned(),
    }
}

impl Finding {
    /// What is wrong, in a sentence without a full stop. With a layout (that of the outcome), addresses are told as
    /// segments and offsets, too. Names of files and databases stand in it as they are: for a terminal or a log, escape
    /// what is not printable.
    pub fn message(&self, layout: Option<&Layout>) -> String {
        message::message(self, layout, &utc)
    }

    /// The same, with times as `tell` tells them.
    pub fn message_with_times(&self, layout: Option<&Layout>, tell: TellTime<'_>) -> String {
        message::message(self, layout, tell)
    }

    /// What a server of this version says when it gets here; `None` where it notices nothing.
    pub fn server_says(&self, layout: Option<&Layout>) -> Option<String> {
        // It takes no file of that name, unless a tool gives it out.
        let unfinished = self.file.as_deref().is_some_and(|file| file.contains(".partial"));
        if unfinished && self.severity != Severity::Error {
            return None;
        }
        if let Detail::Flaw(kind) = &self.detail
            && let Some(says) = backup::says(self.file.as_deref().unwrap_or_default(), kind)
        {
            return Some(says);
        }
        server::says(self, layout?)
    }

    /// What to do next.
    pub fn advice(&self) -> String {
        let file = self.file.as_deref().unwrap_or("the file");
        let wanted = wanted(file);
        if let Some(copy) = &self.copy {
            let typed = quoted(copy);
            if self.code == Code::Gap {
                let (folder, name) = copy.split_at(copy.rfind('/').map_or(0, |slash| slash + 1));
                let file = finished(name).unwrap_or(file);
                return format!(
                    "look at {copy}, which a copy under way or one that broke off left here: walproof verify {typed}; if it is whole, rename it: mv {typed} {}",
                    quoted(&format!("{folder}{file}"))
                );
            }
            return match copy.ends_with(".partial") {
                true => format!(
                    "look at {copy}, which is here as well: walproof verify {typed}; a server takes it only under the name without .partial, filled up with zeros"
                ),
                false => format!(
                    "look at {copy}, which is here as well: walproof verify {typed}; keep the good one of the two"
                ),
            };
        }
        if let Detail::Flaw(kind) = &self.detail
            && let Some(advice) = backup::advice(file, kind)
        {
            return advice;
        }
        match (self.code, &self.detail) {
            (_, Detail::BackupBeside { beside, .. }) => format!(
                "restore {file} with --target-timeline {0} (recovery_target_timeline = '{0}'), and keep test restores from archiving here",
                beside.ask
            ),
            (
                _,
                Detail::Restore { instead: Some(instead), .. } | Detail::RestoreLater { instead: Some(instead), .. },
            ) => {
                target::instead(instead)
            }
            (_, Detail::Restore { missed: Some((missed, _)), missing, .. }) => {
                target::advice(missed, missing.as_deref())
            }
            (_, Detail::Restore { beside: Some(off), .. }) => restore::own_way(off),
            (_, Detail::Restore { failure, missing, hidden, .. }) => {
                let advice = restore::advice(failure, missing.as_deref());
                if hidden.is_some() { restore::without_label(&advice) } else { advice }
            }
            (_, Detail::Restored(report)) => restored::advice(report),
            (_, Detail::MinimalReplayed) => restore::BEHIND_MINIMAL.into(),
            (_, Detail::ShortOfMinimum(point)) => format!(
                "put the WAL up to {point} into pg_wal before a server is started: from the primary, another standby or the archive; or take a new copy"
            ),
            (_, Detail::Unlabelled { unlabelled, .. }) => restore::label(unlabelled),
            (_, Detail::TablespaceUnlinked(_)) => format!(
                "link {file} to where the files of that tablespace are, before a server is started: ln -s PLACE {}",
                quoted(file)
            ),
            (_, Detail::DatabaseGone(_)) => format!("copy {file} from the backup before a server is started: all of the data of that database lie in it"),
            (_, Detail::OthersTablespace(_)) => {
                "restore on another machine or in a container, where that place is empty; or choose a target in front of the record that makes the tablespace".into()
            }
            (_, Detail::SettingBeside(setting)) => given::replace(setting),
            (_, Detail::TargetOutranked(setting)) => given::leave_out(setting),
            (_, Detail::Command(own)) => given::deliver(own),
            (_, Detail::HeldBack { .. }) => {
                "set recovery_min_apply_delay = 0 before the server is started, or wait".into()
            }
            (_, Detail::ArchivesHere(_)) => {
                "for a test restore set archive_mode = off before the server is started; for the server that takes over, this is as it should be".into()
            }
            (_, Detail::NoSource { archive }) => {
                format!("set a restore_command that takes files from here: {}", given::get_from(archive.as_deref()))
            }
            (_, Detail::NoSignal(Unasked { off: Some(off), .. })) => restore::rewind(off),
            (_, Detail::NoSignal(Unasked { data, .. })) if file == "recovery.conf" => {
                format!("write {file} in {data} before the server is started, with a restore_command: walproof when ARCHIVE POSITION prints it")
            }
            (_, Detail::NoSignal(Unasked { data, .. })) => {
                format!("make {file} in {data}, empty, before the server is started: touch {}", quoted(&format!("{data}/{file}")))
            }
            (_, Detail::RestoreLater { .. }) => restore::OLDER.into(),
            (_, Detail::RolledBack(_)) => "make sure that this is the transaction that is meant: walproof when ARCHIVE xid:N".into(),
            (_, Detail::EarlyAct(act, positions)) => target::save(act, *positions),
            (_, Detail::LeftOut(left)) => format!("to keep them, stop behind the last of them: --target-xid {}", left.last.xid),
            (_, Detail::ZoneDoubt(..)) => {
                "say which one is meant: --timezone with the zone of the server, or a distance from UTC in the time itself".into()
            }
            (_, Detail::SamePoints { .. }) => "for another of them, name its position: --target-lsn".into(),
            (_, Detail::PartialCommits { .. }) => {
                format!("to restore them, copy {file} to the name without .partial, filled up with zeros to a whole segment (walproof archive-get --partial hands it out so)")
            }
            (Code::RestoreShort, Detail::ShortOfFork { .. }) => format!(
                "{}; or ask for the timeline that left this one",
                restore::find(file)
            ),
            (Code::RestoreShort, _) => {
                "make good what ends replay there before the server is started: what lies behind is lost once it promotes".into()
            }
            (Code::WalReset, _) => "take a new base backup now: no backup from before comes over this place, whatever is found; and check the data (pg_amcheck)".into(),
            (Code::TwoHistories, Detail::Parted { alone: true, .. }) => {
                format!("find the {file} that the server of the segments around it wrote; find out which server archived over it")
            }
            (Code::TwoHistories, _) => {
                format!("find out which server is the right one, and get the segments that it wrote; {file} is a good copy of the other's")
            }
            (Code::OthersHistory, Detail::OthersHistory { own, .. }) => format!(
                "restore with --target-timeline {own} (recovery_target_timeline = '{own}'), and move the other cluster's files away, {file} too"
            ),
            (_, Detail::InsideRecord { beside: Some(other), .. }) => format!(
                "move {file} away, or restore with --target-timeline {other} (recovery_target_timeline = '{other}')"
            ),
            (_, Detail::InsideRecord { own, .. }) => format!(
                "move {file} away, or restore with --target-timeline {own} (recovery_target_timeline = '{own}'): a server that starts from a backup behind that place does not start else"
            ),
            (_, Detail::NotYet { .. }) => {
                "nothing; where it does not come by archive_timeout, look at pg_stat_archiver of the new primary".into()
            }
            (_, Detail::Astray { own, .. }) => format!(
                "restore with --target-timeline {own} (recovery_target_timeline = '{own}'); find the WAL that {file} speaks of, or move that file away if it is another cluster's"
            ),
            (Code::OtherWal, _) => "give each cluster and version an archive of its own; verify --backup judges the line of that backup".into(),
            (_, Detail::LeftBranch { child, switch: Switch::At(lsn), .. }) => format!(
                "ask the server in use: select timeline_id from pg_control_checkpoint(). On timeline {child} or a later one: find the segments of timeline {child}, or recover to --target-lsn {lsn} --target-inclusive off, for what lies behind on this timeline was left. On timeline {own}: timeline {child} was a test restore; ask for this one (--timeline {own}, --target-timeline {own}), and move its history file away",
                own = self.timeline.map_or(0, |t| t.0)
            ),
            (_, Detail::LeftBranch { child, .. }) => {
                format!("find the segments of timeline {child}, or recover to a target before it began: what lies behind on this timeline was left")
            }
            (Code::Disproved, _) => {
                format!("get {file} from pg_wal of a server of that timeline or from another copy of the archive: its parent's lines, and one more")
            }
            (Code::TimeBack, _) => format!("find out whether the server's clock was set back then; if not, compare {file} with another copy of it"),
            (Code::Stopped, _) => "take a new base backup: no replay from an older one comes past this record".into(),
            (Code::Gap, Detail::Gap { partial: true, .. }) => format!(
                "find {file} in pg_wal of the old primary or on a standby; {file}.partial holds a part of it, which a server never restores by itself"
            ),
            (Code::Gap, _) => {
                format!("find {file} in pg_wal of the primary, on a standby or in another copy of the archive; check it: walproof verify FILE")
            }
            (Code::Vanished, Detail::Expired { .. }) => "nothing, where old segments are removed on purpose".into(),
            (Code::NewestGone, _) => format!("find out what took them away, and bring them back from another copy: {file} and what follows it hold the newest transactions"),
            (Code::TooShort, _) => "look at pg_stat_archiver and pg_wal/archive_status on the server; find the segments behind the end".into(),
            (Code::Stale, _) => "look at pg_stat_archiver on the server, and at the clocks of both machines".into(),
            (Code::KnownGone, _) => "take it out of the file of --known, or let --write-known write that file anew".into(),
            (Code::StillCopied, _) => "run again in a minute: the file is probably still being copied".into(),
            (Code::Changed | Code::Vanished, _) => "run again when nothing writes there".into(),
            (Code::Recycled, _) => format!("find out what archived {file} before it was written; replay ends cleanly in front of it"),
            (
                Code::Encrypted,
                Detail::Packed { codec: Codec::Encrypted(kind), .. }
                | Detail::Flaw(FlawKind::Closed(Codec::Encrypted(kind))),
            ) if kind.is_open() => {
                "give the key: --passphrase-file FILE or --key-file FILE; of a pgBackRest repository, repo1-cipher-pass of pgbackrest.conf, which walproof verify --stanza NAME reads there".into()
            }
            (Code::WrongKey, _) => format!("find the key with which {file} was encrypted; several may be given together"),
            (Code::Encrypted | Code::UnknownCodec, _) => format!("unpack {file} to another place and check it there: walproof verify FILE"),
            (_, Detail::Misfiled(at)) => misfiled::advice(file, at),
            (_, Detail::Packing(flaw)) => packing::advice(file, *flaw),
            (_, Detail::Miswritten { right }) => {
                let folder = file.rfind('/').and_then(|slash| file.get(..=slash)).unwrap_or("");
                format!("rename it: mv {} {}", quoted(file), quoted(&format!("{folder}{right}")))
            }
            (Code::BrokenTar, _) => "get the tar anew from where it was made; if it came by a stream, look at the exit code of what sent it".into(),
            (Code::NotedDamage, _) => format!("the server had no better copy of {file}: look for one on its standbys; a base backup that was taken behind it does not need it"),
            (Code::NoFile, _) => format!("put the file {file} in its place, or mount what the link names"),
            (Code::Unreadable, Detail::Refused(why)) if why.contains("no permission") => {
                format!("make {file} readable for this user, or run as one that may read it")
            }
            (Code::Unreadable, _) => {
                format!("look whether {file} is the right place, and mounted; ask the system's log what keeps it from being read")
            }
            (_, Detail::OtherCheckpoint(other)) => format!(
                "replay nothing on it: a server mixes both histories without a word; take the archive of this directory's own server, or a backup of this archive's{}",
                if other.own.0 == other.found.0 { String::new() } else { format!("; its own timeline is --target-timeline {}", other.own.0) }
            ),
            (_, Detail::NewerBeside(beside, ..)) => target::on_other(beside.timeline),
            (_, Detail::BackupOverwritten(..)) => {
                "take a new backup now; look for the old files of these names in another copy of the archive; have archive_command refuse to overwrite (test ! -f)".into()
            }
            (_, Detail::StalePages(stale, label)) => start::of_stale_pages(*label, stale.healed).into(),
            (_, Detail::OwnHistory(None)) => format!("copy {file} from pg_wal of this directory into the archive"),
            (_, Detail::OwnHistory(Some(goes_on))) => format!(
                "empty pg_wal of this directory before its first start (move the files away), or ask for the archive's timeline: --target-timeline {goes_on} (recovery_target_timeline = '{goes_on}'); only if the server in use made that timeline, copy {file} into the archive, where every restore then follows it"
            ),
            (Code::HistoryMissing, _) => {
                format!("find {file} in pg_wal of a server of that timeline; the first records of the timeline say where it began")
            }
            (_, Detail::OthersBegin { .. }) => {
                "find out whose that timeline is that is in use; give a restore that promotes an archive of its own, or none (archive_mode = off), and move away what the other one archived here".into()
            }
            (Code::HistoryDisagree | Code::SwitchMismatch, _) => {
                format!("compare {file} with the other copies of it; the first record of the timeline stands where it began")
            }
            (Code::HistoryEmpty | Code::HistorySyntax | Code::HistoryOrder | Code::Unreachable, _) => {
                format!("get {file} from pg_wal of a server of that timeline or from another copy of the archive")
            }
            (Code::Diverged, _) => "nothing, after a point-in-time recovery; after a failover find out what was committed on the old primary".into(),
            (_, Detail::PartialGiven { .. }) => {
                "nothing, where the tool fetches WAL; a restore_command that copies files does not give it to a server".into()
            }
            (Code::PartialOnly, _) => {
                format!("to recover what is in it, copy {file} to the name without .partial, extended with zeros to a whole segment (walproof archive-get --partial hands it out so)")
            }
            (Code::Geometry, Detail::Geometry { found, expected })
                if found.0 != expected.0 && found.1 == expected.1 =>
            {
                format!("where the segment size of this cluster was changed (pg_resetwal --wal-segsize), move {file} and others of {} bytes away: no WAL of this size has that name yet; else get this cluster's own {wanted}", found.0.bytes())
            }
            (Code::ForeignName | Code::ForeignCluster | Code::ForeignVersion | Code::Geometry, _) => {
                format!("find out which cluster archives into this place; get this cluster's own {wanted}")
            }
            (Code::RepositoryInfo, _) if file.ends_with("xlog.db") => "write the list of WAL anew before anything is restored: barman rebuild-xlogdb SERVER".into(),
            (Code::RepositoryInfo, _) => format!("bring {file} back, from its .copy, from another repository of the stanza or from a copy of this one"),
            (Code::BackupContent, _) => "copy the backup anew from where it was taken, or restore another one".into(),
            (Code::BackupPages, _) => "after a restore, run pg_amcheck or pg_checksums before the cluster is used".into(),
            (Code::BackupUnread, _) => "look as a user who may read the backup's files, with the key for them; where none is there, restore another one (walproof backups)".into(),
            (Code::BackupNotRestorable, Detail::OfListedBackup { none_left: false, .. }) => "take another backup of the repository, walproof backups says to what each restores; look for what is missing in another repository or a copy of this one".into(),
            (Code::BackupNotRestorable, _) => "look for what is missing in another repository or a copy of this one; where the server still runs, take a new backup now".into(),
            (Code::BackupHistory, _) => format!("get {file} from another copy of the archive; where the server still runs, a new base backup makes up for it"),
            (Code::InvalidPages, _) => "take the relation's files from another copy of the same backup, or take another backup".into(),
            (_, Detail::BadCopy { good, .. }) => {
                format!("put a copy of {good} in the place of {file}: a restore_command that takes the first file there is gets the bad one")
            }
            (_, Detail::Copies { other, faults, .. }) => copies::advice(file, other, faults),
            (Code::Data, _) => {
                "look at its bytes with walproof hex; compare with another copy of the file, and find out what wrote the record".into()
            }
            (Code::SegmentChanged, _) => format!("compare {file} with another copy of it, and find out what changed it: archived WAL never changes"),
            (Code::Slack | Code::StalePages | Code::PartialBeside, _) => "nothing: replay does not read these bytes".into(),
            (Code::NotWal, _) if FileName::parse(file.rsplit('/').next().unwrap_or(file)).is_none() => {
                "name a file of WAL (24 hexadecimal digits), a folder of them, or a data directory".into()
            }
            _ => format!("find a good copy of {wanted}: pg_wal of the old primary, a standby, another archive; check it: walproof verify FILE"),
        }
    }
}
