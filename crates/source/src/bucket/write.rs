//! What is put into a bucket: new objects, never in the place of others.

use super::{Bucket, BucketItem, NamesFrom, refusal, runtime};
use crate::{Refusal, SourceError};
use object_store::list::PaginatedListOptions;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use std::ops::ControlFlow;

/// What became of an object that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutEnd {
    /// It is there.
    Stored,
    /// Another is there, and was left alone.
    Taken,
}

impl Bucket {
    /// Names of objects behind the prefix that begin so, in no folder: the first thousand or so.
    ///
    /// # Errors
    /// The store does not say.
    pub fn beginning_with(&self, start: &str) -> Result<Vec<String>, SourceError> {
        let folder = match self.key("") {
            prefix if prefix.is_empty() => prefix,
            prefix => format!("{prefix}/"),
        };
        let options = PaginatedListOptions { delimiter: Some("/".into()), ..PaginatedListOptions::default() };
        let asked = format!("{folder}{start}");
        let asked = Some(asked.as_str()).filter(|asked| !asked.is_empty());
        let page = runtime::wait(self.store.list_paginated(asked, options))?
            .map_err(|error| refusal::of(self.describe(), &error))?;
        let names = page.result.objects.iter().filter_map(|object| super::name_in(&object.location, &folder));
        Ok(names.map(str::to_owned).collect())
    }

    /// Names of objects behind the prefix, in no folder, that begin with one of two words or lie between them: one page
    /// of a list, where few do.
    ///
    /// # Errors
    /// The store does not say.
    pub fn between(&self, words: [&str; 2]) -> Result<Vec<String>, SourceError> {
        let [first, last] = if words[0] <= words[1] { words } else { [words[1], words[0]] };
        let shared = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
        let start = first.get(..shared).unwrap_or_default();
        // Whatever begins with the first word lies behind that word without its end.
        let behind = first.get(..first.len().saturating_sub(1)).filter(|behind| behind.len() > shared);
        let mut names = Vec::new();
        let named = NamesFrom { start, behind: behind.unwrap_or_default() };
        self.list_named("", named, &mut |item| {
            // Not every store lists in the order of names.
            if let BucketItem::Object(name, ..) = item
                && name.as_str() >= first
                && (name.as_str() <= last || name.starts_with(last))
            {
                names.push(name);
            }
            ControlFlow::Continue(())
        })?;
        Ok(names)
    }

    /// Puts an object where there is none of its name. A store that does not know such a condition is asked before and
    /// looked at behind: what is there then has as many bytes.
    ///
    /// # Errors
    /// The store does not take it, or has another object now.
    pub fn put_new(&self, name: &str, bytes: &[u8]) -> Result<PutEnd, SourceError> {
        let shown = format!("{}/{name}", self.describe());
        let refused = |why: String| SourceError::foreign(&shown, Refusal::Other, why);
        let key = Key::parse(self.key(name)).map_err(|error| refused(error.to_string()))?;
        let payload = PutPayload::from(bytes.to_vec());
        let put = |mode| {
            let options = PutOptions { mode, ..PutOptions::default() };
            runtime::wait(self.store.put_opts(&key, payload.clone(), options))
        };
        let there = || match runtime::wait(self.store.head(&key))? {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(refusal::of(&shown, &error)),
        };
        // A store that takes the condition for nothing would replace what is there.
        if there()?.is_some() {
            return Ok(PutEnd::Taken);
        }
        let result = match put(PutMode::Create)? {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => return Ok(PutEnd::Taken),
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => put(PutMode::Overwrite)?,
            put => put,
        };
        let own = result.map_err(|error| refusal::of(&shown, &error))?;
        let found = there()?.ok_or_else(|| refused("it was put, and is not there".to_owned()))?;
        let other_tag = own.e_tag.is_some() && found.e_tag.is_some() && own.e_tag != found.e_tag;
        if found.size != bytes.len() as u64 || other_tag {
            return Err(refused(format!(
                "what was put has {} bytes, and what is there is another object",
                bytes.len()
            )));
        }
        Ok(PutEnd::Stored)
    }

    /// Removes an object; that there is none is well.
    ///
    /// # Errors
    /// The store does not remove it.
    pub fn remove(&self, name: &str) -> Result<(), SourceError> {
        let shown = format!("{}/{name}", self.describe());
        let key = Key::parse(self.key(name))
            .map_err(|error| SourceError::foreign(&shown, Refusal::Other, error.to_string()))?;
        match runtime::wait(self.store.delete(&key))? {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(refusal::of(&shown, &error)),
        }
    }
}
