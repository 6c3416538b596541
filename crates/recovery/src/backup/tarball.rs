//! Tars of `pg_basebackup -Ft`: `base.tar`, a tar for each tablespace, `pg_wal.tar`, and `backup_manifest` beside them;
//! or a tar of a data directory that somebody made, under whichever folder.

use super::assemble::{assemble, take_wal};
use super::flaw::{FlawKind, Weight};
use super::parts::{BackupParts, SMALL};
use super::{Backup, BackupKind, small, structure, tablespace_map};
use pgwal_format::FileName;
use pgwal_format::recovery::data_directory::DataFolder;
use pgwal_source::tar::{self, TarEvent, TarFault, TarMemberKind, TarRead, TarSource, TarWal};
use pgwal_source::{ReadState, SourceError};
use std::collections::BTreeSet;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// WAL out of packed tars that is kept in memory, in bytes. What is beyond is unpacked again, in the tar's order.
const HELD: u64 = 256 << 20;
/// Files that settings may include: all of them and one, in bytes, and how many.
const CONF_HELD: u64 = 8 << 20;
const CONF_LONGEST: u64 = 1 << 20;
const CONF_MOST: usize = 10_000;
/// Folders of a backup that are kept.
const MOST_FOLDERS: usize = 10_000;
/// Files of a backup whose sizes are kept.
const MOST_FILES: usize = 20_000_000;

/// The base tar in a folder.
pub(super) fn base_in(folder: &Path) -> Option<PathBuf> {
    tars(folder).into_iter().find(|(stem, _)| stem == "base").map(|(_, path)| path)
}

/// Opens a base tar and what lies beside it.
pub(super) fn open(path: &Path, named: &Path) -> Result<Backup, SourceError> {
    let mut backup = Backup::of(named.display().to_string(), BackupKind::Tar);
    let base = Contents::read(path, false)?;
    base.report(path, &mut backup);
    let root = base.root();
    backup.tar_root.clone_from(&root);
    let mut parts = BackupParts { whole: base.is_whole(), ..BackupParts::default() };
    for (member, bytes) in base.small {
        if let Some(name) = below(&member, &root) {
            parts.files.insert(name.to_owned(), bytes);
        }
    }
    parts.sizes =
        base.sizes.into_iter().filter_map(|(member, size)| Some((below(&member, &root)?.to_owned(), size))).collect();
    let folders: Vec<String> =
        base.folders.iter().filter_map(|member| below(member, &root)).map(str::to_owned).collect();
    // The WAL of a tar is not among the sizes.
    let wal_folder = base.wal.first().map(|_| "pg_wal".to_owned());
    if parts.whole && !folders.is_empty() {
        parts.folders = structure::in_tar(&folders.into_iter().chain(wal_folder).collect::<Vec<_>>(), &parts.sizes);
    }
    parts.in_place = base.in_place;
    let mut wal = (path.to_path_buf(), base.read.codec, base.wal);
    let beside = path.parent().unwrap_or(Path::new(""));
    // Only a tar that pg_basebackup named has others beside it that belong to it.
    if base_in(beside).is_some_and(|base| base == path) {
        if let Some(bytes) = small::small(&beside.join("backup_manifest"), super::manifest::LONGEST + 1)? {
            parts.files.entry("backup_manifest".to_owned()).or_insert(bytes);
        }
        let spaces = match parts.files.get("tablespace_map") {
            // A manifest lists each file.
            Some(map) if !parts.files.contains_key("backup_manifest") => tablespace_map::parse(map),
            _ => Vec::new(),
        };
        let all = tars(beside);
        let without = spaces.into_iter().filter(|(oid, _)| !all.iter().any(|(stem, _)| stem == oid));
        let of_tar =
            |(oid, _): (String, String)| Some(FlawKind::TablespaceTar(oid.parse().ok()?).of(&format!("{oid}.tar")));
        backup.flaws.extend(without.filter_map(of_tar));
        for (stem, other) in all {
            let is_wal = matches!(stem.as_str(), "pg_wal" | "pg_xlog");
            if !is_wal && !stem.bytes().all(|b| b.is_ascii_digit()) {
                continue;
            }
            let contents = Contents::read(&other, is_wal)?;
            contents.report(&other, &mut backup);
            if is_wal {
                wal = (other, contents.read.codec, contents.wal);
            } else {
                parts.whole &= contents.is_whole();
                parts.sizes.extend(
                    contents.sizes.into_iter().map(|(member, size)| (format!("pg_tblspc/{stem}/{member}"), size)),
                );
            }
        }
    }
    let (path, codec, files) = wal;
    if !files.is_empty() {
        take_wal(&mut backup, Arc::new(TarSource::new(&path, codec, files)));
    }
    Ok(assemble(backup, parts))
}

/// A part of what lies in tars.
pub(super) enum MemberPart<'a> {
    /// A member begins: its path in the data directory, where it is a file of it.
    Begin(Option<String>),
    /// Its next bytes.
    Bytes(&'a [u8]),
}

