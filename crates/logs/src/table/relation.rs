//! Replay finds that data files and WAL do not fit together (`xlogutils.c`).

use super::super::MessageKind;
use super::super::row::{FIRST, Family, LAST, MessageRow, Nature, does, said};
use super::PANICS;

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::InvalidPages,
        name: "invalid-pages",
        nature: Nature::Damage,
        family: Some(Family::BackupAndTarget),
        wordings: &[said(FIRST, LAST, "WAL contains references to invalid pages")],
        meaning: "WAL changes pages that the data files do not have, and nothing replayed so far explains why they are gone. The lines before name them.",
        normal_when: None,
        damage_when: Some(
            "WAL itself is readable; the data files are wrong for it: a backup without all its files, without backup_label, of the wrong time, or a cluster that lost writes.",
        ),
        server_does: &[
            does(
                FIRST,
                (12, 0),
                "Stops with PANIC, at once when the data should be consistent already, else at that point.",
            ),
            does((13, 0), LAST, "Stops with PANIC; ignore_invalid_pages = on makes it a warning, and the data wrong."),
        ],
        next: &["walproof verify ARCHIVE", "walproof backups ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::PageMissing,
        name: "page-missing",
        nature: Nature::Depends,
        family: Some(Family::BackupAndTarget),
        wordings: &[
            said(FIRST, LAST, "page {block} of relation {relation} does not exist"),
            said(FIRST, LAST, "page {block} of relation {relation} is uninitialized"),
            said(FIRST, LAST, "page {block} of relation {relation} has been dropped"),
            said(FIRST, (9, 1), "page {block} of relation {relation} was uninitialized"),
            said(FIRST, (9, 1), "page {block} of relation {relation} did not exist"),
            said(
                (9, 2),
                LAST,
                "could not record restart point at {at} because there are unresolved references to invalid pages",
            ),
        ],
        meaning: "WAL changes a page that the data files do not have (yet).",
        normal_when: Some(
            "Before consistency is reached, where the relation is dropped or cut later in WAL. The server remembers such pages and forgets them then.",
        ),
        damage_when: Some("When \"WAL contains references to invalid pages\" follows."),
        server_does: &[does(
            FIRST,
            LAST,
            "Keeps the page in mind until consistency is reached, then stops with PANIC if nothing has explained it.",
        )],
        next: &["walproof blame ARCHIVE", "walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::InconsistentPage,
        name: "inconsistent-page",
        nature: Nature::Damage,
        family: None,
        wordings: &[said((10, 0), LAST, "inconsistent page found, rel {relation}, forknum {fork}, blkno {block}")],
        meaning: "wal_consistency_checking is on, and replaying a record gave another page than the primary had.",
        normal_when: None,
        damage_when: Some(
            "Always: a fault in the server or an extension, or a page that was already wrong here before.",
        ),
        server_does: PANICS,
        next: &["walproof blame ARCHIVE", "walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::FlushNotSatisfied,
        name: "flush-not-satisfied",
        nature: Nature::Damage,
        family: None,
        wordings: &[
            said(FIRST, LAST, "xlog flush request {at} is not satisfied --- flushed only to {until}"),
            said((9, 4), (14, 0), "request to flush past end of generated WAL; request {at}, currpos {until}"),
            said((15, 0), LAST, "request to flush past end of generated WAL; request {at}, current position {until}"),
            said((13, 0), LAST, "cannot read past end of generated WAL: requested {at}, current position {until}"),
            said((8, 4), LAST, "xlog min recovery request {at} is past current point {until}"),
        ],
        meaning: "A data page carries a position that WAL has not reached: the page comes from the future of this WAL.",
        normal_when: None,
        damage_when: Some(
            "pg_resetwal was used, WAL was lost, files of two clusters or times were mixed, or the page is damaged.",
        ),
        server_does: &[does(FIRST, LAST, "The page cannot be written: an error again and again, checkpoints fail.")],
        next: &["walproof lag {at} {until}", "walproof control DATA_DIRECTORY", "walproof verify ARCHIVE"],
    },
    MessageRow {
        kind: MessageKind::RedoFailed,
        name: "redo-failed",
        nature: Nature::Damage,
        family: None,
        wordings: &[
            said((9, 5), LAST, "failed to restore block image"),
            said((9, 0), (9, 4), "failed to restore block_index {block_id}"),
            said((9, 5), (14, 0), "failed to locate backup block with ID {block_id}"),
            said((15, 0), LAST, "failed to locate backup block with ID {block_id} in WAL record"),
            said((15, 0), LAST, "could not locate backup block with ID {block_id} in WAL record"),
        ],
        meaning: "Replaying a record failed: it lacks a block that its type must have, or its page image could not be used.",
        normal_when: None,
        damage_when: Some(
            "The record's checksum was right, so it was written so: a fault of the server, or WAL of another major or fork.",
        ),
        server_does: PANICS,
        next: &["walproof verify ARCHIVE"],
    },
];
