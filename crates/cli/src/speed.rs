//! The options that say how many threads read, how, and how fast.

use pgwal::source::{Pace, guard};
use pgwal::verify::{Options, SETTLE};
use pgwal_query::sizes::bytes_of;
use std::sync::Arc;

/// How many threads read, how, and how fast.
#[derive(clap::Args, Clone, Default)]
pub struct SpeedOptions {
    /// Threads [default: one a processor]; -j 1 leaves the others free
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Read plain files in windows instead of mapping them into memory
    #[arg(long)]
    no_mmap: bool,
    /// Read no more bytes a second than this, by all threads together: 50M, 512K, 1G, a unit being a power of 1024
    #[arg(long, value_name = "RATE", value_parser = rate)]
    max_rate: Option<u64>,
}

/// Reads a rate, as `50M` or `50MB/s`.
fn rate(text: &str) -> Result<u64, String> {
    let bytes = bytes_of(text.strip_suffix("/s").unwrap_or(text));
    // Below that a single read takes minutes.
    bytes.filter(|&n| n >= 1 << 10).ok_or_else(|| "bytes a second from 1K on, as 50M".to_owned())
}

impl SpeedOptions {
    /// For who reads little: maps nothing.
    pub fn unmapped() -> SpeedOptions {
        SpeedOptions { no_mmap: true, ..SpeedOptions::default() }
    }

    /// How many threads.
    pub fn jobs(&self) -> usize {
        self.jobs.map_or_else(processors, usize::from)
    }

    /// The guard that makes mapping safe, where mapping is wanted and the guard is to be had.
    pub fn map(&self) -> Option<guard::MapGuard> {
        if self.no_mmap { None } else { guard::install().ok() }
    }

    /// What all threads together keep to, where a rate is named.
    pub fn pace(&self) -> Option<Arc<Pace>> {
        self.max_rate.map(|rate| Arc::new(Pace::new(rate)))
    }

    /// How to read: what others write at this moment is waited for.
    pub fn options(&self) -> Options<'static> {
        let mut options = on_all_processors();
        options.jobs = self.jobs();
        options.map = self.map();
        options
    }
}

/// The same, where no option says how many threads.
pub fn on_all_processors() -> Options<'static> {
    let mut options = Options::default();
    options.jobs = processors();
    options.settle = SETTLE;
    options
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
