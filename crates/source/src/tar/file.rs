//! A tar as a place: looked through once, its members found by their names.
//!
//! ```text
//! plain                   members are read where they lie
//! packed, in WAL's order  unpacked again while its WAL is read, by each thread
//! packed, in any other    what may be wanted is unpacked to a file without a name ($TMPDIR)
//! standard input          so is it here, as it comes
//! ```
//! What a header claims is only ever counted down; members are counted, and their number is bounded. Of several members
//! of one name the last counts, as for whoever unpacks the tar.

use super::bytes::{TarBytes, TarReading};
use super::links;
use super::parser::{Parser, TarFault};
use super::spool::Spool;
use super::wal::{TarSeen, TarSource, TarStorage, TarWal};
use super::{Member, TarEvent, TarMemberKind, plain_of};
use crate::codec::Codec;
use crate::name::{self, NamePlace};
use crate::pace::Pace;
use crate::stored::Stored;
use crate::{Ignored, ReadState, Source, SourceError, Stamp, level, regular};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// Members that are kept; of a tar with more, nothing is read.
const MOST: usize = 1_000_000;
/// Bytes of a small member that stay in memory where a packed tar is unpacked again.
const HELD: u64 = 64 << 10;
/// All of them together.
const HELD_ALL: u64 = 16 << 20;
/// Bytes of a member without the name of WAL that are put aside where a tar is not read a second time.
const ASIDE: u64 = 64 << 20;
/// Where the bytes of a member are that were not put aside.
const NOWHERE: u64 = u64::MAX;
/// More than any segment has.
const LARGEST: u64 = (1 << 30) + (64 << 20);

/// Of a link that is no other name of a file in the tar.
const LINK: &str = "it is a link, and no file in the tar is what it leads to (tar -h puts that into one)";

/// A tar, looked through.
pub struct TarFile {
    named: String,
    storage: Arc<TarStorage>,
    /// By their names.
    members: BTreeMap<String, TarMember>,
    fault: Option<SourceError>,
    how: TarReadingWay,
    seen: SystemTime,
    stamp: Option<Stamp>,
}

/// How the members of a tar are got at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TarReadingWay {
    /// Where they lie.
    Plain,
    /// By unpacking it again.
    Again(Codec),
    /// From a temporary file with so many bytes.
    Spooled(Codec, u64),
}

struct TarMember {
    kind: TarMemberKind,
    wal: TarWal,
}

impl TarMember {
    fn is_file(&self) -> bool {
        self.kind == TarMemberKind::File
    }
}

impl TarFile {
    /// Looks a file through; `None` where it is no tar.
    ///
    /// # Errors
    /// It cannot be read, holds too many members, or there is no room to unpack it.
    pub fn open(path: &Path, pace: Option<Arc<Pace>>) -> Result<Option<TarFile>, SourceError> {
        if !super::is_tar(path)? {
            return Ok(None);
        }
        let seen = SystemTime::now();
        let (file, _) = regular::open(path)?;
        let stamp = Stamp::of(path);
        let bytes = TarBytes::held(file, path, pace)?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let named = path.display().to_string();
        let first = TarIndex::of(bytes.reading()?, name, &named, None)?;
        if first.codec == Codec::Plain || first.in_order {
            let how =
                if first.codec == Codec::Plain { TarReadingWay::Plain } else { TarReadingWay::Again(first.codec) };
            let storage = TarStorage::of(bytes, first.codec);
            return Ok(Some(first.into_file(named, storage, how, (seen, stamp))));
        }
        let again = TarIndex::of(bytes.reading()?, name, &named, Some(Spool::new()?))?;
        Ok(Some(again.into_spooled(named, (seen, stamp))?))
    }

    /// Takes in a tar from a stream, which is not read again.
    ///
    /// # Errors
    /// As [`TarFile::open`].
    pub(crate) fn take_in(stream: impl Read, named: &str) -> Result<TarFile, SourceError> {
        let seen = SystemTime::now();
        let index = TarIndex::of(stream, "", named, Some(Spool::new()?))?;
        // No stream is the same as another one.
        let stamp = Stamp::tagged(0, seen, &std::process::id().to_le_bytes());
        index.into_spooled(named.to_owned(), (seen, Some(Stamp { changed: stamp.modified, ..stamp })))
    }

    /// The tar as a user named it.
    pub fn describe(&self) -> &str {
        &self.named
    }

    /// How its members are got at.
    pub fn how(&self) -> TarReadingWay {
        self.how
    }

