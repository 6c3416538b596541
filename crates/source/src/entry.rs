//! What lies in a source.

use crate::SourceError;
use crate::misfiled::WantedPlace;
use crate::name::{self, NamePlace};
use crate::opening::OpeningRule;
use pgwal_format::FileName;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

/// What lies in a source.
#[derive(Debug, Default)]
pub struct Listing {
    /// Files of WAL, ordered by name, then by file. The same segment plain and compressed is two entries of one name.
    pub entries: Vec<Entry>,
    /// Temporaries and records of other tools: nothing to judge.
    pub ignored: Ignored,
    /// Names that say nothing to us. Folders end with a slash.
    pub unknown: Ignored,
    /// What has the name of WAL, or of a folder of it, and could not be looked at.
    pub unreadable: Vec<(String, SourceError)>,
    /// Files of WAL that the tool which keeps the place does not find; none of them is among the entries.
    pub misfiled: Vec<MisfiledFile>,
}

/// A file of WAL that is there and that nobody gets through the tool that keeps the place.
#[derive(Clone, Debug)]
pub struct MisfiledFile {
    /// The file, which can be read.
    pub entry: Entry,
    /// Where the tool looks for one of its name.
    pub wanted: WantedPlace,
}

/// Names that are left out, counted. Only a few are kept, whatever their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// How many there are.
    pub count: u64,
    /// The first of them by name; at most [`Ignored::KEPT`].
    pub first: Vec<String>,
    /// The first of those that would be names of WAL, were their letters small or capital as a server writes them.
    pub miswritten: Vec<String>,
    /// The first notes that a segment was stored although it is damaged.
    pub notes: Vec<String>,
    /// The first in whose name stands that of a segment: what a copy left under way.
    pub leftovers: Box<[String]>,
}

impl Ignored {
    /// How many names are kept.
    pub const KEPT: usize = 5;

    /// Adds what another list left out.
    pub fn merge(&mut self, other: &Ignored) {
        let listed = other.first.len() as u64;
        other.first.iter().for_each(|name| self.add(name));
        self.count += other.count.saturating_sub(listed);
        let room = Ignored::KEPT.saturating_sub(self.miswritten.len());
        let new: Vec<String> =
            other.miswritten.iter().filter(|name| !self.miswritten.contains(name)).cloned().collect();
        self.miswritten.extend(new.into_iter().take(room));
        let room = Ignored::KEPT.saturating_sub(self.notes.len());
        let new: Vec<String> = other.notes.iter().filter(|name| !self.notes.contains(name)).cloned().collect();
        self.notes.extend(new.into_iter().take(room));
        other.leftovers.iter().for_each(|name| self.leave(name));
    }

    /// The name that a server would have given to a file, where only its capitals differ.
    pub fn as_written(shown: &str) -> Option<String> {
        let name = shown.rsplit('/').next()?;
        let (digits, rest) =
            name.split_at_checked(name.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(name.len()))?;
        let right = digits.to_ascii_uppercase() + &rest.to_ascii_lowercase();
        (right != name && matches!(name::place(&right), NamePlace::Wal(_))).then_some(right)
    }

    /// The name of the segment that stands in a file's name, its folders aside.
    pub fn segment_in(shown: &str) -> Option<&str> {
        let name = shown.rsplit('/').next()?;
        // Notes about a segment, files that only name one, and what somebody put aside because it is no good.
        let notes = [".ready", ".done", ".json", ".metadata", ".summary", ".sha1", ".sha256", ".md5", name::DAMAGED];
        let aside = [".bad", ".corrupt", ".corrupted", ".broken"];
        if aside.iter().any(|end| name.to_ascii_lowercase().ends_with(end))
            || notes.iter().any(|end| name.ends_with(end))
            || name.contains(".backup")
        {
            return None;
        }
        let runs = name.split(|c: char| !matches!(c, '0'..='9' | 'A'..='F'));
        let mut whole = runs.filter(|run| run.len() == 24);
        let first = whole.next();
        first.filter(|_| whole.next().is_none())
    }

    fn leave(&mut self, name: &str) {
        let is_new = self.leftovers.len() < Ignored::KEPT && !self.leftovers.iter().any(|known| known == name);
        if is_new && Ignored::segment_in(name).is_some() {
            let known = std::mem::take(&mut self.leftovers).into_iter();
            self.leftovers = known.chain([name.to_owned()]).collect();
        }
    }

