//! Files of a data directory in which a server keeps the state of transactions and of replication, and that it reads
//! when it starts, or before it is done: those that are empty or cut. A machine that crashed leaves such files, and a
//! copy for which there was no room. What servers of 11 to 18 did with each was seen by starting them.
//!
//! What the newest file holds may be new: of pages that came behind the checkpoint at which replay begins, nothing
//! needs to be there.

use super::Backup;
use super::flaw::{BackupFlaw, FlawKind, StateFileFlaw, Weight};
use super::parts::{BackupParts, is_whole};
use super::small::small;
use pgwal_catalog::is_file_map;
use pgwal_crc::castagnoli;
use pgwal_format::text::control::ControlImage;
use pgwal_format::text::control::members::ControlField;
use pgwal_format::text::origin_checkpoint;
use pgwal_format::version::{V9_3, V9_5, V10, V12, V19};
use std::collections::BTreeMap;
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
/// More files than all numbers that there are take.
const MOST_FILES: usize = 1 << 17;
/// Bytes of a map of file numbers, at least.
const MAP: u64 = 512;

/// By the sizes of files.
pub(super) fn by_size(backup: &Backup, parts: &BackupParts) -> Vec<BackupFlaw> {
    if !is_whole(backup.kind) || !backup.has_most {
        return Vec::new();
    }
    let mut out: Vec<BackupFlaw> = Numbered::all(backup).iter().filter_map(|state| state.cut(parts)).collect();
    out.extend(torn(backup, parts));
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

/// The first table or index that does not end with a page: what a server holds of it ends with the last whole one. A
/// copy of a running server may have caught a file that grew. With a manifest every file is compared.
fn torn(backup: &Backup, parts: &BackupParts) -> Option<BackupFlaw> {
    let page = backup.control.as_ref()?.page_size.bytes();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_relation = |path: &str| {
        let file = path.rsplit_once('/').filter(|(folder, _)| *folder == "global" || folder.starts_with("base/"));
        file.is_some_and(|(_, file)| is_number(file.split(['.', '_']).next().unwrap_or_default()))
    };
    let (path, size) = parts
        .sizes
        .iter()
        .find(|(path, size)| !size.is_multiple_of(page) && is_relation(path))
        .filter(|_| backup.manifest.is_none())?;
    let weight = if backup.label.is_some() { Weight::Warning } else { Weight::Error };
    Some(FlawKind::StateFile(StateFileFlaw::Torn { size: *size }).weighed(path, weight))
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
    let map = "global/pg_filenode.map";
    let is_of_map = backup.has_most && backup.version.is_some_and(|version| version >= V9_5);
    if is_of_map
        && let Ok(Some(bytes)) = small(&data.join(map), 2 * MAP)
        && bytes.len() as u64 >= MAP
        && !is_file_map(&bytes)
    {
        out.push(FlawKind::StateFile(StateFileFlaw::MapDamaged).of(map));
    }
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
    /// The page of the next one, where a server reads that at the end of recovery: not where it would be new
    /// (`TrimCLOG`, `TrimMultiXact`).
    page: Option<u64>,
    /// The page of the oldest one that is needed.
    oldest: Option<u64>,
    /// Without the file a server takes its pages for empty.
    must: bool,
}

impl Numbered {
    fn all(backup: &Backup) -> Vec<Numbered> {
        let image = backup.control_bytes.as_deref().and_then(|bytes| ControlImage::read(bytes).ok());
        let Some((control, image)) = backup.control.as_ref().zip(image) else { return Vec::new() };
        let (version, page_size) = (control.dialect.version, control.page_size.bytes());
        // The control file of a backup is copied last, and may be of a later checkpoint.
        let is_start = backup.label.as_ref().is_none_or(|label| label.checkpoint == control.checkpoint);
        let state = |folder, in_page: u64, next: u64, oldest: u64, must: bool| Numbered {
            folder,
            page_size,
            page: (is_start && !next.is_multiple_of(in_page)).then_some(next / in_page),
            oldest: (0 < oldest && oldest <= next).then_some(oldest / in_page),
            must,
        };
        let (next, oldest) = (u64::from(image.next_xid().xid), image.number(ControlField::OldestXid));
        let in_page = page_size * XACTS_PER_BYTE;
        let mut out = vec![state(if version < V10 { "pg_clog/" } else { "pg_xact/" }, in_page, next, oldest, true)];
        // Multixacts have other files before, and numbers of another width from 19 on.
        if (V9_3..V19).contains(&version) {
            let (next, oldest) = (image.number(ControlField::NextMulti), image.number(ControlField::OldestMulti));
            out.push(state("pg_multixact/offsets/", page_size / OFFSET, next, oldest, false));
            let (next, in_page) = (image.number(ControlField::NextMultiOffset), page_size / MEMBERS.1 * MEMBERS.0);
            // Of none that was given out nothing is read.
            out.extend((next > 1).then(|| state("pg_multixact/members/", in_page, next, 0, false)));
        }
        out
    }

    /// The first file of which a page is missing that a server reads.
    fn cut(&self, parts: &BackupParts) -> Option<BackupFlaw> {
        let number = |name: &str| u64::from_str_radix(name, 16).ok().filter(|_| name.len() >= 4);
        let own = parts
            .sizes
            .iter()
            .filter_map(|(path, size)| Some((number(path.strip_prefix(self.folder)?)?, (*size, path.as_str()))));
        let files: BTreeMap<u64, (u64, &str)> = own.collect();
        let (newest, _) = files.last_key_value()?;
        let flaw = |what, path: &str| FlawKind::StateFile(what).of(path);
        let read = match self.page {
            Some(page) => match files.get(&(page / PAGES)) {
                Some((size, path)) if *size < (page % PAGES + 1) * self.page_size => {
                    Some(flaw(StateFileFlaw::Pages { size: *size }, path))
                }
                None if self.must => Some(flaw(StateFileFlaw::Gone, &self.name(page / PAGES))),
                _ => None,
            },
            // The first page is as old as the cluster.
            None => files
                .values()
                .find(|(size, _)| files.len() == 1 && *size == 0)
                .map(|(size, path)| flaw(StateFileFlaw::Pages { size: *size }, path)),
        };
        let whole = PAGES * self.page_size;
        let older = || {
            let behind = self.page.map_or(*newest, |page| (page / PAGES).min(*newest));
            let mut all = self.oldest.map(|oldest| oldest / PAGES..behind).unwrap_or_default().take(MOST_FILES);
            // Whoever gives out other numbers (pg_resetwal) leaves room in front of the newest file.
            let weight = |file: u64| match files.range(file + 1..).next() {
                Some((next, _)) if *next < behind => Weight::Error,
                _ => Weight::Warning,
            };
            all.find_map(|file| match files.get(&file) {
                Some((size, path)) if *size < whole => {
                    let weight = if files.contains_key(&(file + 1)) { Weight::Error } else { Weight::Warning };
                    Some((StateFileFlaw::Older { size: *size }, (*path).to_owned(), weight))
                }
                Some(_) => None,
                None => Some((StateFileFlaw::OlderGone, self.name(file), weight(file))),
            })
        };
        let older = || older().map(|(what, path, weight)| FlawKind::StateFile(what).weighed(&path, weight));
        read.or_else(older)
    }

    fn name(&self, file: u64) -> String {
        format!("{}{file:04X}", self.folder)
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
