//! What the decoder says of the parts of a record whose checksum is right (`DecodeXLogRecord`, `RestoreBlockImage`;
//! 9.5+).

use super::super::MessageKind;
use super::super::row::{Family, LAST, MessageRow, Nature, ServerDoes, does, said};
use super::ENDS;

const ODD: &str = "Always: the checksum was right, so these bytes were written so. They come from a fault of the server or its memory, from WAL of another major, or were made by hand.";
const LOOK: &[&str] = &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}", "walproof dump ARCHIVE {place}"];
const IMAGE: &[ServerDoes] = &[
    does(
        (9, 5),
        (14, 0),
        "Stops with an error while replaying: recovery ends with FATAL, each new start fails there again.",
    ),
    does((15, 0), LAST, "Stops with FATAL while replaying, each new start fails there again."),
];

pub(super) const ROWS: &[MessageRow] = &[
    MessageRow {
        kind: MessageKind::RecordParts,
        name: "record-parts",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[said((9, 5), LAST, "record with invalid length at {near}")],
        meaning: "The parts of the record add up to another length than its header says. Up to 14 the position is this record, from 15 on the one before it.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: ENDS,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::BlockIdOrder,
        name: "block-id-order",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[said((9, 5), LAST, "out-of-order block_id {block_id} at {near}")],
        meaning: "The block references of a record are numbered upwards; here one is not above the one before it. Up to 14 the position is this record, from 15 on the one before it.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: ENDS,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::BlockId,
        name: "block-id",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[said((9, 5), LAST, "invalid block_id {block_id} at {near}")],
        meaning: "A part of the record has a tag that this major does not know. Up to 14 the position is this record, from 15 on the one before it.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: ENDS,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::BlockDataFlag,
        name: "block-data-flag",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[
            said((9, 5), LAST, "BKPBLOCK_HAS_DATA set, but no data included at {near}"),
            said((9, 5), LAST, "BKPBLOCK_HAS_DATA not set, but data length is {length} at {near}"),
        ],
        meaning: "A block reference says that it has data and gives no length, or the reverse. Up to 14 the position is this record, from 15 on the one before it.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: ENDS,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::ImageHole,
        name: "image-hole",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[
            said(
                (9, 5),
                LAST,
                "BKPIMAGE_HAS_HOLE set, but hole offset {offset} length {length} block image length {got} at {near}",
            ),
            said((9, 5), LAST, "BKPIMAGE_HAS_HOLE not set, but hole offset {offset} length {length} at {near}"),
        ],
        meaning: "The part left out of a page image (its hole) contradicts the image's flags. Up to 14 the position is this record, from 15 on the one before it.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: ENDS,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::ImageLength,
        name: "image-length",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[
            said((9, 5), (14, 0), "BKPIMAGE_IS_COMPRESSED set, but block image length {got} at {near}"),
            said((15, 0), LAST, "BKPIMAGE_COMPRESSED set, but block image length {got} at {near}"),
            said(
                (9, 5),
                (14, 0),
                "neither BKPIMAGE_HAS_HOLE nor BKPIMAGE_IS_COMPRESSED set, but block image length is {got} at {near}",
            ),
            said(
                (15, 0),
                LAST,
                "neither BKPIMAGE_HAS_HOLE nor BKPIMAGE_COMPRESSED set, but block image length is {got} at {near}",
            ),
        ],
        meaning: "The length of a page image contradicts its flags. Up to 14 the position is this record, from 15 on the one before it.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: ENDS,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::BlockSameRelation,
        name: "block-same-relation",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[said((9, 5), LAST, "BKPBLOCK_SAME_REL set but no previous rel at {near}")],
        meaning: "A block reference means \"the relation of the one before\", and there is none before. Up to 14 the position is this record, from 15 on the one before it.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: ENDS,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::ImageMethod,
        name: "image-method",
        nature: Nature::Depends,
        family: Some(Family::Unreadable),
        wordings: &[
            said(
                (15, 0),
                LAST,
                "could not restore image at {near} compressed with {text} not supported by build, block {block_id}",
            ),
            said((15, 0), LAST, "could not restore image at {near} compressed with unknown method, block {block_id}"),
        ],
        meaning: "A page image is compressed in a way that this server was built without (or that no server knows).",
        normal_when: Some(
            "The primary used lz4 or zstd for wal_compression and this server's package has it not: WAL is good, use a build that has the codec.",
        ),
        damage_when: Some("The method is unknown to every build of this major."),
        server_does: IMAGE,
        next: LOOK,
    },
    MessageRow {
        kind: MessageKind::ImageRestore,
        name: "image-restore",
        nature: Nature::Damage,
        family: Some(Family::Bytes),
        wordings: &[
            said((15, 0), LAST, "could not decompress image at {near}, block {block_id}"),
            said((9, 5), (14, 0), "invalid compressed image at {near}, block {block_id}"),
            said((15, 0), LAST, "could not restore image at {near} with invalid block {block_id} specified"),
            said((15, 0), LAST, "could not restore image at {near} with invalid state, block {block_id}"),
        ],
        meaning: "A page image of the record cannot be turned into a page.",
        normal_when: None,
        damage_when: Some(ODD),
        server_does: IMAGE,
        next: LOOK,
    },
];