    /// What lies in a folder of it, by name: files with their sizes, folders without.
    pub fn list(&self, folder: &str) -> Vec<(String, Option<u64>)> {
        let under = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut out: BTreeMap<&str, Option<u64>> = BTreeMap::new();
        for (path, member) in self.members.range(under.clone()..) {
            let Some(rest) = path.strip_prefix(&under) else { break };
            match rest.split_once('/') {
                Some((name, _)) => out.entry(name).or_default(),
                None if member.kind == TarMemberKind::File => out.entry(rest).or_insert(Some(member.wal.size)),
                None => continue,
            };
        }
        out.into_iter().map(|(name, size)| (name.to_owned(), size)).collect()
    }

    /// Up to so many bytes of a member from its beginning; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(stored) = self.member(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        stored.take(limit).read_to_end(&mut bytes).map_err(|error| SourceError::of_reading(path, &error))?;
        Ok(Some(bytes))
    }

    /// The bytes of a member; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn member(&self, path: &str) -> Result<Option<Box<dyn Stored + '_>>, SourceError> {
        let Some(member) = self.members.get(path) else { return Ok(None) };
        if member.kind == TarMemberKind::Link {
            return Err(SourceError::foreign(path, crate::Refusal::Other, LINK));
        }
        if !member.is_file() {
            return Ok(None);
        }
        Ok(Some(match &member.wal.held {
            Some(held) => Box::new(io::Cursor::new(held.as_slice())),
            None if member.wal.offset == NOWHERE => {
                let what = "it was not put aside when the tar came by: name the tar as a file, not packed";
                return Err(SourceError::foreign(path, crate::Refusal::Other, what));
            }
            None => self.storage.member(member.wal.offset, member.wal.size)?,
        }))
    }

    /// The folder of WAL of the data directory that the tar is of.
    pub fn wal_of_data_directory(&self) -> Option<String> {
        let is_file = |path: &str| self.members.get(path).is_some_and(|m| m.kind == TarMemberKind::File);
        let has = |path: &str| {
            self.members.contains_key(path)
                || self
                    .members
                    .range(format!("{path}/")..)
                    .next()
                    .is_some_and(|(p, _)| p.starts_with(&format!("{path}/")))
        };
        // Of several the one that is nearest to the root.
        let roots = self.members.keys().filter_map(|path| path.strip_suffix("PG_VERSION"));
        let roots = roots.filter(|root| root.is_empty() || root.ends_with('/'));
        let root = roots.filter(|root| is_file(&format!("{root}global/pg_control"))).min_by_key(|root| root.len())?;
        level::WAL_FOLDERS.into_iter().map(|name| format!("{root}{name}")).find(|folder| has(folder))
    }

    /// The WAL in some folders: the first with its subfolders of 256 segments, the others flat.
    pub fn wal(&self, folders: &[String]) -> Box<dyn Source> {
        let first = folders.first().map(String::as_str).unwrap_or_default();
        self.wal_where(&|folder| {
            let log = match folder.rsplit_once('/') {
                Some((above, last)) => above == first && name::is_log_folder(last),
                None => first.is_empty() && name::is_log_folder(folder),
            };
            log || folders.iter().any(|own| own == folder)
        })
    }

    /// All WAL, whatever folder it lies in; of a data directory, its own.
    pub fn source(&self) -> Box<dyn Source> {
        match self.wal_of_data_directory() {
            Some(folder) => self.wal(&[folder]),
            None => self.wal_where(&|folder| !folder.split('/').any(name::is_known_subfolder)),
        }
    }

    fn wal_where(&self, is_asked: &dyn Fn(&str) -> bool) -> Box<dyn Source> {
        let (mut ignored, mut unknown) = (Ignored::default(), Ignored::default());
        let (mut files, mut unreadable) = (Vec::new(), Vec::new());
        for (path, member) in &self.members {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            if !is_asked(folder) {
                continue;
            }
            match (name::place(name), member.kind) {
                (_, TarMemberKind::Folder) => {}
                (NamePlace::Wal(_), TarMemberKind::File) if member.wal.offset != NOWHERE => {
                    files.push(member.wal.clone())
                }
                (NamePlace::Wal(_), kind) => {
                    let what = match kind {
                        TarMemberKind::Link => LINK,
                        TarMemberKind::File => "it is larger than any file of WAL",
                        _ => "it lies with holes in the tar (--sparse), which is not read",
                    };
                    unreadable.push((path.clone(), SourceError::foreign(path, crate::Refusal::Other, what)));
                }
                (NamePlace::Temporary, _) => ignored.add(path),
                (NamePlace::Unknown, _) => unknown.add(path),
            }
        }
        // Where there is no WAL, nothing of it can be missing.
        let told = |error: &&SourceError| {
            !files.is_empty() || !matches!(error, SourceError::BrokenTar { may_be_whole: true, .. })
        };
        unreadable.extend(self.fault.iter().filter(told).map(|error| (self.named.clone(), error.clone())));
        let seen = TarSeen { at: Some(self.seen), stamp: self.stamp, ignored, unknown, unreadable };
        Box::new(TarSource::among(self.named.clone(), Arc::clone(&self.storage), files, seen))
    }
}

