//! What the reader says of a page header (`XLogReaderValidatePageHeader`; up to 9.2 `ValidXLOGHeader` of `xlog.c`).

use super::super::MessageKind;
use super::super::row::{FIRST, Family, LAST, MessageRow, Nature, said};
use super::{ENDS, LOOK_AT_PAGE, LOOK_AT_TIMELINES};

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::PageMagicZero,
        name: "page-magic-zero",
        nature: Nature::Depends,
        family: Some(Family::Bytes),
        wordings: &[
            said((16, 0), LAST, "invalid magic number 0000 in WAL segment {file}, LSN {page}, offset {offset}"),
            said((9, 3), (15, 0), "invalid magic number 0000 in log segment {file}, offset {offset}"),
            said(FIRST, (9, 2), "invalid magic number 0000 in log file {log}, segment {segment}, offset {offset}"),
        ],
        meaning: "The page is empty: zeros where its header should be.",
        normal_when: Some(
            "At the end of WAL in a new segment: the page was never written. Also in what a live server is still writing.",
        ),
        damage_when: Some(
            "When a later page of the segment, or the next segment, holds valid WAL, and no segment switch lies before this page: the page was lost or overwritten, or the file was copied while it grew.",
        ),
        server_does: ENDS,
        next: LOOK_AT_PAGE,
    },
    MessageRow {
        kind: MessageKind::PageMagic,
        name: "page-magic",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[
            said((16, 0), LAST, "invalid magic number {magic} in WAL segment {file}, LSN {page}, offset {offset}"),
            said((9, 3), (15, 0), "invalid magic number {magic} in log segment {file}, offset {offset}"),
            said(FIRST, (9, 2), "invalid magic number {magic} in log file {log}, segment {segment}, offset {offset}"),
        ],
        meaning: "The page does not begin with the number of this major. Each major has its own, so the number tells whose page it is.",
        normal_when: None,
        damage_when: Some(
            "The number is another major's: WAL of that major was restored. It is none: the page was overwritten, or the file is compressed, encrypted or no WAL at all.",
        ),
        server_does: ENDS,
        next: LOOK_AT_PAGE,
    },
    MessageRow {
        kind: MessageKind::PageInfo,
        name: "page-info",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[
            said((16, 0), LAST, "invalid info bits {info} in WAL segment {file}, LSN {page}, offset {offset}"),
            said((9, 3), (15, 0), "invalid info bits {info} in log segment {file}, offset {offset}"),
            said(FIRST, (9, 2), "invalid info bits {info} in log file {log}, segment {segment}, offset {offset}"),
        ],
        meaning: "The page header has flags that this major does not know, or the segment's first page lacks the long header.",
        normal_when: None,
        damage_when: Some(
            "The header was altered, or the bytes at this place are no page header: something was put in or cut out before it.",
        ),
        server_does: ENDS,
        next: LOOK_AT_PAGE,
    },
    MessageRow {
        kind: MessageKind::PageAddress,
        name: "page-address",
        nature: Nature::Depends,
        family: Some(Family::Bytes),
        wordings: &[
            said((16, 0), LAST, "unexpected pageaddr {pageaddr} in WAL segment {file}, LSN {page}, offset {offset}"),
            said((9, 3), (15, 0), "unexpected pageaddr {pageaddr} in log segment {file}, offset {offset}"),
            said(FIRST, (9, 2), "unexpected pageaddr {pageaddr} in log file {log}, segment {segment}, offset {offset}"),
        ],
        meaning: "The page says that it belongs at another position. Servers rename old segments and write over them, so behind the end of WAL the old pages show through.",
        normal_when: Some(
            "The address found is lower than the place, and no valid WAL follows: the end of WAL in a recycled segment. Standbys say it whenever they have caught up.",
        ),
        damage_when: Some(
            "The address is higher; or valid WAL follows; or it is the first page of a file from the archive: then the file carries the wrong name, or is an old one that was never written anew.",
        ),
        server_does: ENDS,
        next: LOOK_AT_PAGE,
    },
    MessageRow {
        kind: MessageKind::TimelineOutOfSequence,
        name: "timeline-out-of-sequence",
        nature: Nature::Damage,
        family: Some(Family::Timelines),
        wordings: &[
            said(
                (16, 0),
                LAST,
                "out-of-sequence timeline ID {timeline} (after {other}) in WAL segment {file}, LSN {page}, offset {offset}",
            ),
            said(
                (9, 3),
                (15, 0),
                "out-of-sequence timeline ID {timeline} (after {other}) in log segment {file}, offset {offset}",
            ),
            said(
                FIRST,
                (9, 2),
                "out-of-sequence timeline ID {timeline} (after {other}) in log file {log}, segment {segment}, offset {offset}",
            ),
        ],
        meaning: "The page was written on a lower timeline than the page before it. Timelines only ever grow along one history.",
        normal_when: None,
        damage_when: Some(
            "Behind a switch of timelines a segment of the old timeline was restored (a primary that went on after the promotion wrote it), or the page header was altered.",
        ),
        server_does: ENDS,
        next: LOOK_AT_TIMELINES,
    },
    MessageRow {
        kind: MessageKind::TimelineUnexpected,
        name: "timeline-unexpected",
        nature: Nature::Damage,
        family: Some(Family::Timelines),
        wordings: &[
            said((16, 0), LAST, "unexpected timeline ID {timeline} in WAL segment {file}, LSN {page}, offset {offset}"),
            said((9, 3), (15, 0), "unexpected timeline ID {timeline} in log segment {file}, offset {offset}"),
            said(
                FIRST,
                (9, 2),
                "unexpected timeline ID {timeline} in log file {log}, segment {segment}, offset {offset}",
            ),
        ],
        meaning: "The page was written on a timeline that is not in the history that is being followed.",
        normal_when: None,
        damage_when: Some(
            "The segment comes from a branch that this recovery does not follow: two servers archived into one folder, a history file is missing or wrong, or recovery_target_timeline is.",
        ),
        server_does: ENDS,
        next: LOOK_AT_TIMELINES,
    },
    MessageRow {
        kind: MessageKind::ForeignSegmentSize,
        name: "foreign-segment-size",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said((11, 0), LAST, "WAL file is from different database system: incorrect segment size in page header"),
            said((9, 3), (10, 0), "WAL file is from different database system: incorrect XLOG_SEG_SIZE in page header"),
            said(FIRST, (9, 2), "Incorrect XLOG_SEG_SIZE in page header"),
        ],
        meaning: "The segment's first page says that segments have another size than this server's.",
        normal_when: None,
        damage_when: Some(
            "The file comes from a cluster with another segment size, or that field of the header was altered.",
        ),
        server_does: ENDS,
        next: &["walproof verify ARCHIVE", "walproof control DATA_DIRECTORY"],
    },
    MessageRow {
        kind: MessageKind::ForeignPageSize,
        name: "foreign-page-size",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said((9, 3), LAST, "WAL file is from different database system: incorrect XLOG_BLCKSZ in page header"),
            said(FIRST, (9, 2), "Incorrect XLOG_BLCKSZ in page header"),
        ],
        meaning: "The segment's first page says that WAL pages have another size than this server's.",
        normal_when: None,
        damage_when: Some(
            "The file comes from a server that was built with another page size, or that field of the header was altered.",
        ),
        server_does: ENDS,
        next: &["walproof verify ARCHIVE", "walproof control DATA_DIRECTORY"],
    },
    MessageRow {
        kind: MessageKind::ForeignSystem,
        name: "foreign-system",
        nature: Nature::Damage,
        family: Some(Family::Archive),
        wordings: &[
            said(
                (9, 3),
                LAST,
                "WAL file is from different database system: WAL file database system identifier is {sysid}, pg_control database system identifier is {control_sysid}",
            ),
            said(
                (9, 0),
                (9, 2),
                "WAL file database system identifier is {sysid}, pg_control database system identifier is {control_sysid}",
            ),
            said((9, 0), (9, 2), "WAL file is from different database system"),
            said(FIRST, (8, 4), "WAL file SYSID is {sysid}, pg_control SYSID is {control_sysid}"),
            said(FIRST, (8, 4), "WAL file is from different system"),
        ],
        meaning: "The file was written by another cluster: each cluster gets its number from initdb and keeps it for life.",
        normal_when: None,
        damage_when: Some(
            "Two clusters archive into one folder, a cluster was made anew with initdb over the same archive, the wrong backup or archive is being restored; or the number in the header was altered.",
        ),
        server_does: ENDS,
        next: &["walproof verify ARCHIVE", "walproof control DATA_DIRECTORY"],
    },
];