/// Pushes every file of a base tar and of the tablespaces' tars beside it. `root`: the data directory in the base tar.
/// Where one cannot be read, it is named.
pub(super) fn each_member(
    named: &Path,
    root: &str,
    sink: &mut dyn FnMut(MemberPart<'_>),
) -> Result<(), (String, SourceError)> {
    let base = base_in(named).unwrap_or_else(|| named.to_path_buf());
    let mut all = vec![(base.clone(), root.to_owned(), String::new())];
    let beside = base.parent().unwrap_or(Path::new(""));
    if base_in(beside).is_some_and(|own| own == base) {
        let spaces = tars(beside).into_iter().filter(|(stem, _)| stem.bytes().all(|b| b.is_ascii_digit()));
        all.extend(spaces.map(|(stem, path)| (path, String::new(), format!("pg_tblspc/{stem}/"))));
    }
    for (path, root, shown) in all {
        let read = tar::scan(&path, &mut |event| {
            sink(match event {
                TarEvent::Member(member) => {
                    let own = below(&member.path, &root).filter(|_| member.kind == TarMemberKind::File);
                    MemberPart::Begin(own.map(|own| format!("{shown}{own}")))
                }
                TarEvent::Content(bytes) => MemberPart::Bytes(bytes),
            });
            ControlFlow::Continue(())
        });
        read.map_err(|error| (path.file_name().unwrap_or_default().display().to_string(), error))?;
    }
    Ok(())
}

/// Whether a folder is one of a data directory's own, whatever it lies in.
fn is_of_structure(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    DataFolder::ALL
        .iter()
        .any(|folder| path.strip_suffix(folder.name).is_some_and(|above| above.is_empty() || above.ends_with('/')))
}

/// The tars in a folder, by their names without suffixes.
fn tars(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }) else {
        return Vec::new();
    };
    let stem = |name: &str| {
        let (stem, suffix) = name.split_once(".tar")?;
        matches!(suffix, "" | ".gz" | ".lz4" | ".zst" | ".xz" | ".bz2").then(|| stem.to_owned())
    };
    let tar = |name: &str| Some((stem(name)?, folder.join(name)));
    let mut out: Vec<_> = entries
        .flatten()
        .filter_map(|entry| tar(entry.file_name().to_str()?))
        .filter(|(_, path)| path.is_file())
        .collect();
    out.sort();
    out
}

/// The OID of a tablespace: `pg_tblspc/16400/`.
fn in_pg_tblspc(folder: &str) -> Option<u32> {
    let (parent, name) = folder.trim_end_matches('/').rsplit_once('/')?;
    (parent == "pg_tblspc" || parent.ends_with("/pg_tblspc")).then(|| name.parse().ok()).flatten()
}

/// What is in a tar.
struct Contents {
    read: TarRead,
    small: BTreeMap<String, Vec<u8>>,
    sizes: Vec<(String, u64)>,
    /// Paths of folders, and of links, which may stand for some.
    folders: Vec<String>,
    /// Tablespaces that are folders in `pg_tblspc`, and no links.
    in_place: BTreeSet<u32>,
    wal: Vec<TarWal>,
}

enum Keep {
    Nothing,
    Small(String, usize),
    /// How much there is of it, and its bytes, if they are kept.
    Wal(u64, Option<Vec<u8>>),
}

impl Contents {
    /// `only_wal`: it holds the content of `pg_wal`.
    fn read(path: &Path, only_wal: bool) -> Result<Contents, SourceError> {
        let packed = !is_plain(path)?;
        let (mut small, mut sizes, mut wal) = (BTreeMap::new(), Vec::new(), Vec::<TarWal>::new());
        let (mut folders, mut in_place) = (Vec::new(), BTreeSet::new());
        let mut keep = Keep::Nothing;
        let (mut room, mut conf_room) = (HELD, CONF_HELD);
        let read = tar::scan(path, &mut |event| {
            match event {
                TarEvent::Member(member) => {
                    settle(&mut keep, &mut wal);
                    let may_be_folder = matches!(member.kind, TarMemberKind::Folder | TarMemberKind::Link);
                    if may_be_folder && folders.len() < MOST_FOLDERS && is_of_structure(&member.path) {
                        folders.push(member.path.clone());
                    }
                    if member.kind == TarMemberKind::Folder && in_place.len() < MOST_FOLDERS {
                        in_place.extend(in_pg_tblspc(&member.path));
                    }
                    if member.kind != TarMemberKind::File {
                        return ControlFlow::Continue(());
                    }
                    if let Some(name) = wal_name(&member.path, only_wal) {
                        let held = packed && member.size <= room;
                        room -= if held { member.size } else { 0 };
                        keep = Keep::Wal(0, held.then(|| space(member.size)).flatten());
                        wal.push(TarWal {
                            name: name.to_owned(),
                            size: member.size,
                            offset: member.offset,
                            modified: member.modified,
                            held: None,
                        });
                    } else if !only_wal {
                        let room = if small.len() < CONF_MOST { conf_room.min(CONF_LONGEST) } else { 0 };
                        let included = || member.size > 0 && member.size <= room && is_for_settings(&member.path);
                        if let Some(limit) = small_limit(&member.path) {
                            small.insert(member.path.clone(), Vec::new());
                            keep = Keep::Small(member.path.clone(), limit);
                        } else if included() {
                            conf_room -= member.size;
                            small.insert(member.path.clone(), Vec::new());
                            keep = Keep::Small(member.path.clone(), CONF_LONGEST as usize);
                        }
                        if sizes.len() < MOST_FILES {
                            sizes.push((member.path.clone(), member.size));
                        }
                    }
                }
                TarEvent::Content(bytes) => match &mut keep {
                    Keep::Nothing => {}
                    Keep::Wal(there, kept) => {
                        *there += bytes.len() as u64;
                        if let Some(kept) = kept {
                            kept.extend_from_slice(bytes);
                        }
                    }
                    Keep::Small(path, limit) => {
                        if let Some(kept) = small.get_mut(path) {
                            let more = limit.saturating_sub(kept.len()).min(bytes.len());
                            kept.extend_from_slice(bytes.get(..more).unwrap_or(&[]));
                        }
                    }
                },
            }
            ControlFlow::Continue(())
        })?;
        settle(&mut keep, &mut wal);
        Ok(Contents { read, small, sizes, folders, in_place, wal })
    }

