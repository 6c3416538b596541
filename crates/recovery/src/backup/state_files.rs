//! Files of a data directory in which a server keeps the state of transactions and of replication, and that it reads
//! when it starts, or before it is done: those that are empty or cut. A machine that crashed leaves such files, and a
//! copy for which there was no room. What servers of 11 to 18 did with each was seen by starting them.
//!
//! What the newest file holds may be new: of pages that came behind the checkpoint at which replay begins, nothing needs
//! to be there.

use super::Backup;
use super::flaw::{BackupFlaw, FlawKind, StateFileFlaw, Weight};
use super::parts::{BackupParts, is_whole};
use super::small::small;
use pgwal_crc::castagnoli;
use pgwal_format::text::control::ControlImage;
use pgwal_format::text::control::members::ControlField;
use pgwal_format::text::origin_checkpoint;
use pgwal_format::version::{V9_3, V9_5, V12, V19};
use std::path::Path;

/// Pages in a file of such state (`SLRU_PAGES_PER_SEGMENT`).
const PAGES: u64 = 32;
/// Transactions of which a byte of `pg_xact` tells.
const XACTS_PER_BYTE: u64 = 4;
/// Bytes of an entry of `pg_multixact/offsets`.
const OFFSET: u64 = 4;
/// Four members, and what each does (9.3 and later).
const MEMBERS: (u64, u64) = (4, 20);
/// More than the state of a prepared transaction takes, or of all origins.
const LONGEST: u64 = 64 << 20;
/// A state of a prepared transaction is larger than this.
const SHORTEST: usize = 64;
/// Bytes of a map of file numbers, at least.
const MAP: u64 = 512;

/// By the sizes of files.
pub(super) fn by_size(backup: &Backup, parts: &BackupParts) -> Vec<BackupFlaw> {
    if !is_whole(backup.kind) || !backup.has_most {
        return Vec::new();
    }
    let mut out: Vec<BackupFlaw> = Numbered::all(backup).iter().filter_map(|state| state.cut(parts)).collect();
    let is_cut = |path: &str, size: u64| match path.rsplit_once('/') {
        Some((_, "pg_filenode.map")) => size < MAP,
        Some((folder, "PG_VERSION")) => size == 0 && folder.starts_with("base/"),
        _ => false,
    };
    let maps = parts.sizes.iter().filter(|(path, size)| is_cut(path, *size));
    out.extend(maps.map(|(path, size)| {
        let of_all = path.starts_with("global/");
        let flaw = FlawKind::StateFile(StateFileFlaw::Map { size: *size });
        // The folder of a database may be one that was made, or removed, while the backup was taken.
        flaw.weighed(path, if of_all { Weight::Error } else { Weight::Warning })
    }));
    out
}

/// By what stands in files of a data directory.
pub(super) fn by_content(backup: &Backup, data: &Path, prepared: &[(u32, String)]) -> Vec<BackupFlaw> {
    let next =
        backup.control_bytes.as_deref().and_then(|bytes| ControlImage::read(bytes).ok()).map(|own| own.next_xid());
    let is_old = backup.version.is_some_and(|version| version < V12);
    // Those that are behind the next one to be given out are removed unread.
    let is_read = |xid: u32| next.as_ref().is_some_and(|next| (xid.wrapping_sub(next.xid) as i32) < 0);
    let read = prepared.iter().filter(|(xid, _)| backup.has_most && is_read(*xid));
    let mut out: Vec<BackupFlaw> = read.filter_map(|(_, name)| of_two_phase(data, name, is_old)).collect();
    let origins = "pg_logical/replorigin_checkpoint";
    let is_of_origins = backup.has_most && backup.version.is_none_or(|version| version >= V9_5);
    if is_of_origins
        && let Ok(Some(bytes)) = small(&data.join(origins), LONGEST)
        && origin_checkpoint::parse(&bytes).is_none()
    {
        out.push(FlawKind::StateFile(StateFileFlaw::Origins { size: bytes.len() as u64, counts: !is_old }).of(origins));
    }
    out
}