/// What looking a tar through came to.
struct TarIndex {
    codec: Codec,
    members: BTreeMap<String, TarMember>,
    fault: Option<SourceError>,
    /// Its segments lie in the order of their names.
    in_order: bool,
    spool: Option<Spool>,
}

impl TarIndex {
    /// `spool`: what may be wanted is put there, and found there.
    fn of(stream: impl Read, name: &str, named: &str, spool: Option<Spool>) -> Result<TarIndex, SourceError> {
        let (members, links) = (BTreeMap::new(), BTreeMap::new());
        let mut taking = TarTaking { members, links, spool, now: None, refused: None, last: None, room: HELD_ALL };
        let mut in_order = true;
        let mut parser = Parser::default();
        let read = plain_of(stream, name, &mut |window| {
            parser.push(window, &mut |event| {
                match event {
                    TarEvent::Member(member) => in_order &= taking.begin(member),
                    TarEvent::Content(bytes) => taking.content(bytes),
                }
                if taking.refused.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        });
        let (codec, state) = read.map_err(|error| SourceError::of_reading(named, &error))?;
        if let Some(refused) = taking.refused {
            return Err(refused);
        }
        let fault = parser.finish(state == ReadState::Whole);
        let cut = taking.end();
        let what = match (state, fault) {
            (ReadState::Whole, None) => None,
            (ReadState::Whole, Some(fault)) => Some(fault.to_string()),
            (ReadState::CutOff, _) => Some(format!("ends in the middle of its {codec}")),
            _ => Some(format!("cannot be unpacked whole: its {codec} is damaged")),
        };
        let within = cut.map(|member| format!(", in {member}")).unwrap_or_default();
        let may_be_whole = state == ReadState::Whole && fault == Some(TarFault::NoEnd);
        let fault = what.map(|what| SourceError::BrokenTar {
            tar: named.to_owned(),
            what: format!("{what}{within}"),
            may_be_whole,
        });
        in_order &= !taking.follow_links();
        let members = without_common_folder(taking.members);
        Ok(TarIndex { codec, members, fault, in_order, spool: taking.spool })
    }

    fn into_file(
        self,
        named: String,
        storage: TarStorage,
        how: TarReadingWay,
        (seen, stamp): (SystemTime, Option<Stamp>),
    ) -> TarFile {
        let TarIndex { members, fault, .. } = self;
        TarFile { named, storage: Arc::new(storage), members, fault, how, seen, stamp }
    }

    fn into_spooled(mut self, named: String, seen: (SystemTime, Option<Stamp>)) -> Result<TarFile, SourceError> {
        let spool = self.spool.take().map_or_else(Spool::new, Ok)?;
        let how = TarReadingWay::Spooled(self.codec, spool.length());
        let bytes = TarBytes::held(spool.into_file(), Path::new(&named), None)?;
        Ok(self.into_file(named, TarStorage::Plain(bytes), how, seen))
    }
}

/// Takes the members of a tar as they come.
struct TarTaking {
    members: BTreeMap<String, TarMember>,
    /// Where symbolic links lead.
    links: BTreeMap<String, String>,
    spool: Option<Spool>,
    /// The one that comes now, and how many of its bytes are here.
    now: Option<TakenMember>,
    refused: Option<SourceError>,
    /// The last segment's name.
    last: Option<String>,
    /// Bytes that may still stay in memory.
    room: u64,
}

struct TakenMember {
    path: String,
    kind: TarMemberKind,
    wal: TarWal,
    here: u64,
    /// Its bytes, to be held.
    bytes: Option<Vec<u8>>,
    is_aside: bool,
}

impl TarTaking {
    /// Whether it stands where the order of WAL has it.
    fn begin(&mut self, member: &Member) -> bool {
        self.end();
        let path = plain_path(&member.path);
        let name = path.rsplit('/').next().unwrap_or_default();
        let placed = name::place(name);
        let is_wal = matches!(placed, NamePlace::Wal(_));
        if path.is_empty() || member.kind == TarMemberKind::Folder {
            return true;
        }
        if self.members.len() >= MOST {
            let what = format!("it holds more than {MOST} files");
            self.refused = Some(SourceError::foreign("the tar", crate::Refusal::Other, what));
            return true;
        }
        // Another name of a file that came before it.
        let same = member.same_as.as_ref().and_then(|name| self.members.get(&plain_path(name)));
        if let Some(TarMember { kind: TarMemberKind::File, wal }) = same {
            let wal = TarWal { name: path.clone(), ..wal.clone() };
            let follows = !is_wal || self.last.as_deref().is_none_or(|last| last <= name);
            self.members.insert(path, TarMember { kind: TarMemberKind::File, wal });
            return follows;
        }
        match &member.leads_to {
            Some(target) => drop(self.links.insert(path.clone(), target.clone())),
            None => drop(self.links.remove(&path)),
        }
        let limit = if is_wal { LARGEST } else { ASIDE };
        let is_data = !is_wal && is_data_file(&path);
        let is_aside = self.spool.is_some() && member.kind == TarMemberKind::File && member.size <= limit && !is_data;
        let offset = match &self.spool {
            Some(spool) if is_aside => spool.length(),
            Some(_) => NOWHERE,
            None => member.offset,
        };
        let may_be_held = self.spool.is_none() && !is_data && member.size <= HELD.min(self.room);
        self.room -= if may_be_held { member.size } else { 0 };
        let follows = match placed {
            NamePlace::Wal(wal) if matches!(wal.name, pgwal_format::FileName::Segment(_)) => {
                let follows = self.last.as_deref().is_none_or(|last| last <= name);
                self.last = Some(name.to_owned());
                follows
            }
            _ => true,
        };
        let wal = TarWal { name: path.clone(), size: member.size, offset, modified: member.modified, held: None };
        let bytes = may_be_held.then(Vec::new);
        self.now = Some(TakenMember { path, kind: member.kind, wal, here: 0, bytes, is_aside });
        follows
    }

    fn content(&mut self, bytes: &[u8]) {
        let Some(now) = &mut self.now else { return };
        now.here += bytes.len() as u64;
        if let Some(held) = &mut now.bytes {
            held.extend_from_slice(bytes);
        }
        if let Some(spool) = self.spool.as_mut().filter(|_| now.is_aside)
            && let Err(error) = spool.push(bytes)
        {
            self.refused = Some(error);
        }
    }

    /// A link to a file that lies in the tar as well is another name of that file. `true`: a file of WAL has one.
    fn follow_links(&mut self) -> bool {
        let mut of_wal = false;
        for link in self.links.keys() {
            let target = links::led_to(link, &self.links).and_then(|target| self.members.get(&target));
            let Some(TarMember { kind: TarMemberKind::File, wal }) = target else { continue };
            of_wal |= matches!(name::place(link.rsplit('/').next().unwrap_or_default()), NamePlace::Wal(_));
            let wal = TarWal { name: link.clone(), ..wal.clone() };
            self.members.insert(link.clone(), TarMember { kind: TarMemberKind::File, wal });
        }
        of_wal
    }

    /// The member that came is over; its name where it is not whole.
    fn end(&mut self) -> Option<String> {
        let TakenMember { path, kind, mut wal, here, bytes, .. } = self.now.take()?;
        let is_file = kind == TarMemberKind::File;
        if is_file && here < wal.size {
            return Some(path);
        }
        wal.held = bytes.filter(|_| is_file).map(Arc::new);
        self.members.insert(path, TarMember { kind, wal });
        None
    }
}

/// Without what stands for the folder itself.
fn plain_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts.join("/")
}

/// A file of a database, of which there are many: `base/16384/2619`.
fn is_data_file(path: &str) -> bool {
    let mut parts = path.rsplit('/').skip(1);
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    number && parts.next().is_some_and(|part| part == "base" || part.starts_with("PG_"))
}

/// By their names below the folder that all of them lie in: what a tar was made of lies at its root.
fn without_common_folder(members: BTreeMap<String, TarMember>) -> BTreeMap<String, TarMember> {
    let (Some((first, _)), Some((last, _))) = (members.first_key_value(), members.last_key_value()) else {
        return members;
    };
    let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    let common = first.get(..same).and_then(|same| same.rfind('/')).map_or(0, |slash| slash + 1);
    if common == 0 {
        return members;
    }
    let renamed = members.into_iter().map(|(path, member)| {
        let path = path.get(common..).unwrap_or(&path).to_owned();
        let wal = TarWal { name: path.clone(), ..member.wal };
        (path, TarMember { wal, ..member })
    });
    renamed.collect()
}

/// Whether the bytes that a stream begins with are those of a tar, packed or not.
pub(crate) fn begins(stream: impl Read) -> io::Result<bool> {
    let mut found = false;
    plain_of(stream, "", &mut |window| {
        found = super::is_header(window);
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// As [`TarBytes::reading`], for whoever reads a tar by its path alone.
pub(super) fn reading(path: &Path) -> Result<TarReading, SourceError> {
    TarBytes::at(path).reading()
}
