//! An object whose bytes come in while they are read.

use super::{Objects, refusal, runtime};
use crate::pace::Pace;
use crate::{Extent, Refusal, SourceError, Stored};
use bytes::Bytes;
use futures_util::StreamExt;
use object_store::path::Path as Key;
use object_store::{Error, GetOptions, GetRange, GetResult};
use std::fs::File;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes that are asked for where only the beginning is wanted.
const HEAD: u64 = 64 << 10;
/// Bytes that are asked for where only the first page is wanted: what packed bytes need of themselves is in it.
const FIRST_PAGE: u64 = 16 << 10;
/// Pieces that lie ready. They are as large as the network gives them, some 16 KiB to 1 MiB.
const READY: usize = 4;

pub(super) struct BucketObject<'a> {
    store: Arc<dyn Objects>,
    key: Key,
    shown: String,
    pace: Option<&'a Pace>,
    size: u64,
    tag: Option<String>,
    /// The next byte to be read.
    at: u64,
    piece: Bytes,
    coming: mpsc::Receiver<Result<Bytes, Error>>,
    /// Another object took its place while it was read.
    replaced: bool,
}

impl<'a> BucketObject<'a> {
    pub(super) fn open(
        store: Arc<dyn Objects>,
        (key, shown): (Key, String),
        extent: Extent,
        pace: Option<&'a Pace>,
    ) -> Result<BucketObject<'a>, SourceError> {
        let ask = |range| {
            let options = GetOptions { range, ..GetOptions::default() };
            runtime::wait(store.get_opts(&key, options))
        };
        let most = match extent {
            Extent::Whole => None,
            Extent::Head => Some(HEAD),
            Extent::FirstPage => Some(FIRST_PAGE),
        };
        let mut got = ask(most.map(|most| GetRange::Bounded(0..most)))?;
        if got.is_err() && most.is_some() {
            // No range lies in an object of no bytes.
            got = ask(None)?;
        }
        let got = got.map_err(|error| refusal::of(&shown, &error))?;
        let (size, tag) = (got.meta.size, got.meta.e_tag.clone());
        let coming = begin(got)?;
        Ok(BucketObject { store, key, shown, pace, size, tag, at: 0, piece: Bytes::new(), coming, replaced: false })
    }

    /// The next bytes; `false` at the end.
    fn fill(&mut self) -> Result<bool, Error> {
        let mut asked = false;
        while self.piece.is_empty() {
            match self.coming.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None if self.at >= self.size || asked => return Ok(false),
                None => {
                    // The beginning was asked for, and more is wanted.
                    let options = GetOptions {
                        range: Some(GetRange::Offset(self.at)),
                        if_match: self.tag.clone(),
                        ..GetOptions::default()
                    };
                    let got = runtime::wait(self.store.get_opts(&self.key, options)).and_then(|got| match got {
                        Ok(got) => begin(got).map(Ok),
                        Err(error) => Ok(Err(error)),
                    });
                    self.coming = got.map_err(|error| Error::Generic { store: "", source: error.into() })??;
                    asked = true;
                }
            }
        }
        Ok(true)
    }

    fn said(&self, error: &Error) -> io::Error {
        refusal::of(&self.shown, error).into()
    }
}

/// Has the bytes fetched, a few pieces ahead of whoever takes them.
fn begin(got: GetResult) -> Result<mpsc::Receiver<Result<Bytes, Error>>, SourceError> {
    let (to, coming) = mpsc::channel(READY);
    let mut pieces = got.into_stream();
    runtime::spawn(async move {
        while let Some(piece) = pieces.next().await {
            let over = piece.is_err();
            if to.send(piece).await.is_err() || over {
                break;
            }
        }
    })?;
    Ok(coming)
}

impl io::Read for BucketObject<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.fill() {
            Ok(true) => {}
            Ok(false) if self.at < self.size => {
                let text = format!("the store gave {} of its {} bytes", self.at, self.size);
                return Err(SourceError::foreign(&self.shown, Refusal::OutOfReach, text).into());
            }
            Ok(false) => return Ok(0),
            Err(Error::Precondition { .. }) => {
                self.replaced = true;
                return Ok(0);
            }
            Err(error) => return Err(self.said(&error)),
        }
        let most = self.pace.map_or(out.len(), |pace| pace.portion(out.len()));
        let piece = self.piece.split_to(self.piece.len().min(most).min(out.len()));
        if let Some(out) = out.get_mut(..piece.len()) {
            out.copy_from_slice(&piece);
        }
        self.at += piece.len() as u64;
        if let Some(pace) = self.pace {
            pace.take(piece.len() as u64);
        }
        Ok(piece.len())
    }
}

impl Stored for BucketObject<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let end = self.size.min(offset.saturating_add(out.len() as u64));
        if offset >= end {
            return Ok(0);
        }
        let options = GetOptions { range: Some(GetRange::Bounded(offset..end)), ..GetOptions::default() };
        let bytes = runtime::wait(async {
            let got = self.store.get_opts(&self.key, options).await?;
            got.bytes().await
        })?;
        let bytes = bytes.map_err(|error| self.said(&error))?;
        let count = bytes.len().min(out.len());
        if let (Some(out), Some(bytes)) = (out.get_mut(..count), bytes.get(..count)) {
            out.copy_from_slice(bytes);
        }
        Ok(count)
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn has_changed(&self) -> io::Result<bool> {
        Ok(self.replaced)
    }

    fn file(&self) -> Option<&File> {
        None
    }
}
