//! Recovery targets: reached, missed, too early.

use super::super::MessageKind;
use super::super::row::{FIRST, Family, LAST, MessageRow, Nature, does, said};
use super::STOPS;

const FIND: &[&str] = &["walproof plan ARCHIVE --backup latest", "walproof when ARCHIVE", "walproof verify ARCHIVE"];

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::TargetNotReached,
        name: "target-not-reached",
        nature: Nature::Damage,
        family: Some(Family::BackupAndTarget),
        wordings: &[said((13, 0), LAST, "recovery ended before configured recovery target was reached")],
        meaning: "WAL ended, or could not be read on, before the recovery target came.",
        normal_when: None,
        damage_when: Some(
            "A damaged or missing segment before the target; or the target lies behind the last commit in the archive, on another timeline, or never existed. The line before \"redo done\" tells which.",
        ),
        server_does: &[does((13, 0), LAST, "Ends with FATAL. Up to 12 the same case promotes without a word.")],
        next: FIND,
    },
    MessageRow {
        kind: MessageKind::StopBeforeConsistency,
        name: "stop-before-consistency",
        nature: Nature::Damage,
        family: Some(Family::BackupAndTarget),
        wordings: &[
            said((8, 4), LAST, "requested recovery stop point is before consistent recovery point"),
            said(FIRST, (8, 3), "requested recovery stop point is before end time of backup dump"),
        ],
        meaning: "The target lies before the end of the backup, where its files do not fit together yet.",
        normal_when: None,
        damage_when: Some("The target is too early for this backup: take an older backup, or a later target."),
        server_does: STOPS,
        next: &["walproof backups ARCHIVE", "walproof plan ARCHIVE --backup latest"],
    },
    MessageRow {
        kind: MessageKind::TargetSettings,
        name: "target-settings",
        nature: Nature::Damage,
        family: Some(Family::BackupAndTarget),
        wordings: &[
            said((12, 0), LAST, "multiple recovery targets specified"),
            said(FIRST, (11, 0), "recovery_target_timeline is not a valid number: \"{text}\""),
            said((12, 0), LAST, "recovery_target_timeline is not a valid number"),
            said(FIRST, (11, 0), "recovery_target_xid is not a valid number: \"{text}\""),
            said((12, 0), LAST, "must specify restore_command when standby mode is not enabled"),
            said((17, 0), LAST, "must specify \"restore_command\" when standby mode is not enabled"),
            said((17, 0), LAST, "\"recovery_target_timeline\" is not a valid number"),
            said((12, 0), LAST, "specified neither primary_conninfo nor restore_command"),
            said((17, 0), LAST, "specified neither \"primary_conninfo\" nor \"restore_command\""),
            said(
                (9, 0),
                (11, 0),
                "recovery command file \"{file}\" must specify restore_command when standby mode is not enabled",
            ),
            said(FIRST, (8, 4), "recovery command file \"{file}\" did not specify restore_command"),
            said((12, 0), LAST, "using recovery command file \"{file}\" is not supported"),
        ],
        meaning: "The settings for recovery contradict each other or cannot be understood. No WAL has been read.",
        normal_when: None,
        damage_when: Some("WAL is not concerned; the settings must be put right."),
        server_does: &[does(FIRST, LAST, "Does not start.")],
        next: &["walproof plan ARCHIVE --backup latest"],
    },
    MessageRow {
        kind: MessageKind::Stopping,
        name: "stopping",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said(FIRST, LAST, "recovery stopping after commit of transaction {xid}, time {time}"),
            said(FIRST, LAST, "recovery stopping before commit of transaction {xid}, time {time}"),
            said(FIRST, LAST, "recovery stopping after abort of transaction {xid}, time {time}"),
            said(FIRST, LAST, "recovery stopping before abort of transaction {xid}, time {time}"),
            said((9, 1), LAST, "recovery stopping at restore point \"{name}\", time {time}"),
            said((9, 4), LAST, "recovery stopping after reaching consistency"),
            said((10, 0), LAST, "recovery stopping after WAL location (LSN) \"{at}\""),
            said((10, 0), LAST, "recovery stopping before WAL location (LSN) \"{at}\""),
        ],
        meaning: "The recovery target was reached. \"Before\" means that the transaction or record named is not replayed, \"after\" that it is.",
        normal_when: Some(
            "At the end of every point-in-time recovery that reached its target. \"Before\" a transaction at year 2000 means a record without a time.",
        ),
        damage_when: None,
        server_does: &[
            does(FIRST, (9, 0), "Opens on a new timeline."),
            does(
                (9, 1),
                (9, 4),
                "Pauses if hot_standby and pause_at_recovery_target allow, else opens on a new timeline.",
            ),
            does(
                (9, 5),
                LAST,
                "Does what recovery_target_action says: pause (if hot_standby allows; the default), promote or shut down.",
            ),
        ],
        next: &["walproof when ARCHIVE", "walproof timelines ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::Paused,
        name: "paused",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said((9, 1), LAST, "recovery has paused"),
            said((12, 0), LAST, "pausing at the end of recovery"),
            said((9, 5), LAST, "shutdown at recovery target"),
            said((10, 0), LAST, "Execute pg_wal_replay_resume() to continue"),
            said((12, 0), LAST, "Execute pg_wal_replay_resume() to promote"),
            said((9, 1), (9, 6), "Execute pg_xlog_replay_resume() to continue"),
        ],
        meaning: "The server waits for somebody to look at the data before it goes on or opens.",
        normal_when: Some(
            "At a recovery target with the action pause or shutdown, or after pg_wal_replay_pause() (pg_xlog_replay_pause() up to 9.6).",
        ),
        damage_when: None,
        server_does: &[does(
            (9, 1),
            LAST,
            "Answers queries, replays nothing, until pg_wal_replay_resume() or a promotion. At a target, resuming opens it on a new timeline.",
        )],
        next: &["walproof when ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::StartingToTarget,
        name: "starting-to-target",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said((9, 0), LAST, "starting point-in-time recovery to XID {xid}"),
            said((10, 0), LAST, "starting point-in-time recovery to WAL location (LSN) \"{at}\""),
            said((9, 4), LAST, "starting point-in-time recovery to earliest consistent point"),
            said((9, 1), LAST, "starting point-in-time recovery to \"{name}\""),
            said((9, 0), LAST, "starting point-in-time recovery to {time}"),
        ],
        meaning: "Recovery begins, with this target. A time is shown in the server's time zone: compare it with the one you meant.",
        normal_when: Some("At the start of a point-in-time recovery."),
        damage_when: None,
        server_does: super::GOES_ON,
        next: &["walproof plan ARCHIVE --backup latest", "walproof when ARCHIVE"],
    },
];
