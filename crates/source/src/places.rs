//! Several places as one archive: for each file the first that has it.
//!
//! Each name is listed from the first place that has it, unless that copy was passed over
//! ([`PlacesSource::pass_over`]): which copies are good knows whoever reads them. So an archive in several places is
//! read, and each segment once, as if it lay in one.

use crate::entry::EntryPlace;
use crate::key::Keys;
use crate::source::{AsOf, Extent, Local};
use crate::{Entry, HeldEntry, Listing, MisfiledFile, Refusal, Source, SourceError, Stamp, Stored, WantedPlace};
use pgwal_format::FileName;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A place among several.
pub struct ArchivePlace {
    /// As the user named it.
    pub name: String,
    /// What lies there.
    pub source: Box<dyn Source>,
}

/// Several places as one archive. Files of the first are shown as it shows them, those of the others behind the names
/// of their places.
pub struct PlacesSource {
    places: Vec<(ArchivePlace, Option<Arc<EntryPlace>>)>,
    /// Copies that are not listed, by place and name.
    passed_over: Mutex<BTreeSet<(usize, FileName)>>,
    /// The order in which they are asked.
    order: Mutex<Vec<usize>>,
}

impl PlacesSource {
    /// These places, in the order in which they are asked.
    pub fn new(places: Vec<ArchivePlace>) -> PlacesSource {
        let order = Mutex::new((0..places.len()).collect());
        let numbered = places.into_iter().enumerate().map(|(number, place)| {
            let shown = format!("{}/", place.name.trim_end_matches('/'));
            let own = (number > 0).then(|| Arc::new(EntryPlace { number, shown }));
            (place, own)
        });
        PlacesSource { places: numbered.collect(), passed_over: Mutex::default(), order }
    }

    /// The places, in order.
    pub fn places(&self) -> impl Iterator<Item = &ArchivePlace> {
        self.places.iter().map(|(place, _)| place)
    }

    /// Which place a file lies in.
    pub fn place_of(&self, entry: &Entry) -> usize {
        entry.place()
    }

    /// Copies that a later place has as well, of those that are listed: as they are shown, each with its place and
    /// name.
    ///
    /// # Errors
    /// As [`Source::list`].
    pub fn with_others(&self) -> Result<BTreeMap<String, (usize, FileName)>, SourceError> {
        let (shown, mut all) = (self.list()?, BTreeMap::<FileName, usize>::new());
        for (number, (place, _)) in self.places.iter().enumerate() {
            // The place that cannot be listed has no copy.
            let names = place.source.list().map(|listing| listing.entries).unwrap_or_default();
            all.extend(names.into_iter().filter_map(|entry| Some((entry.name?, number))));
        }
        let copy = |entry: &Entry| {
            let name = entry.name?;
            all.get(&name).is_some_and(|last| *last > entry.place()).then(|| (entry.shown(), (entry.place(), name)))
        };
        Ok(shown.entries.iter().filter_map(copy).collect())
    }

    /// Asks the places in which these folders are first, in this order, and the others behind them. Whether that is
    /// another order than before; `None` where a folder is in none of them, and nothing changes.
    pub fn ask_first(&self, folders: &[PathBuf]) -> Option<bool> {
        let holds = |place: &ArchivePlace, folder: &PathBuf| {
            let Some(local) = place.source.local() else { return false };
            let entries = place.source.list().map(|listing| listing.entries).unwrap_or_default();
            let parents: BTreeSet<PathBuf> =
                entries.iter().filter_map(|entry| local.path(entry).parent().map(PathBuf::from)).collect();
            parents.iter().any(|parent| parent.canonicalize().is_ok_and(|real| real == *folder))
        };
        let of = |folder| self.places().position(|place| holds(place, folder));
        let mut order = folders.iter().map(of).collect::<Option<Vec<usize>>>()?;
        order.extend(0..self.places.len());
        let mut seen = BTreeSet::new();
        order.retain(|number| seen.insert(*number));
        let mut now = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *now, order);
        Some(before != *now)
    }

    /// Another place that has a file as well, as its copy there is named.
    pub fn copy_of(&self, entry: &Entry) -> Option<String> {
        let others = self.places.iter().enumerate().filter(|(number, _)| *number != entry.place());
        others.into_iter().find_map(|(_, (place, own))| {
            let entries = place.source.list().ok()?.entries;
            let same = entries.into_iter().find(|other| other.name.is_some() && other.name == entry.name)?;
            let path = place.source.local().map(|local| local.path(&same).display().to_string());
            Some(path.unwrap_or_else(|| same.in_place(own.as_ref()).shown()))
        })
    }

    /// Lists a file from a later place.
    pub fn pass_over(&self, copy: (usize, FileName)) {
        self.passed_over.lock().unwrap_or_else(PoisonError::into_inner).insert(copy);
    }

    /// Lists it from its place again.
    pub fn take_back(&self, copy: (usize, FileName)) {
        self.passed_over.lock().unwrap_or_else(PoisonError::into_inner).remove(&copy);
    }

    /// The place of a file, and the file as that place knows it.
    fn within(&self, entry: &Entry) -> Result<(&dyn Source, Entry), SourceError> {
        match self.places.get(entry.place()) {
            Some((place, _)) => Ok((place.source.as_ref(), entry.clone().in_place(None))),
            None => Err(SourceError::foreign(entry.shown(), Refusal::Other, "it is of no place here")),
        }
    }

    fn source_of(&self, entry: &Entry) -> Option<(&dyn Source, Entry)> {
        self.within(entry).ok()
    }
}