    fn is_whole(&self) -> bool {
        self.read.state == ReadState::Whole && self.read.fault.is_none() && self.sizes.len() < MOST_FILES
    }

    fn report(&self, path: &Path, backup: &mut Backup) {
        let name = path.file_name().unwrap_or_default().display().to_string();
        let codec = self.read.codec;
        let what = match (self.read.state, self.read.fault) {
            (ReadState::Whole, None) => return,
            (ReadState::Whole, Some(fault)) => fault.to_string(),
            (ReadState::CutOff, _) => format!("is cut off: its {codec} ends too early"),
            (ReadState::Closed | ReadState::WrongKey, _) => {
                // Not looked at is not damaged.
                backup.flaws.push(FlawKind::Closed(codec).of(&name));
                return;
            }
            _ => format!("cannot be unpacked: its {codec} is damaged"),
        };
        let mut flaw = FlawKind::Tar(what).of(&name);
        // Every tar program takes one without its last blocks, and all members are whole.
        if self.read.state == ReadState::Whole && self.read.fault == Some(TarFault::NoEnd) {
            flaw.weight = Some(Weight::Warning);
        }
        backup.flaws.push(flaw);
    }

    /// The folder in the tar that is the data directory: the one with most of its files, the shortest of such.
    fn root(&self) -> String {
        let mut votes: HashMap<&str, usize> = HashMap::new();
        for path in self.small.keys() {
            for (name, _) in SMALL {
                if let Some(root) = path.strip_suffix(name).filter(|root| root.is_empty() || root.ends_with('/')) {
                    *votes.entry(root).or_default() += 1;
                }
            }
        }
        let best = votes.into_iter().max_by(|a, b| (a.1, b.0.len(), b.0).cmp(&(b.1, a.0.len(), a.0)));
        best.map_or_else(String::new, |(root, _)| root.to_owned())
    }
}

/// Room for a member that is kept, all of it at once: a buffer that grows is two for a while.
fn space(bytes: u64) -> Option<Vec<u8>> {
    let mut space = Vec::new();
    space.try_reserve_exact(usize::try_from(bytes).ok()?).ok().map(|()| space)
}

/// What was kept of the last member goes where it belongs. Of a member that is cut off, its name says more than is
/// there.
fn settle(keep: &mut Keep, wal: &mut [TarWal]) {
    if let (Keep::Wal(there, kept), Some(last)) = (std::mem::replace(keep, Keep::Nothing), wal.last_mut()) {
        last.size = there;
        last.held = kept.map(Arc::new);
    }
}

fn is_plain(path: &Path) -> Result<bool, SourceError> {
    Ok(small::small(path, 512)?.is_some_and(|head| tar::is_header(&head)))
}

fn small_limit(path: &str) -> Option<usize> {
    let named = |name: &str| {
        path.strip_suffix(name)
            .is_some_and(|root| root.is_empty() || root.ends_with('/') && root.matches('/').count() <= 4)
    };
    SMALL.iter().find(|(name, _)| named(name)).map(|(_, limit)| usize::try_from(*limit).unwrap_or(usize::MAX))
}

/// Whether settings may include a file: it lies in no folder that is the server's own.
fn is_for_settings(path: &str) -> bool {
    let own = |folder: &str| matches!(folder, "base" | "global" | "log") || folder.starts_with("pg_");
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or(path);
    let elsewhere = name.ends_with(".conf") || !parts.any(own);
    !name.starts_with('.') && name != "PG_VERSION" && path.matches('/').count() <= 6 && elsewhere
}

fn wal_name(path: &str, only_wal: bool) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    FileName::parse(name)?;
    (only_wal || matches!(folder.rsplit('/').next(), Some("pg_wal" | "pg_xlog"))).then_some(name)
}

fn below<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    path.strip_prefix(root)
}
