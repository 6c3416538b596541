//! Object stores: `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`.
//!
//! The store's own crate is asynchronous; nothing of that is seen from outside. A small runtime fetches, while the
//! threads that verify read what has come.
//!
//! ```text
//! list    by prefix, a page of names at a time          open    a GET, whose bytes come in while they are read:
//! stamp   size, time and tag of the listing                     a few pieces lie ready, and no more is taken
//! ```
//! A connection that breaks is taken up again where it broke off, and what a store answers with "later" is asked once
//! more; how often is bounded (`RETRIES`).

mod asking;
mod aws;
mod container;
mod credentials;
mod expiry;
mod file;
mod given;
mod instance;
mod keys;
mod object;
mod process;
mod profile;
mod refusal;
mod role;
mod runtime;
mod settings;
mod source;
mod sts;
mod write;

pub use file::BucketFile;
pub use settings::BucketSettings;
pub use source::BucketSource;
pub use write::PutEnd;

use crate::pace::Pace;
use crate::{Refusal, SourceError, Stamp, Stored};
use object::BucketObject;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::SystemTime;

/// A bucket, and a prefix in it.
pub struct Bucket {
    url: String,
    store: Arc<dyn Objects>,
    /// Empty, or without a slash at its end.
    prefix: String,
    pace: Option<Arc<Pace>>,
}

/// What is asked of a store.
trait Objects: ObjectStore + PaginatedListStore {}

impl<T: ObjectStore + PaginatedListStore> Objects for T {}

/// What lies at a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketItem {
    /// An object: its name behind the prefix, its size, and what tells that it is the same later.
    Object(String, u64, Stamp),
    /// Names go on behind this one and a slash.
    Folder(String),
}

/// Which names of a folder are wanted.
#[derive(Clone, Copy, Default)]
pub struct NamesFrom<'a> {
    /// What they begin with.
    pub start: &'a str,
    /// Behind this one; empty: from the first on. A hint: what lies before it may come all the same.
    pub behind: &'a str,
}

fn stopped(before: ControlFlow<()>, now: ControlFlow<()>) -> ControlFlow<()> {
    if before.is_break() { before } else { now }
}

/// Whether a word of a user names a place in an object store.
pub fn is_url(place: &str) -> bool {
    Scheme::of(place).is_some()
}

#[derive(Clone, Copy, PartialEq)]
enum Scheme {
    S3,
    Google,
    Azure,
}

impl Scheme {
    fn of(place: &str) -> Option<(Scheme, &str)> {
        let (scheme, rest) = place.split_once("://")?;
        let scheme = match scheme {
            "s3" | "s3a" => Scheme::S3,
            "gs" => Scheme::Google,
            "az" | "azure" => Scheme::Azure,
            _ => return None,
        };
        Some((scheme, rest))
    }
}

impl Bucket {
    /// Opens a place by its URL. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// It is no URL of a store, or there are no credentials, or settings that cannot be read.
    pub fn open(url: &str, settings: &BucketSettings, pace: Option<Arc<Pace>>) -> Result<Bucket, SourceError> {
        let refused = |why: String| SourceError::foreign(url, Refusal::Other, why);
        let (scheme, rest) = Scheme::of(url).ok_or_else(|| refused("no URL of an object store".into()))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(refused("it names no bucket".into()));
        }
        runtime::prepare();
        let store: Arc<dyn Objects> = match scheme {
            Scheme::S3 => Arc::new(aws::open(bucket, settings).map_err(refused)?),
            Scheme::Google => Arc::new(settings.google(bucket).map_err(refused)?),
            Scheme::Azure => Arc::new(settings.azure(bucket).map_err(refused)?),
        };
        let prefix = prefix.trim_matches('/').to_owned();
        Ok(Bucket { url: url.trim_end_matches('/').to_owned(), store, prefix, pace })
    }

    /// The place as a user would name it.
    pub fn describe(&self) -> &str {
        &self.url
    }

    /// Hands on what lies in a folder behind the prefix (itself: the empty name), page by page.
    ///
    /// # Errors
    /// The store does not say.
    pub fn list(&self, folder: &str, each: &mut dyn FnMut(BucketItem)) -> Result<(), SourceError> {
        self.list_named(folder, NamesFrom::default(), &mut |item| {
            each(item);
            ControlFlow::Continue(())
        })
    }

    /// The same of what has a name that begins so, from behind another name on, until it is enough: no page is asked
    /// for behind that.
    ///
    /// # Errors
    /// The store does not say.
    pub fn list_named(
        &self,
        folder: &str,
        named: NamesFrom<'_>,
        each: &mut dyn FnMut(BucketItem) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let prefix = match self.key(folder) {
            key if key.is_empty() => String::new(),
            key => format!("{key}/"),
        };
        let start = format!("{prefix}{}", named.start);
        let mut offset = (!named.behind.is_empty()).then(|| format!("{prefix}{}", named.behind));
        let mut page_token = None;
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() {
            let delimiter = Some("/".into());
            let options = PaginatedListOptions {
                delimiter,
                page_token,
                offset: offset.clone(),
                ..PaginatedListOptions::default()
            };
            let page = match runtime::wait(self.store.list_paginated(Some(&start), options))? {
                // Not every store begins in the middle.
                Err(object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. })
                    if offset.take().is_some() =>
                {
                    page_token = None;
                    continue;
                }
                page => page.map_err(|error| refusal::of(&self.url, &error))?,
            };
            for folder in &page.result.common_prefixes {
                if let Some(name) = name_in(folder, &prefix) {
                    flow = stopped(flow, each(BucketItem::Folder(name.to_owned())));
                }
            }
            for object in &page.result.objects {
                // Some tools make an object of no bytes for a folder.
                if let Some(name) = name_in(&object.location, &prefix) {
                    flow = stopped(flow, each(BucketItem::Object(name.to_owned(), object.size, stamp(object))));
                }
            }
            page_token = page.page_token;
            if page_token.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Opens an object behind the prefix. `head`: only its beginning is wanted at first.
    ///
    /// # Errors
    /// The store does not give it, or there is none ([`SourceError::is_gone`]).
    pub fn object(&self, name: &str, extent: crate::Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        let shown = format!("{}/{name}", self.url);
        let key = Key::parse(self.key(name))
            .map_err(|error| SourceError::foreign(&shown, Refusal::Other, error.to_string()))?;
        Ok(Box::new(BucketObject::open(Arc::clone(&self.store), (key, shown), extent, self.pace.as_deref())?))
    }

    fn key(&self, name: &str) -> String {
        match (self.prefix.as_str(), name) {
            ("", name) => name.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, name) => format!("{prefix}/{name}"),
        }
    }
}

/// A key's last part, where it lies at the prefix.
fn name_in<'a>(key: &'a Key, prefix: &str) -> Option<&'a str> {
    key.as_ref().strip_prefix(prefix).filter(|name| !name.is_empty() && !name.contains('/'))
}

fn stamp(object: &ObjectMeta) -> Stamp {
    let tag = object.version.as_deref().or(object.e_tag.as_deref()).unwrap_or("");
    Stamp::tagged(object.size, SystemTime::from(object.last_modified), tag.as_bytes())
}