/// Numbers that are given out one after another, and files that tell something of each.
struct Numbered {
    folder: &'static str,
    page_size: u64,
    /// The page of the last one that was given out before replay begins, where that is known.
    page: Option<u64>,
}

impl Numbered {
    fn all(backup: &Backup) -> Vec<Numbered> {
        let image = backup.control_bytes.as_deref().and_then(|bytes| ControlImage::read(bytes).ok());
        let Some((control, image)) = backup.control.as_ref().zip(image) else { return Vec::new() };
        let (version, page_size) = (control.dialect.version, control.page_size.bytes());
        // The control file of a backup is copied last, and may be of a later checkpoint.
        let is_start = backup.label.is_none();
        let page = |next: u64, in_page: u64| Some(next.checked_sub(1)? / in_page).filter(|_| is_start);
        let xacts = page(u64::from(image.next_xid().xid), page_size * XACTS_PER_BYTE);
        let mut out = vec![
            Numbered { folder: "pg_xact/", page_size, page: xacts },
            Numbered { folder: "pg_clog/", page_size, page: xacts },
        ];
        // Multixacts have other files before, and numbers of another width from 19 on.
        if (V9_3..V19).contains(&version) {
            let offsets = page(image.number(ControlField::NextMulti), page_size / OFFSET);
            out.push(Numbered { folder: "pg_multixact/offsets/", page_size, page: offsets });
            let next = image.number(ControlField::NextMultiOffset);
            let members = page(next, page_size / MEMBERS.1 * MEMBERS.0);
            // Of none that was given out nothing is read.
            if next > MEMBERS.0 {
                out.push(Numbered { folder: "pg_multixact/members/", page_size, page: members });
            }
        }
        out
    }

    /// The first file of which a page is missing that a server reads.
    fn cut(&self, parts: &BackupParts) -> Option<BackupFlaw> {
        let number = |name: &str| u64::from_str_radix(name, 16).ok().filter(|_| name.len() >= 4);
        let own =
            parts.sizes.iter().filter_map(|(path, size)| Some((number(path.strip_prefix(self.folder)?)?, *size, path)));
        let mut files: Vec<(u64, u64, &String)> = own.collect();
        files.sort_unstable();
        let newest = files.last()?.0;
        let is_alone = files.len() == 1;
        let is_cut = |file: u64, size: u64| match self.page {
            // What was given out last lies there.
            Some(page) if page / PAGES == file => size < (page % PAGES + 1) * self.page_size,
            Some(page) if page / PAGES < file => false,
            _ if file == newest => is_alone && size == 0,
            _ => size == 0 || !size.is_multiple_of(self.page_size),
        };
        let (_, size, path) = files.into_iter().find(|(file, size, _)| is_cut(*file, *size))?;
        Some(FlawKind::StateFile(StateFileFlaw::Pages { size }).of(path))
    }
}

/// What is wrong with the state of a prepared transaction (`ReadTwoPhaseFile` in `twophase.c`): its bytes, and their
/// CRC-32C behind them (9.5 and later).
fn of_two_phase(data: &Path, name: &str, forgets: bool) -> Option<BackupFlaw> {
    let file = format!("pg_twophase/{name}");
    let bytes = small(&data.join(&file), LONGEST).ok().flatten().filter(|bytes| (bytes.len() as u64) < LONGEST)?;
    let sum = bytes.split_last_chunk::<4>().filter(|_| bytes.len() >= SHORTEST);
    let is_right = sum.is_some_and(|(covered, sum)| {
        let computed = castagnoli::append(0, covered);
        [u32::from_le_bytes(*sum), u32::from_be_bytes(*sum)].contains(&computed)
    });
    (!is_right).then(|| FlawKind::StateFile(StateFileFlaw::TwoPhase { size: bytes.len() as u64, forgets }).of(&file))
}
