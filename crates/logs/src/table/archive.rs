//! Between the server and its archive: restore_command and archive_command (`xlogarchive.c`, `pgarch.c`).

use super::super::MessageKind;
use super::super::row::{FIRST, Family, LAST, MessageRow, Nature, does, said};
use super::GOES_ON;

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::Restored,
        name: "restored",
        nature: Nature::Normal,
        family: None,
        wordings: &[said(FIRST, LAST, "restored log file \"{file}\" from archive")],
        meaning: "restore_command delivered the file, and it has the right size. What is in it has not been looked at yet.",
        normal_when: Some(
            "For every file that recovery takes from the archive; history files of higher timelines are asked for first and last.",
        ),
        damage_when: None,
        server_does: &[does(FIRST, LAST, "Reads the file.")],
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::WrongSize,
        name: "wrong-size",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[said(FIRST, LAST, "archive file \"{file}\" has wrong size: {got} instead of {expected}")],
        meaning: "restore_command delivered a file that has not exactly a segment's size.",
        normal_when: None,
        damage_when: Some(
            "Too short: the copy into the archive broke off, or was still running. Too long: something was added, or it is still compressed. A size that is a power of two: the archive of a cluster with another segment size.",
        ),
        server_does: &[
            does(FIRST, (8, 4), "Ends with FATAL; nothing of the file is used."),
            does(
                (9, 0),
                LAST,
                "Ends with FATAL and uses nothing of the file. Only a standby that gets a file which is too short tries again instead.",
            ),
        ],
        next: &["walproof verify ARCHIVE", "walproof locate {place} -p ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::RestoreFailed,
        name: "restore-failed",
        nature: Nature::Depends,
        family: Some(Family::Archive),
        wordings: &[
            said(FIRST, (9, 3), "could not restore file \"{file}\" from archive: return code {reason}"),
            said((9, 4), LAST, "could not restore file \"{file}\" from archive: {reason}"),
        ],
        meaning: "restore_command failed for the file. Seen at level DEBUG it only means \"not in the archive\"; as FATAL the command could not run, or was killed.",
        normal_when: Some(
            "Exit code 1 to 125 at the end of WAL, for a timeline's history file that does not exist, or for a segment that is not archived yet.",
        ),
        damage_when: Some(
            "The file should be there; or the exit code is above 125 (126 not executable, 127 not found) or a signal: then recovery is given up. With walproof archive-get \"command not executable\" is its 126: its lines before say what is missing or damaged.",
        ),
        server_does: &[does(
            FIRST,
            LAST,
            "Exit codes up to 125: looks in its own WAL folder, and takes the end of WAL to be here if it is not there either. Above, or a signal: ends with FATAL.",
        )],
        next: &[
            "walproof verify ARCHIVE --pgdata DATA_DIRECTORY",
            "walproof verify ARCHIVE",
            "walproof locate {place} -p ARCHIVE",
        ],
    },
    MessageRow {
        kind: MessageKind::RestoreStat,
        name: "restore-stat",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said((14, 0), LAST, "restore_command returned a zero exit status, but stat() failed"),
            said((17, 0), LAST, "\"restore_command\" returned a zero exit status, but stat() failed"),
        ],
        meaning: "restore_command said that all is well, but put no file where %p told it to.",
        normal_when: None,
        damage_when: Some(
            "The command ignores %p, writes elsewhere, or ends with 0 although the file is not in the archive.",
        ),
        server_does: &[does((14, 0), LAST, "Treats the file as not in the archive.")],
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::CopyMissed,
        name: "copy-missed",
        nature: Nature::Depends,
        family: Some(Family::Archive),
        wordings: &[
            said(FIRST, LAST, "cp: cannot stat '{walfile}': {reason}"),
            said(FIRST, LAST, "cp: cannot stat `{walfile}': {reason}"),
            said(FIRST, LAST, "cp: {walfile}: No such file or directory"),
            said(FIRST, LAST, "gzip: {walfile}.gz: No such file or directory"),
        ],
        meaning: "It is the program in restore_command that speaks: the file is not in the archive.",
        normal_when: Some(
            "At the end of WAL, and for history files: the server asks for timelines until one is missing. A restore_command must fail then.",
        ),
        damage_when: Some("Later segments are in the archive: a gap, and replay ends before it."),
        server_does: &[does(FIRST, LAST, "Looks in its own WAL folder; what is not there either is the end of WAL.")],
        next: &["walproof verify ARCHIVE", "walproof locate {place} -p ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::UnpackingFailed,
        name: "unpacking-failed",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said(FIRST, LAST, "gzip: {walfile}.gz: unexpected end of file"),
            said(FIRST, LAST, "gzip: {walfile}.gz: not in gzip format"),
            said(FIRST, LAST, "gzip: {walfile}.gz: invalid compressed data--crc error"),
            said(FIRST, LAST, "gzip: {walfile}.gz: invalid compressed data--format violated"),
        ],
        meaning: "It is the program in restore_command that speaks: the compressed copy of the file cannot be unpacked whole.",
        normal_when: None,
        damage_when: Some(
            "The copy into the archive broke off, or its bytes were altered since. A command that passes the failure on makes the server treat the file as missing; one that does not hands it a short or wrong file.",
        ),
        server_does: &[does(
            FIRST,
            LAST,
            "Depends on the exit code and on the size of what was left: missing file, or wrong size (FATAL).",
        )],
        next: &["walproof verify ARCHIVE", "walproof locate {place} -p ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::Archived,
        name: "archived",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said((10, 0), LAST, "archived write-ahead log file \"{file}\""),
            said(FIRST, (9, 6), "archived transaction log file \"{file}\""),
        ],
        meaning: "archive_command reported success for the file. Whether the copy is whole the server does not check.",
        normal_when: Some("For each finished segment, history file and backup history file."),
        damage_when: None,
        server_does: &[does(FIRST, LAST, "May recycle the segment from now on.")],
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::ArchivingFailed,
        name: "archiving-failed",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said(
                (10, 0),
                LAST,
                "archiving write-ahead log file \"{file}\" failed too many times, will try again later",
            ),
            said(
                (9, 2),
                (9, 6),
                "archiving transaction log file \"{file}\" failed too many times, will try again later",
            ),
            said(FIRST, (9, 1), "transaction log file \"{file}\" could not be archived: too many failures"),
            said((8, 3), LAST, "archive command failed with exit code {reason}"),
            said((8, 3), LAST, "archive command was terminated by signal {reason}"),
            said(FIRST, FIRST, "archive command \"{text}\" failed: return code {reason}"),
        ],
        meaning: "A segment could not be copied to the archive. The archive ends at the segment before it until this succeeds.",
        normal_when: None,
        damage_when: Some(
            "While it lasts, everything newer exists on the primary only, and its WAL folder grows; losing the primary loses it.",
        ),
        server_does: &[does(
            FIRST,
            LAST,
            "Keeps the segment and tries again, three times a minute or so; the order of segments is kept.",
        )],
        next: &["walproof verify ARCHIVE", "walproof lag --primary CONNINFO -p ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::BackupWaits,
        name: "backup-waits",
        nature: Nature::Depends,
        family: Some(Family::Archive),
        wordings: &[
            said((15, 0), LAST, "base backup done, waiting for required WAL segments to be archived"),
            said((9, 0), (14, 0), "pg_stop_backup cleanup done, waiting for required WAL segments to be archived"),
            said(
                (15, 0),
                LAST,
                "still waiting for all required WAL segments to be archived ({number} seconds elapsed)",
            ),
            said(
                (9, 0),
                (14, 0),
                "pg_stop_backup still waiting for all required WAL segments to be archived ({number} seconds elapsed)",
            ),
            said((8, 4), (8, 4), "pg_stop_backup still waiting for archive to complete ({number} seconds elapsed)"),
            said(
                (9, 0),
                LAST,
                "WAL archiving is not enabled; you must ensure that all required WAL segments are copied through other means to complete the backup",
            ),
        ],
        meaning: "A base backup is copied, and its last segments are not known to be in the archive yet. Without them it cannot be restored.",
        normal_when: Some(
            "For a moment at the end of each backup; the last wording where the backup carries its WAL with it (pg_basebackup -X).",
        ),
        damage_when: Some("When it goes on: archive_command fails or hangs."),
        server_does: &[does(
            (8, 4),
            LAST,
            "Waits until archive_command has delivered the segments, unless told not to.",
        )],
        next: &["walproof backups ARCHIVE", "walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::RecoverySetting,
        name: "recovery-setting",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said(FIRST, FIRST, "restore_command = \"{text}\""),
            said((8, 3), (11, 0), "restore_command = '{text}'"),
            said(FIRST, (11, 0), "recovery_target_timeline = {text}"),
            said(FIRST, (11, 0), "recovery_target_xid = {xid}"),
            said((8, 3), (11, 0), "recovery_target_time = '{time}'"),
            said(FIRST, FIRST, "recovery_target_time = {time}"),
            said((9, 1), (11, 0), "recovery_target_name = '{name}'"),
            said((10, 0), (11, 0), "recovery_target_lsn = '{at}'"),
            said((9, 4), (11, 0), "recovery_target = '{text}'"),
            said(FIRST, (11, 0), "recovery_target_inclusive = {text}"),
        ],
        meaning: "A line of recovery.conf, as the server understood it.",
        normal_when: Some("At the start of a recovery of 11 and earlier."),
        damage_when: None,
        server_does: GOES_ON,
        next: &["walproof plan ARCHIVE --backup latest"],
    },
];
