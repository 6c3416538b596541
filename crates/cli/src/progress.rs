//! How far a run is, on standard error: a bar on a terminal; lines elsewhere, where somebody asks for them.

use crate::ShownWhen;
use crate::streams::{is_watched_on_terminal, standard_error};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use pgwal::verify::Progress;
use std::io::Write;
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
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} segments, {eta} left") {
            bar.set_style(style);
        }
        let lines = chosen == ShownWhen::Always && !watched && !quiet;
        Bar { bar, line: lines.then(|| Mutex::new(Instant::now())) }
    }

    /// Takes it away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self) {
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let left = HumanDuration(self.bar.eta());
        // Nobody who reads it is nothing to end for.
        let _ = writeln!(standard_error(), "walproof: {done} of {all} segments, {left} left");
    }
}

impl Progress for Bar {
    fn begin(&self, files: u64) {
        self.bar.set_length(files);
        if self.line.is_some() {
            self.say();
        }
    }

    fn file(&self, _: u64) {
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
