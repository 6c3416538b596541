//! Files of WAL that are missing, short or unreadable.

use super::super::MessageKind;
use super::super::row::{FIRST, Family, LAST, MessageRow, Nature, does, said};
use super::ENDS;

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::ShortRead,
        name: "short-read",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said(
                (16, 0),
                LAST,
                "could not read from WAL segment {file}, LSN {page}, offset {offset}: read {got} of {expected}",
            ),
            said((13, 0), LAST, "could not read from WAL segment {file}, offset {offset}: read {got} of {expected}"),
            said((11, 0), (15, 0), "could not read from log segment {file}, offset {offset}: read {got} of {expected}"),
            said((12, 0), LAST, "could not read from file \"{file}\", offset {offset}: read {got} of {expected}"),
            said((12, 0), LAST, "could not read from file {file}, offset {offset}: read {got} of {expected}"),
            said(
                (19, 0),
                LAST,
                "WAL segment \"{file}\" in archive \"{text}\" is too short: read {got} of {expected} bytes",
            ),
        ],
        meaning: "The file ends before the page that was wanted: it is shorter than a segment.",
        normal_when: None,
        damage_when: Some(
            "The copy broke off, the disk was full, or the file was still being written when it was read. Look for a whole copy.",
        ),
        server_does: ENDS,
        next: &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}"],
    },
    MessageRow {
        kind: MessageKind::ReadFailed,
        name: "read-failed",
        nature: Nature::Damage,
        family: Some(Family::Unreadable),
        wordings: &[
            said((16, 0), LAST, "could not read from WAL segment {file}, LSN {page}, offset {offset}: {reason}"),
            said((9, 3), LAST, "could not read from WAL segment {file}, offset {offset}: {reason}"),
            said((9, 3), (12, 0), "could not read from log segment {file}, offset {offset}, length {length}: {reason}"),
            said((9, 3), (15, 0), "could not read from log segment {file}, offset {offset}: {reason}"),
            said(
                (9, 0),
                (9, 2),
                "could not read from log file {log}, segment {segment}, offset {offset}, length {length}: {reason}",
            ),
            said(FIRST, (9, 2), "could not read from log file {log}, segment {segment}, offset {offset}: {reason}"),
            said(FIRST, FIRST, "could not read from log file {log}, segment {segment} at offset {offset}: {reason}"),
            said((10, 0), (11, 0), "could not read from log file {file}, offset {offset}, length {length}: {reason}"),
            said((12, 0), LAST, "could not read from file \"{walfile}\", offset {offset}: {reason}"),
            said((12, 0), LAST, "could not read from file {walfile}, offset {offset}: {reason}"),
        ],
        meaning: "The system could not deliver bytes of the segment; its reason stands behind the colon.",
        normal_when: None,
        damage_when: Some(
            "An input/output error is a failing disk. No reason at all, or \"Success\", is a file that is too short.",
        ),
        server_does: ENDS,
        next: &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}"],
    },
    MessageRow {
        kind: MessageKind::OpenFailed,
        name: "open-failed",
        nature: Nature::Depends,
        family: Some(Family::Archive),
        wordings: &[
            said(FIRST, (9, 2), "could not open file \"{file}\" (log file {log}, segment {segment}): {reason}"),
            said((9, 3), LAST, "could not find file \"{walfile}\": {reason}"),
            said((9, 3), LAST, "could not open file \"{walfile}\": {reason}"),
            said((10, 0), LAST, "could not open write-ahead log file \"{walfile}\": {reason}"),
            said((9, 3), (9, 6), "could not open transaction log file \"{walfile}\": {reason}"),
            said((9, 3), LAST, "could not open file \"{walfile}\""),
            said((11, 0), LAST, "could not locate WAL file \"{walfile}\""),
            said((19, 0), LAST, "could not find WAL \"{file}\" in archive \"{text}\""),
        ],
        meaning: "A segment that should be read next, or a history file, is not there, or may not be opened.",
        normal_when: Some(
            "It is the segment behind the last one: the end of what was archived. Or a history file of a timeline that does not exist.",
        ),
        damage_when: Some("Later segments exist: a gap. Or the reason is a permission."),
        server_does: ENDS,
        next: &["walproof verify ARCHIVE", "walproof locate {place} -p ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::NoWalFile,
        name: "no-wal-file",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said((11, 0), LAST, "could not find any WAL file"),
            said((19, 0), LAST, "could not find WAL in archive \"{file}\""),
        ],
        meaning: "The folder or tar file that was named holds no segment.",
        normal_when: None,
        damage_when: Some(
            "The path is wrong, the archive is not mounted, or its files are compressed or renamed by a backup tool.",
        ),
        server_does: &[does((11, 0), LAST, "It is pg_waldump's message; the server is not concerned.")],
        next: &["walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::SegmentSize,
        name: "segment-size",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said((17, 0), LAST, "invalid WAL segment size in WAL file \"{file}\" ({got} bytes)"),
            said((17, 0), LAST, "invalid WAL segment size in WAL file \"{file}\" ({got} byte)"),
            said(
                (11, 0),
                (16, 0),
                "WAL segment size must be a power of two between 1 MB and 1 GB, but the WAL file \"{file}\" header specifies {got} bytes",
            ),
            said(
                (11, 0),
                (16, 0),
                "WAL segment size must be a power of two between 1 MB and 1 GB, but the WAL file \"{file}\" header specifies {got} byte",
            ),
        ],
        meaning: "The first page of the file gives a segment size that no cluster can have.",
        normal_when: None,
        damage_when: Some(
            "The file is empty at its beginning, compressed, encrypted, or no WAL; or that field was altered.",
        ),
        server_does: &[does((11, 0), LAST, "It is a tool's message; the tool ends.")],
        next: &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}"],
    },
    MessageRow {
        kind: MessageKind::SegmentRemoved,
        name: "segment-removed",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[said((9, 0), LAST, "requested WAL segment {file} has already been removed")],
        meaning: "A standby, or a program that streams, asked for a segment that the primary has recycled.",
        normal_when: None,
        damage_when: Some(
            "Always for streaming: the primary will not have it again. If the segment is in an archive, a restore_command lets the standby go on; else it must be made anew. A replication slot prevents it.",
        ),
        server_does: &[does(
            (9, 0),
            LAST,
            "The standby asks again and again, with the same answer, and falls further behind.",
        )],
        next: &["walproof verify ARCHIVE", "walproof locate {place} -p ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::RecycleFailed,
        name: "recycle-failed",
        nature: Nature::Depends,
        family: None,
        wordings: &[
            said((9, 1), LAST, "could not link file \"{walfile}\" to \"{file}\": {reason}"),
            said((12, 0), (15, 0), "This is known to fail occasionally during archive recovery, where it is harmless"),
            said((9, 1), LAST, "could not rename file \"{walfile}\" to \"{file}\": {reason}"),
            said(
                FIRST,
                (9, 0),
                "could not link file \"{file}\" to \"{name}\" (initialization of log file {log}, segment {segment}): {reason}",
            ),
            said(
                FIRST,
                (9, 0),
                "could not rename file \"{file}\" to \"{name}\" (initialization of log file {log}, segment {segment}): {reason}",
            ),
        ],
        meaning: "A segment could not be given the name under which it should be used again, or used at last.",
        normal_when: Some(
            "\"File exists\" during or right after recovery: the segment of that name came from the archive in the meantime.",
        ),
        damage_when: Some(
            "Any other reason: permissions, a full or read-only disk, or somebody who works in the server's WAL folder.",
        ),
        server_does: &[does(
            FIRST,
            LAST,
            "Tries again later where it only wanted to recycle; where it needs the segment it stops.",
        )],
        next: &["walproof verify DATA_DIRECTORY"],
    },
];
