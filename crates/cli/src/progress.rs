//! How far a run is, on standard error and only on a terminal.

use crate::streams::is_watched_on_terminal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pgwal::verify::Progress;

/// A bar.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar that shows itself only on a terminal.
    pub fn new(quiet: bool) -> Bar {
        let bar = ProgressBar::new(0);
        if quiet || !is_watched_on_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} segments, {eta} left") {
            bar.set_style(style);
        }
        Bar(bar)
    }

    /// Takes it away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, files: u64) {
        self.0.set_length(files);
    }

    fn file(&self, _: u64) {
        self.0.inc(1);
    }
}