    pub(crate) fn add(&mut self, name: &str) {
        let at = self.first.partition_point(|known| known.as_str() < name);
        // Lists of parts may overlap.
        if self.first.get(at).is_some_and(|known| known == name) {
            return;
        }
        self.count += 1;
        if self.miswritten.len() < Ignored::KEPT && Ignored::as_written(name).is_some() {
            self.miswritten.push(name.to_owned());
        }
        if self.notes.len() < Ignored::KEPT && name.ends_with(name::DAMAGED) && !self.notes.iter().any(|n| n == name) {
            self.notes.push(name.to_owned());
        }
        self.leave(name);
        if at < Ignored::KEPT {
            self.first.insert(at, name.to_owned());
            self.first.truncate(Ignored::KEPT);
        }
    }
}

/// One file of WAL. Small, because an archive may hold millions.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What its name says it is; `None` for standard input, and for a file that was given by hand under another name.
    pub name: Option<FileName>,
    /// Bytes on disk, as stored; `None` for a stream.
    pub size: Option<u64>,
    folder: Arc<EntryFolder>,
    file: Box<OsStr>,
    /// What its source calls it, where that is not its name as shown.
    id: Option<Box<str>>,
    /// Which of several places it lies in, where it is not the first or only one.
    place: Option<Arc<EntryPlace>>,
    opening: OpeningRule,
}

/// One of several places that are read as one archive.
#[derive(Debug)]
pub(crate) struct EntryPlace {
    /// The first is 0.
    pub(crate) number: usize,
    /// What stands before a file's name when it is shown.
    pub(crate) shown: String,
}

/// The folder of many entries.
#[derive(Debug)]
pub(crate) struct EntryFolder {
    /// Where it lies, on this machine's disk.
    pub(crate) path: PathBuf,
    /// What stands before a file's name when it is shown: empty, or ending with a slash.
    pub(crate) shown: String,
}

impl Entry {
    pub(crate) fn new(name: Option<FileName>, size: Option<u64>, folder: &Arc<EntryFolder>, file: &OsStr) -> Entry {
        Entry {
            name,
            size,
            folder: Arc::clone(folder),
            file: file.into(),
            id: None,
            place: None,
            opening: OpeningRule::ByContent,
        }
    }

    /// A file in a source of one's own. What it is says its name, as other tools write it, too: `24 digits.gz`; a
    /// folder may stand before it. `size` are the bytes that are stored; `None` where nobody knows before they are
    /// read.
    pub fn named(file: &str, size: Option<u64>) -> Entry {
        let (folder, file) = file.rfind('/').map_or(("", file), |slash| file.split_at(slash + 1));
        let name = match name::place(file) {
            NamePlace::Wal(placed) => Some(placed.name),
            NamePlace::Temporary | NamePlace::Unknown => None,
        };
        Entry::new(
            name,
            size,
            &Arc::new(EntryFolder { path: PathBuf::from(folder), shown: folder.to_owned() }),
            OsStr::new(file),
        )
    }

    #[cfg(feature = "stores")]
    pub(crate) fn called(self, id: &str) -> Entry {
        Entry { id: Some(id.into()), ..self }
    }

    /// As [`Entry::named`], for a source that calls its files something else than what it shows of them: a key, a
    /// number, the place of a part. Two files of one source never share an id.
    pub fn with_id(id: &str, file: &str, size: Option<u64>) -> Entry {
        Entry { id: Some(id.into()), ..Entry::named(file, size) }
    }

    /// The same file, as one that is opened in another way.
    pub fn opened(self, opening: OpeningRule) -> Entry {
        Entry { opening, ..self }
    }

    /// How whoever gives it out opens it.
    pub fn opening(&self) -> OpeningRule {
        self.opening
    }

