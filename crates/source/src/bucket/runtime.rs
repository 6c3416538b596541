//! The runtime that the store's crate wants: two threads that fetch, for all buckets of the process.

use crate::{Refusal, SourceError};
use std::future::Future;
use std::io;
use std::sync::OnceLock;
use tokio::runtime::{Builder, Runtime};

/// Chooses who encrypts connections. Done once; another choice of the program's own holds.
pub(super) fn prepare() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Waits for an answer.
pub(super) fn wait<F: Future>(answer: F) -> Result<F::Output, SourceError> {
    Ok(runtime()?.block_on(answer))
}

/// Has something done meanwhile.
pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Result<(), SourceError> {
    runtime()?.spawn(work);
    Ok(())
}

fn runtime() -> Result<&'static Runtime, SourceError> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let begin = || Builder::new_multi_thread().worker_threads(2).thread_name("stores").enable_all().build();
    RUNTIME.get_or_init(begin).as_ref().map_err(|error| {
        SourceError::foreign("object store", Refusal::Other, format!("no thread can be begun to fetch: {error}"))
    })
}