impl Source for PlacesSource {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.places().map(|place| place.name.as_str()).collect();
        names.join(", ")
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let (mut whole, mut refused) = (Listing::default(), None);
        let passed_over = self.passed_over.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut here: BTreeMap<FileName, usize> = BTreeMap::new();
        let order = self.order.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (number, (place, own)) in order.into_iter().filter_map(|number| Some((number, self.places.get(number)?))) {
            let listing = match place.source.list() {
                Ok(listing) => listing,
                Err(error) => {
                    whole.unreadable.push((place.name.clone(), error.clone()));
                    refused = Some(error);
                    continue;
                }
            };
            let shown = |name: &String| own.as_ref().map_or_else(String::new, |own| own.shown.clone()) + name;
            for entry in listing.entries {
                let is_taken = entry.name.is_none_or(|name| {
                    !passed_over.contains(&(number, name)) && *here.entry(name).or_insert(number) == number
                });
                if is_taken {
                    whole.entries.push(entry.in_place(own.as_ref()));
                }
            }
            whole.misfiled.extend(listing.misfiled.into_iter().map(|file| {
                let folder = shown(&file.wanted.folder);
                MisfiledFile { entry: file.entry.in_place(own.as_ref()), wanted: WantedPlace { folder, ..file.wanted } }
            }));
            whole.ignored.merge(&listing.ignored);
            whole.unknown.merge(&listing.unknown);
            whole.unreadable.extend(listing.unreadable.into_iter().map(|(name, error)| (shown(&name), error)));
        }
        match refused {
            Some(error) if whole.unreadable.len() == self.places.len() && whole.entries.is_empty() => Err(error),
            _ => Ok(whole.sorted()),
        }
    }

    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        let (source, own) = self.within(entry)?;
        source.open(&own, extent)
    }

    fn keys(&self, entry: &Entry) -> Option<&Keys> {
        let (source, own) = self.source_of(entry)?;
        source.keys(&own)
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        let (source, own) = self.source_of(entry)?;
        source.stamp(&own)
    }

    fn as_of(&self, entry: &Entry) -> AsOf {
        self.source_of(entry).map_or(AsOf::Now, |(source, own)| source.as_of(&own))
    }

    fn is_live(&self) -> bool {
        self.places().any(|place| place.source.is_live())
    }

    fn local(&self) -> Option<&dyn Local> {
        // Whoever maps files maps all of them.
        self.places().all(|place| place.source.local().is_some()).then_some(self as &dyn Local)
    }
}

impl Local for PlacesSource {
    fn path(&self, entry: &Entry) -> PathBuf {
        let found = self.source_of(entry).and_then(|(source, own)| Some(source.local()?.path(&own)));
        found.unwrap_or_default()
    }

    fn may_read(&self, entry: &Entry) -> bool {
        self.source_of(entry).is_some_and(|(source, own)| source.may_read(&own))
    }

    fn hold(&self, entry: &Entry) -> Result<HeldEntry, SourceError> {
        let (source, own) = self.within(entry)?;
        match source.local() {
            Some(local) => local.hold(&own),
            None => Err(SourceError::foreign(entry.shown(), Refusal::Other, "it is no file that can be kept open")),
        }
    }

    fn control_file(&self) -> Option<Vec<u8>> {
        self.places().find_map(|place| place.source.control_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_file_is_of_the_first_place_that_has_it_and_was_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = ("000000010000000000000001", "000000010000000000000002");
        let place = |name: &str, files: &[(&str, &str)]| {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).unwrap();
            files.iter().for_each(|(file, text)| fs::write(path.join(file), text).unwrap());
            ArchivePlace { name: name.to_owned(), source: crate::open(&[path]).unwrap() }
        };
        let all = PlacesSource::new(vec![place("a", &[(one, "a1")]), place("b", &[(one, "b1"), (two, "b2")])]);
        let source: &dyn Source = &all;
        let read = || -> Vec<(String, String)> {
            let text = |entry: &Entry| String::from_utf8(source.small(entry, 10).unwrap().0).unwrap();
            source.list().unwrap().entries.iter().map(|entry| (entry.shown(), text(entry))).collect()
        };
        let (first, second) = ((one.to_owned(), "a1".to_owned()), (format!("b/{two}"), "b2".to_owned()));
        assert_eq!(read(), [first, second.clone()]);
        let others = all.with_others().unwrap();
        let (shown, copy) = others.first_key_value().unwrap();
        assert_eq!((others.len(), shown.as_str(), copy.0), (1, one, 0));
        all.pass_over(*copy);
        assert_eq!(read(), [(format!("b/{one}"), "b1".to_owned()), second]);
        assert_eq!(
            fs::canonicalize(source.local().unwrap().path(&source.list().unwrap().entries[0])).unwrap(),
            fs::canonicalize(folder.path().join("b").join(one)).unwrap()
        );
    }
}
