//! Messages that carry another one, and what pg_waldump says besides.

use super::super::MessageKind;
use super::super::row::{Family, LAST, MessageRow, Nature, ServerDoes, does, said};

const TOOL_ENDS: &[ServerDoes] =
    &[does((9, 3), LAST, "It is a tool's message, or a query's: it ends here; the server itself is not concerned.")];

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::ErrorInRecord,
        name: "error-in-record",
        nature: Nature::Depends,
        family: Some(Family::Bytes),
        wordings: &[
            said((9, 3), LAST, "error in WAL record at {last_good}: {inner}"),
            said((9, 5), LAST, "could not read WAL record at {from}: {inner}"),
            said((9, 5), LAST, "could not find previous WAL record at {from}: {inner}"),
            said((17, 0), LAST, "could not read WAL from timeline {timeline} at {from}: {inner}"),
            said((15, 0), LAST, "could not read WAL at {from}: {inner}"),
            said((9, 5), LAST, "could not read WAL record at {from}"),
            said((9, 5), LAST, "could not find previous WAL record at {from}"),
            said((15, 0), LAST, "could not read WAL at {from}"),
            said((17, 0), LAST, "could not read WAL from timeline {timeline} at {from}"),
        ],
        meaning: "A tool could not read on. pg_waldump's position is the last record that it could read, not the bad one; what is wrong, and where, stands behind the colon.",
        normal_when: Some("pg_waldump ends so at every end of WAL, the normal one included, and with exit code 1."),
        damage_when: Some("When valid WAL lies behind the place."),
        server_does: TOOL_ENDS,
        next: &["walproof verify ARCHIVE", "walproof dump ARCHIVE {place}"],
    },
    MessageRow {
        kind: MessageKind::NoValidRecord,
        name: "no-valid-record",
        nature: Nature::Depends,
        family: Some(Family::Bytes),
        wordings: &[
            said((19, 0), LAST, "could not find a valid record after {from}: {inner}"),
            said((9, 3), LAST, "could not find a valid record after {from}"),
        ],
        meaning: "From this position to the end of the segments at hand no record begins that is valid.",
        normal_when: Some(
            "The position is the end of WAL, or lies in a record that goes on to the end of what is there.",
        ),
        damage_when: Some(
            "WAL should be there: the segment is empty, recycled, foreign or damaged from the position on.",
        ),
        server_does: TOOL_ENDS,
        next: &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}", "walproof locate {place}"],
    },
    MessageRow {
        kind: MessageKind::FirstRecordAfter,
        name: "first-record-after",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said((9, 3), LAST, "first record is after {from}, at {at}, skipping over {length} bytes"),
            said((11, 0), LAST, "first record is after {from}, at {at}, skipping over {length} byte"),
        ],
        meaning: "No record begins at the position that was asked for; the tool begins with the next one.",
        normal_when: Some("Whenever the position lies inside a record, or in the bytes between two."),
        damage_when: None,
        server_does: TOOL_ENDS,
        next: &["walproof dump ARCHIVE -s {at}"],
    },
    MessageRow {
        kind: MessageKind::StreamFailed,
        name: "stream-failed",
        nature: Nature::Depends,
        family: Some(Family::Archive),
        wordings: &[
            said((9, 0), LAST, "could not receive data from WAL stream: {inner}"),
            said((9, 0), LAST, "could not start WAL streaming: {inner}"),
            said((9, 0), LAST, "could not send data to WAL stream: {inner}"),
            said((9, 0), LAST, "could not connect to the primary server: {inner}"),
            said(
                (9, 0),
                LAST,
                "could not receive database system identifier and timeline ID from the primary server: {inner}",
            ),
            said((9, 3), LAST, "could not receive timeline history file from the primary server: {inner}"),
        ],
        meaning: "Streaming from the primary broke off; why stands behind the colon.",
        normal_when: Some("The primary was shut down or the connection was lost for a moment."),
        damage_when: Some(
            "The primary says that it no longer has the WAL, or that this standby is not on its history: waiting does not help.",
        ),
        server_does: &[does(
            (9, 0),
            LAST,
            "A standby goes back to archive and local WAL, and asks the primary again after wal_retrieve_retry_interval (5 s; fixed up to 9.4).",
        )],
        next: &["walproof verify ARCHIVE", "walproof timelines ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::RedoContext,
        name: "redo-context",
        nature: Nature::Normal,
        family: None,
        wordings: &[
            said((10, 0), LAST, "WAL redo at {at} for {text}"),
            said((9, 6), (9, 6), "xlog redo at {at} for {text}"),
            said((8, 2), (9, 5), "xlog redo {text}: {text}"),
        ],
        meaning: "The record that was being replayed when the message above it was written.",
        normal_when: Some("It only says where the server was; what happened is in the message that it belongs to."),
        damage_when: None,
        server_does: super::GOES_ON,
        next: &["walproof dump ARCHIVE {place}", "walproof verify ARCHIVE"],
    },
];
