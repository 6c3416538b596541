//! `lag --watch` reads what a server writes once, beside the questions, and not anew for each of them.

use crate::speed::on_all_processors;
use pgwal::format::Lsn;
use pgwal::source::Source;
use pgwal_query::lag::{WrittenTail, follow};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How long what was written may take to be read; what was not by then is read as ever.
const READING: Duration = Duration::from_millis(500);

/// A thread that reads on when it is asked.
pub struct FollowedWal {
    tail: Arc<WrittenTail>,
    asks: SyncSender<()>,
    read: Receiver<()>,
}

impl FollowedWal {
    /// Begins at a position.
    pub fn begin(source: Box<dyn Source>, start: Lsn) -> Option<FollowedWal> {
        let tail = Arc::new(WrittenTail::default());
        let ((asks, asked), (answers, read)) = (sync_channel(1), sync_channel(1));
        let own = Arc::clone(&tail);
        let reading = move || {
            // What it cannot read is told by whoever reads it then.
            let _ = follow(&own, source.as_ref(), on_all_processors(), start, &mut asked.iter(), &mut || {
                let _ = answers.try_send(());
            });
        };
        std::thread::Builder::new().name("tail".into()).spawn(reading).ok()?;
        Some(FollowedWal { tail, asks, read })
    }

    /// Reads what was written by now. `false`: it reads no more.
    pub fn catch_up(&self) -> bool {
        // Of an answer that came too late.
        while self.read.try_recv().is_ok() {}
        let _ = self.asks.try_send(());
        self.read.recv_timeout(READING) != Err(RecvTimeoutError::Disconnected)
    }

    /// What it has read.
    pub fn tail(&self) -> &WrittenTail {
        &self.tail
    }
}
