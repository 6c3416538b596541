//! Several places that are read as one archive.

use crate::input::{InputOptions, open_place};
use pgwal::repos::{ContentsReading, ListedBackup, OpenedPlace, Repository};
use pgwal::source::{ArchivePlace, Entry, PlacesSource, Source, tar_at};
use pgwal::verify::places::choose_copies;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What was named, opened.
pub enum NamedArchive {
    /// One place.
    One(OpenedPlace),
    /// Several, and the repository that the first one lies in.
    Several(PlacesSource, Option<Repository>),
}

impl NamedArchive {
    /// Its WAL, as it is listed first.
    pub fn source(&self) -> &dyn Source {
        match self {
            NamedArchive::One(opened) => opened.source.as_ref(),
            NamedArchive::Several(places, _) => places,
        }
    }

    /// The repository of a backup tool that it lies in.
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            NamedArchive::One(opened) => opened.repository.as_ref(),
            NamedArchive::Several(_, repository) => repository.as_ref(),
        }
    }
}

impl NamedArchive {
    /// The names of its WAL, as they are listed at this moment; none where they cannot be.
    pub fn names(&self) -> BTreeSet<String> {
        let listing = self.source().list().unwrap_or_default();
        listing.entries.iter().map(Entry::shown).collect()
    }

    /// The same, opened anew, where its tool made or expired a backup or WAL since it was listed. `listed`: its names
    /// then; `None`: some of it went away since, whatever is there now.
    pub fn newer(
        &self,
        listed: Option<&BTreeSet<String>>,
        input: &InputOptions,
        contents: Option<&ContentsReading>,
    ) -> anyhow::Result<Option<NamedArchive>> {
        let newer = input.open_named(None)?;
        // What was found in the contents of a backup, a look without them does not know.
        let backups = |archive: &NamedArchive| {
            let listed = archive.repository().map_or(&[][..], |repository| &repository.backups);
            let state = |backup: &ListedBackup| (backup.label.clone(), contents.is_some() || backup.restores());
            listed.iter().map(state).collect::<Vec<_>>()
        };
        let changed = backups(self) != backups(&newer) || listed != Some(&newer.names());
        Ok(match contents.filter(|_| changed) {
            Some(contents) => Some(input.open_named(Some(contents))?),
            None => changed.then_some(newer),
        })
    }
}

impl InputOptions {
    /// Opens all that was named, with the contents of the repository's backups where they are wanted.
    pub fn open_named(&self, contents: Option<&ContentsReading>) -> anyhow::Result<NamedArchive> {
        let mut all = self.open_each_with(contents)?.into_iter().zip(self.each_named());
        match (all.next(), all.len()) {
            (Some((one, _)), 0) => Ok(NamedArchive::One(one)),
            (first, _) => {
                let (mut repository, mut places) = (None, Vec::new());
                for (opened, named) in first.into_iter().chain(all) {
                    repository = if places.is_empty() { opened.repository } else { repository };
                    places.push(ArchivePlace { name: names(&named), source: opened.source });
                }
                Ok(NamedArchive::Several(PlacesSource::new(places), repository))
            }
        }
    }

    /// The same for whoever takes records: of several places, each file from the first that has it whole.
    pub fn open_chosen(&self) -> anyhow::Result<NamedArchive> {
        let opened = self.open_named(None)?;
        if let NamedArchive::Several(places, _) = &opened {
            choose_copies(places, &self.options())?;
        }
        Ok(opened)
    }

    /// Opens each place that was named.
    pub fn open_each(&self) -> anyhow::Result<Vec<OpenedPlace>> {
        self.open_each_with(None)
    }

    fn open_each_with(&self, contents: Option<&ContentsReading>) -> anyhow::Result<Vec<OpenedPlace>> {
        let each = self.each_named();
        if each.len() == 1 {
            return Ok(vec![self.open_place_with(contents.cloned())?]);
        }
        each.into_iter().map(|paths| self.open_one(paths, contents)).collect()
    }

    /// Opens one of several places that were named.
    pub fn open_one(&self, paths: Vec<PathBuf>, contents: Option<&ContentsReading>) -> anyhow::Result<OpenedPlace> {
        match paths.is_empty() {
            // Where a configuration names it.
            true => self.open_place_with(contents.cloned()),
            false => open_place(&paths, self.reading.speed.pace(), &self.reading.place, &self.reading.keys),
        }
    }

    /// What was named, a place each: files that are given one by one are one place.
    pub fn each_named(&self) -> Vec<Vec<PathBuf>> {
        let named = self.named();
        let alone = |path: &PathBuf| vec![path.clone()];
        let mut each = match named.as_slice() {
            several @ [_, _, ..] if !several.iter().all(|path| is_plain(path)) => several.iter().map(alone).collect(),
            _ => vec![named],
        };
        each.extend(self.reading.from.from.iter().map(alone));
        each
    }

    /// The same for whoever takes records, where they are good.
    pub fn open_good(&self) -> anyhow::Result<Box<dyn Source>> {
        Ok(self.open_good_place()?.0)
    }

    /// The same, with the repository that it lies in.
    pub fn open_good_place(&self) -> anyhow::Result<(Box<dyn Source>, Option<Repository>)> {
        Ok(match self.open_chosen()? {
            NamedArchive::One(opened) => (opened.source, opened.repository),
            NamedArchive::Several(places, repository) => (Box::new(places), repository),
        })
    }
}

/// Files that are given one by one are one place.
fn is_plain(path: &Path) -> bool {
    path.is_file() && !matches!(tar_at(path, None), Ok(Some(_)))
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(" ")
}
