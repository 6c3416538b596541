//! How far a run is, on standard error: a bar on a terminal; lines elsewhere, where somebody asks for them.

use crate::ShownWhen;
use crate::streams::{is_watched_on_terminal, standard_error};
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use pgwal::verify::Progress;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(1);

static CHOSEN: OnceLock<ShownWhen> = OnceLock::new();

/// When this run says how far it is; the first word counts.
pub fn choose(when: ShownWhen) {
    let _ = CHOSEN.set(when);
}

/// A bar, or lines.
pub struct Bar {
    bar: ProgressBar,
    /// Bytes of WAL that were read, and since when.
    bytes: AtomicU64,
    since: Instant,
    /// When the last line was written, where lines are.
    line: Option<Mutex<Instant>>,
}

impl Bar {
    /// Shows itself only on a terminal, where nothing else was chosen.
    pub fn new(quiet: bool) -> Bar {
        let bar = ProgressBar::new(0);
        let chosen = CHOSEN.get().copied().unwrap_or(ShownWhen::Auto);
        let watched = is_watched_on_terminal();
        if quiet || !watched || chosen == ShownWhen::Never {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} segments, {msg}{eta} left") {
            bar.set_style(style);
        }
        let lines = chosen == ShownWhen::Always && !watched && !quiet;
        Bar { bar, bytes: AtomicU64::new(0), since: Instant::now(), line: lines.then(|| Mutex::new(Instant::now())) }
    }

    /// Takes it away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// How many bytes came, and how fast: `192 MiB, 95 MiB/s, `.
    fn rate(&self) -> String {
        let read = self.bytes.load(Ordering::Relaxed);
        let rate = read as f64 / self.since.elapsed().as_secs_f64().max(0.001);
        if read == 0 { String::new() } else { format!("{}, {}/s, ", HumanBytes(read), HumanBytes(rate as u64)) }
    }

    fn say(&self) {
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let left = HumanDuration(self.bar.eta());
        // Nobody who reads it is nothing to end for.
        let _ = writeln!(standard_error(), "walproof: {done} of {all} segments, {}{left} left", self.rate());
    }
}

impl Progress for Bar {
    fn begin(&self, files: u64) {
        self.bar.set_length(files);
        if self.line.is_some() {
            self.say();
        }
    }

    fn file(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if !self.bar.is_hidden() {
            self.bar.set_message(self.rate());
        }
        self.bar.inc(1);
        if let Some(last) = &self.line {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= PAUSE {
                *last = Instant::now();
                self.say();
            }
        }
    }
}
