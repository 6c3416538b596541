//! Files of a backup of pgBackRest, as they were before they were packed and encrypted.

use super::Reading;
use super::manifest::{self, ManifestFound, ManifestRow, SUFFIXES, rows};
use crate::backup::ListedBackup;
use crate::data_fault::DataFault;
use crate::pieces::{DataPiece, PieceRead, PieceSum, plain_piece};
use crate::store::join;
use pgwal_source::{FilePart, Scratch, TakeFile, WantsFile};

/// Hands on the files that are wanted, by their paths in the data directory.
pub(crate) fn each(
    reading: &Reading<'_>,
    backup: &ListedBackup,
    wants: &WantsFile<'_>,
    take: &mut TakeFile<'_>,
) -> Result<(), DataFault> {
    let bytes = match manifest::bytes(reading, &backup.file)? {
        ManifestFound::Read(bytes) => bytes,
        ManifestFound::Closed => return Err(DataFault::unread(&backup.label, "its manifest is encrypted")),
        ManifestFound::Damaged(why) => return Err(DataFault::unread(&backup.label, &format!("its manifest {why}"))),
        ManifestFound::Absent => return Err(DataFault::unread(&backup.label, "its manifest is missing")),
    };
    let folder = backup.file.strip_suffix(&backup.label).unwrap_or_default().trim_end_matches('/');
    let keys = backup.keys.as_ref().unwrap_or(reading.keys);
    let mut scratch = Scratch::default();
    for (_, line) in rows(&bytes) {
        let Some(row) = std::str::from_utf8(line).ok().and_then(ManifestRow::parse) else { continue };
        let path = row.name.strip_prefix("pg_data/").unwrap_or(row.name);
        if row.size == 0 || !wants(path) {
            continue;
        }
        if row.is_blocks {
            return Err(DataFault::unread(row.name, "is stored by blocks, which are not put together here"));
        }
        let (place, name) = row.place(folder, row.reference.as_deref().unwrap_or(&backup.label));
        let part = row.bundle.map(|(_, offset)| (offset, row.stored));
        let suffixes: &[&str] = if part.is_some() { &[""] } else { &SUFFIXES };
        take(FilePart::Begin(path));
        let mut found = PieceRead::Absent;
        for suffix in suffixes {
            let piece = DataPiece { file: join(&place, &format!("{name}{suffix}")), part, sum: PieceSum::Unpacks };
            found = plain_piece(reading.store, keys, &piece, &mut scratch, &mut |bytes| take(FilePart::Bytes(bytes)));
            if found != PieceRead::Absent {
                break;
            }
        }
        match found {
            PieceRead::Right(_) => {}
            PieceRead::Wrong(_, why) => return Err(DataFault::unread(row.name, &why)),
            PieceRead::Unread(why) => return Err(DataFault::unread(row.name, &why)),
            PieceRead::Absent => return Err(DataFault::unread(row.name, "is missing")),
        }
    }
    Ok(())
}
