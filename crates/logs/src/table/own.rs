//! What walproof itself says in a server's log, as `restore_command` and `archive_command`.

use super::super::MessageKind;
use super::super::row::{FIRST, Family, LAST, MessageRow, Nature, ServerDoes, does, said};

/// A command that ends with 126, in archive recovery and for a standby.
const STOPPED: &[ServerDoes] = &[does(
    FIRST,
    LAST,
    "Archive recovery: ends with FATAL (command not executable), recovery.signal stays, and the next start goes on from the last restart point. A standby: tries again.",
)];

/// A command of archiving that failed.
const KEPT: &[ServerDoes] =
    &[does(FIRST, LAST, "Keeps the file in its WAL folder and tries again, after a minute at the latest.")];

const LOOK: &[&str] = &["walproof verify ARCHIVE", "walproof locate {place} -p ARCHIVE"];

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::GetHole,
        name: "get-hole",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[said(FIRST, LAST, "{walfile} is missing, {text} (WP101)")],
        meaning: "archive-get was asked for a segment that is nowhere, while WAL behind it is in the archive: it is a hole, and not the end of WAL.",
        normal_when: None,
        damage_when: Some(
            "A server that is told \"not there\" ends its recovery here and loses what lies behind. Bring the file from pg_wal of the old primary, a standby or another archive; where it is lost for good, --on-hole end ends recovery in front of it.",
        ),
        server_does: STOPPED,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::GetKept,
        name: "get-kept",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[said(FIRST, LAST, "{walfile} is not delivered: {text}")],
        meaning: "archive-get ended with 126 so that recovery stops instead of ending early. Why, the line before says.",
        normal_when: None,
        damage_when: Some("The file is missing in the middle, damaged at every place, or a place cannot be asked."),
        server_does: STOPPED,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::GetOut,
        name: "get-out",
        nature: Nature::Damage,
        family: Some(Family::Unreadable),
        wordings: &[
            said(FIRST, LAST, "cannot ask {text}"),
            said(FIRST, LAST, "{name} holds no WAL at all: is it mounted"),
        ],
        meaning: "A place of archive-get cannot be looked at, or has not one file of WAL: whether the segment is there is not known.",
        normal_when: None,
        damage_when: Some("A mount, a network, a password or a bucket is gone, or the place is misspelt."),
        server_does: STOPPED,
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::GetTornEnd,
        name: "get-torn-end",
        nature: Nature::Depends,
        family: Some(Family::Bytes),
        wordings: &[said(FIRST, LAST, "the last record of {walfile} breaks off at {at}, and no WAL behind it is here")],
        meaning: "archive-get handed the last segment out: its records end with one that breaks off, and nothing follows.",
        normal_when: Some("The server that wrote it crashed there."),
        damage_when: Some("The segment behind it exists elsewhere: bring it before recovery ends here."),
        server_does: &[does(FIRST, LAST, "Replays up to there, and takes it for the end of WAL.")],
        next: &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}"],
    },
    MessageRow {
        kind: MessageKind::GetEndsWait,
        name: "get-ends-wait",
        nature: Nature::Normal,
        family: None,
        wordings: &[said(FIRST, LAST, "{walfile} is not waited for any more: {text}")],
        meaning: "archive-get --wait was told to wait no longer, or waited as long as --timeout says.",
        normal_when: Some("Somebody ended the waiting: a trigger file, pg_ctl promote, or --timeout."),
        damage_when: None,
        server_does: &[does(FIRST, LAST, "Ends recovery here and is promoted.")],
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::PushLeft,
        name: "push-left",
        nature: Nature::Depends,
        family: Some(Family::Timelines),
        wordings: &[
            said(FIRST, LAST, "{walfile}: timeline {timeline} left timeline {other} at {at}, by {file} in {text}"),
            said(FIRST, LAST, "{walfile}: timeline {timeline} left timeline {other} in {name}, by {file} in {text}"),
        ],
        meaning: "archive-push was handed a segment of a timeline that, by a history file in the archive, was left before it.",
        normal_when: Some(
            "The history file is of a test restore that archived into the same place: remove it there, for a restore to the latest timeline would follow it.",
        ),
        damage_when: Some(
            "Another server was promoted, and this one, the old primary, writes on: stop it, and bring it back with pg_rewind.",
        ),
        server_does: &[does(
            FIRST,
            LAST,
            "Nothing: the segment is archived, and this is a warning; with --strict it is refused, and the server keeps it and tries again.",
        )],
        next: &["walproof timelines ARCHIVE", "walproof verify ARCHIVE --timeline all"],
    },
    MessageRow {
        kind: MessageKind::PushRefused,
        name: "push-refused",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said(FIRST, LAST, "{walfile} is not archived in {name}: {text}"),
            said(FIRST, LAST, "{walfile} is not archived: {text}"),
            said(FIRST, LAST, "{walfile} is refused: {text}"),
        ],
        meaning: "archive-push or check did not let a file pass; what stands behind the colon says why.",
        normal_when: None,
        damage_when: Some(
            "Archiving waits in front of this file, and the server's WAL folder grows, until it is let pass: mend what the line says, or see docs/archiving.md for a segment that is damaged in pg_wal.",
        ),
        server_does: KEPT,
        next: &["walproof verify ARCHIVE", "walproof locate {place} -p ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::PushDamaged,
        name: "push-damaged",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[said(FIRST, LAST, "{walfile} is archived although it is damaged: {text}")],
        meaning: "archive-push --on-damage store put a damaged segment into the archive, with a note beside it.",
        normal_when: None,
        damage_when: Some("Replay stops at the damage: take a base backup now, behind this segment."),
        server_does: &[does(FIRST, LAST, "Goes on archiving.")],
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::PushRecycled,
        name: "push-recycled",
        nature: Nature::Normal,
        family: None,
        wordings: &[said(FIRST, LAST, "{walfile} is not needed by anybody, and not archived: {text}")],
        meaning: "With archive_mode = always, servers up to 12 hand out files that wait to be written again; nothing of this one is WAL under its name.",
        normal_when: Some("On a standby or behind a promotion, up to 12."),
        damage_when: None,
        server_does: &[does(FIRST, LAST, "Forgets the file.")],
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::PruneKept,
        name: "prune-kept",
        nature: Nature::Normal,
        family: None,
        wordings: &[said(FIRST, LAST, "nothing is removed from {name}: {text}")],
        meaning: "archive-get --prune removes nothing there; what stands behind the colon says why.",
        normal_when: Some("A backup that can still be restored needs the WAL, or a backup tool keeps the place."),
        damage_when: None,
        server_does: &[does(FIRST, LAST, "Nothing: the file that it asked for was delivered or is not there.")],
        next: &["walproof archive-prune ARCHIVE --keep-backups 1"],
    },
    MessageRow {
        kind: MessageKind::RestoreExit,
        name: "restore-exit",
        nature: Nature::Depends,
        family: Some(Family::Archive),
        wordings: &[said(FIRST, LAST, "exit code {number}"), said(FIRST, LAST, "exit status {number}")],
        meaning: "An exit code of archive-get says: 0 delivered, whole and checked; 1 not there; 126 anything else: a hole, damage, a place that cannot be asked, wrong usage. archive-push and check say 0, else 1.",
        normal_when: Some("1 of archive-get at the end of WAL, and for history files that do not exist."),
        damage_when: Some(
            "126 of archive-get: the lines of walproof before it say why. 1 of archive-push: the file is kept.",
        ),
        server_does: &[does(
            FIRST,
            LAST,
            "restore_command: 1 to 125 ends an archive recovery there, 126 and above stops the server with FATAL; a standby is only told 1 by archive-get, and tries again. archive_command: tries again after every code.",
        )],
        next: &["walproof verify ARCHIVE"],
    },
];
