//! The places that are asked, in order: opened when they are needed, and again when they could not be.

use super::copy::CopyFault;
use pgwal_repos::{OpenedPlace, PlaceReading, RepoChoice, RepoLayout, open_wal};
use pgwal_source::{Entry, Listing, NameSought, Source, SourceError};
use std::fmt;
use std::path::{Path, PathBuf};

/// A place that may hold a copy.
pub struct GetPlace {
    path: PathBuf,
    choice: RepoChoice,
    reading: PlaceReading,
    opened: Option<OpenedPlace>,
}

/// What lies at a place under a name.
pub(super) struct FoundThere {
    /// Files.
    pub entries: Vec<Entry>,
    /// What has the name and cannot be looked at: its name as shown, and why.
    pub unreadable: Vec<(String, CopyFault)>,
}

/// A place that cannot be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceOut {
    /// The place.
    pub place: String,
    /// Why.
    pub why: String,
}

impl fmt::Display for PlaceOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.why.starts_with(&self.place) {
            f.write_str(&self.why)
        } else {
            write!(f, "{}: {}", self.place, self.why)
        }
    }
}

impl GetPlace {
    /// A place as a user names it. Nothing is looked at yet.
    pub fn new(path: PathBuf, choice: RepoChoice, reading: PlaceReading) -> GetPlace {
        GetPlace { path, choice, reading, opened: None }
    }

    /// As a user named it.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// What lies there.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub(super) fn find(&mut self, sought: NameSought) -> Result<FoundThere, PlaceOut> {
        let place = self.shown();
        let out = |why: String| PlaceOut { place: place.clone(), why };
        let found = self.source()?.find(&sought);
        if found.is_err() {
            // A mount that went away comes back as another.
            self.opened = None;
        }
        let listing = found.map_err(|error| out(error.to_string()))?;
        let fault = |(shown, error): (String, SourceError)| (shown, CopyFault::Unreadable(error));
        Ok(FoundThere { entries: listing.entries, unreadable: listing.unreadable.into_iter().map(fault).collect() })
    }

    /// Where it lies, as a user named it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The tool whose repository it is, once it was opened.
    pub(super) fn tool(&self) -> Option<RepoLayout> {
        Some(self.opened.as_ref()?.repository.as_ref()?.layout)
    }

    /// The tool in whose repository it lies, whatever layout was chosen for it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn kept_by(&self) -> Result<Option<RepoLayout>, PlaceOut> {
        let opened = open_wal(&self.path, &RepoChoice::default(), self.reading.clone());
        let opened = opened.map_err(|error| PlaceOut { place: self.shown(), why: error.to_string() })?;
        Ok(opened.repository.map(|found| found.layout))
    }

    /// It holds no file of WAL whatsoever, and nothing of a tool by which it could be known.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub(super) fn is_empty(&mut self) -> Result<bool, PlaceOut> {
        self.source()?;
        if self.tool().is_some() {
            return Ok(false);
        }
        let listing = self.list()?;
        Ok(listing.entries.is_empty() && listing.unreadable.is_empty())
    }

    /// All that lies there.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub(super) fn list(&mut self) -> Result<Listing, PlaceOut> {
        let place = self.shown();
        self.source()?.list().map_err(|error| PlaceOut { place, why: error.to_string() })
    }

    /// Its WAL.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn source(&mut self) -> Result<&dyn Source, PlaceOut> {
        if self.opened.is_none() {
            let out = |why: String| PlaceOut { place: self.shown(), why };
            let opened = open_wal(&self.path, &self.choice, self.reading.clone());
            let opened = opened.map_err(|error| out(error.to_string()))?;
            // A file has no other names to ask for: that none is there would say nothing. A tar is a place.
            if opened.source.local().is_some() && !self.path.is_dir() {
                return Err(out("it is a file, and no folder, tar or object store in which WAL is kept".to_owned()));
            }
            self.opened = Some(opened);
        }
        match &self.opened {
            Some(opened) => Ok(opened.source.as_ref()),
            None => Err(PlaceOut { place: self.shown(), why: "it is not open".to_owned() }),
        }
    }
}
