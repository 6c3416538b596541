//! Streaming from a primary (`walreceiver.c`, `walsender.c`, `libpqwalreceiver.c`; 9.0+).

use super::super::MessageKind;
use super::super::row::{Family, LAST, MessageRow, Nature, ServerDoes, does, said};
use super::{GOES_ON, LOOK_AT_TIMELINES};

const ASKS_AGAIN: &[ServerDoes] =
    &[does((9, 0), LAST, "The standby goes back to archive and local WAL and asks again, for ever.")];

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::StreamingStarted,
        name: "streaming-started",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said((9, 3), LAST, "started streaming WAL from primary at {at} on timeline {timeline}"),
            said((9, 3), LAST, "restarted WAL streaming at {at} on timeline {timeline}"),
            said((9, 0), (9, 2), "streaming replication successfully connected to primary"),
        ],
        meaning: "The standby has used up archive and local WAL and now receives from the primary, from the beginning of the segment in which it stands.",
        normal_when: Some(
            "Always. \"Invalid record length\" or \"unexpected pageaddr\" right before it is the end of local WAL, not damage.",
        ),
        damage_when: None,
        server_does: GOES_ON,
        next: &["walproof locate {place}"],
    },
    MessageRow {
        kind: MessageKind::StreamingEnded,
        name: "streaming-ended",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said((9, 0), LAST, "replication terminated by primary server"),
            said((9, 3), LAST, "End of WAL reached on timeline {timeline} at {at}"),
            said((9, 3), LAST, "primary server contains no more WAL on requested timeline {timeline}"),
            said((9, 3), LAST, "fetching timeline history file for timeline {timeline} from primary server"),
        ],
        meaning: "The primary has sent all that it has of this timeline: it was shut down, or has gone over to a new one.",
        normal_when: Some("When a primary stops, and when the server that is streamed from was promoted."),
        damage_when: None,
        server_does: &[does(
            (9, 0),
            LAST,
            "The standby looks for a newer timeline (recovery_target_timeline = latest) and goes on there, or waits.",
        )],
        next: LOOK_AT_TIMELINES,
    },
    MessageRow {
        kind: MessageKind::StartNotInHistory,
        name: "start-not-in-history",
        nature: Nature::Damage,
        family: Some(Family::Timelines),
        wordings: &[
            said((9, 3), LAST, "requested starting point {at} on timeline {timeline} is not in this server's history"),
            said((9, 3), LAST, "This server's history forked from timeline {timeline} at {at}"),
            said((9, 3), LAST, "highest timeline {timeline} of the primary is behind recovery timeline {other}"),
            said((9, 0), (9, 2), "timeline {timeline} of the primary does not match recovery target timeline {other}"),
        ],
        meaning: "The standby stands on a branch that the server it streams from does not have.",
        normal_when: None,
        damage_when: Some(
            "After a failover the standby, or an old primary, had gone further than the promoted server. It takes pg_rewind or a new copy.",
        ),
        server_does: ASKS_AGAIN,
        next: LOOK_AT_TIMELINES,
    },
    MessageRow {
        kind: MessageKind::StartAhead,
        name: "start-ahead",
        nature: Nature::Damage,
        family: Some(Family::Timelines),
        wordings: &[said(
            (9, 3),
            LAST,
            "requested starting point {at} is ahead of the WAL flush position of this server {until}",
        )],
        meaning: "The standby asks for WAL that the server it streams from has not written: it is ahead of it.",
        normal_when: None,
        damage_when: Some(
            "The primary was set back (restored, reset, or it lost WAL in a crash without fsync), or the standby got WAL from an archive that the primary's successor never saw. In a cascade it can pass by itself.",
        ),
        server_does: ASKS_AGAIN,
        next: &["walproof lag {at} {until}", "walproof timelines ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::PrimaryIsForeign,
        name: "primary-is-foreign",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said((9, 0), LAST, "database system identifier differs between the primary and standby"),
            said((9, 0), LAST, "The primary's identifier is {sysid}, the standby's identifier is {control_sysid}"),
        ],
        meaning: "Primary and standby are not copies of one cluster.",
        normal_when: None,
        damage_when: Some("primary_conninfo points to another cluster, or the primary was made anew with initdb."),
        server_does: ASKS_AGAIN,
        next: &["walproof control DATA_DIRECTORY", "walproof verify ARCHIVE"],
    },
];