    /// What the source that listed it calls it: its name as shown, unless it was given another. It means nothing to
    /// anybody else; where the file lies on a disk, [`Local::path`](crate::Local::path) says where.
    pub fn id(&self) -> Cow<'_, str> {
        match (&self.place, self.id.as_deref()) {
            (Some(place), Some(id)) => Cow::Owned(format!("{}:{id}", place.number)),
            (None, Some(id)) => Cow::Borrowed(id),
            (_, None) => Cow::Owned(self.shown()),
        }
    }

    /// The same file as one of another place.
    pub(crate) fn in_place(self, place: Option<&Arc<EntryPlace>>) -> Entry {
        Entry { place: place.cloned(), ..self }
    }

    /// Which of several places it lies in.
    pub(crate) fn place(&self) -> usize {
        self.place.as_ref().map_or(0, |place| place.number)
    }

    /// Where a file of this machine's disk lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path.join(&*self.file)
    }

    /// Its name without folders, where that is text.
    pub fn file_name(&self) -> &str {
        self.file.to_str().unwrap_or("")
    }

    /// Whether it is called by the bare name of what it is, as servers call it: nothing stands behind that.
    pub fn has_bare_name(&self) -> bool {
        self.name.is_some_and(|name| *self.file == *OsStr::new(&name.to_string()))
    }

    /// Whether the file's own name says that it is unfinished, whatever it stands for.
    pub fn is_unfinished(&self) -> bool {
        let placed = self.file.to_str().map(name::place);
        matches!(placed, Some(NamePlace::Wal(placed)) if matches!(placed.name, FileName::Partial(_)))
    }

    /// The file as a user would type it: relative to the archive, or as it was given.
    pub fn shown(&self) -> String {
        let place = self.place.as_ref().map_or("", |place| place.shown.as_str());
        format!("{place}{}{}", self.folder.shown, self.file.display())
    }

    /// The SHA-1 of the plain content that pgBackRest wrote into the file's name.
    pub fn archived_sha1(&self) -> Option<[u8; 20]> {
        match name::place(self.file.to_str()?) {
            NamePlace::Wal(placed) => placed.sha1,
            NamePlace::Temporary | NamePlace::Unknown => None,
        }
    }

    /// The folder that it lies in, as it is shown: empty, or ending with a slash.
    pub fn folder(&self) -> String {
        let place = self.place.as_ref().map_or("", |place| place.shown.as_str());
        format!("{place}{}", self.folder.shown)
    }

    /// The part of the file's name that other tools added behind the server's name, without pgBackRest's checksum:
    /// `.gz`, `.zst.gpg`, or nothing.
    pub fn suffix(&self) -> &str {
        match self.file.to_str().map(name::place) {
            Some(NamePlace::Wal(placed)) => placed.suffix,
            _ => "",
        }
    }
}

impl Entry {
    fn rank(&self) -> impl Ord + '_ {
        (self.name, self.place(), &self.file, &self.folder.path, &self.id)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.name == other.name
            && self.file == other.file
            && self.folder.path == other.folder.path
            && self.id == other.id
            && self.place() == other.place()
    }
}

impl Eq for Entry {}

impl Listing {
    /// These files and nothing else, in whichever order they come.
    pub fn of(entries: Vec<Entry>) -> Listing {
        let mut listing = Listing { entries, ..Listing::default() };
        listing.sort();
        listing
    }

    pub(crate) fn sorted(mut self) -> Listing {
        self.sort();
        self
    }

    pub(crate) fn sort(&mut self) {
        // Unstable: no second copy of a long list.
        self.entries.sort_unstable_by(|a, b| a.rank().cmp(&b.rank()));
        self.unreadable.sort_by(|a, b| a.0.cmp(&b.0));
        self.misfiled.sort_by(|a, b| a.entry.rank().cmp(&b.entry.rank()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_of_ones_own_names_its_files() {
        let segment = "000000010000000000000002";
        let listing = Listing::of(vec![
            Entry::named("notes", None),
            Entry::named(&format!("{segment}.gz"), Some(7)),
            Entry::named(segment, Some(9)),
        ]);
        let shown: Vec<String> = listing.entries.iter().map(Entry::shown).collect();
        assert_eq!(shown, ["notes", segment, &format!("{segment}.gz")]);
        assert_eq!((listing.entries[0].name, listing.entries[2].suffix()), (None, ".gz"));
        assert!(listing.entries[1].name.is_some() && listing.entries[1].name == listing.entries[2].name);
    }

    #[test]
    fn only_the_first_names_are_kept() {
        let mut ignored = Ignored::default();
        for name in ["f", "b", "h", "a", "g", "c", "e", "d"] {
            ignored.add(name);
        }
        assert_eq!(
            ignored,
            Ignored { count: 8, first: ["a", "b", "c", "d", "e"].map(String::from).to_vec(), ..Ignored::default() }
        );
    }
}
