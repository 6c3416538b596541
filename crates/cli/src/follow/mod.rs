//! `dump --follow` and `ship`: look again whenever something is written, until somebody has had enough.
//!
//! ```text
//! inotify ──► written, renamed ─┐
//! SIGINT, SIGTERM ──► stop ─────┼─► news ──► look, list what is new ──► wait for news, at most a second or two
//! reader of stdout gone ──► stop┘
//! ```

mod news;
mod watch;

pub use watch::Watch;

use pgwal::source::Source;
use pgwal::verify::records::{FollowNews, FollowState, Follower, ListError, ListPart, ListRequest, Listed, Render};
use std::io;
use std::time::{Duration, Instant};

/// Between two looks: a server under load writes thousands of times a second.
const PAUSE: Duration = Duration::from_millis(20);
/// Half of the time is spent waiting, but no more than this: a server removes what it has checkpointed.
const LONG_PAUSE: Duration = Duration::from_millis(200);
/// Something may be wrong, and a second look tells.
const SOON: Duration = Duration::from_millis(100);
/// Some file systems tell nothing of what other machines write.
const IDLE: Duration = Duration::from_secs(2);
/// None tells anything where watching is not possible.
const BLIND: Duration = Duration::from_millis(500);

/// [`pgwal::verify::records::list`], without an end of its own.
pub fn list<R: Render>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    render: &R,
    watch: &Watch,
    sink: &mut dyn FnMut(&ListPart<R::Event>) -> io::Result<()>,
) -> Result<Listed, ListError> {
    let mut follower = match Follower::new(source, wanted, render, sink)? {
        Ok(follower) => follower,
        Err(listed) => return Ok(*listed),
    };
    look(source, watch, &mut |news| follower.advance(news, sink))?;
    follower.finish()
}

/// Looks whenever there is news, until that is enough or a signal comes.
pub fn look<E>(
    source: &dyn Source,
    watch: &Watch,
    look: &mut dyn FnMut(FollowNews) -> Result<FollowState, E>,
) -> Result<(), E> {
    let mut news = renamed(watch.add_folders(source));
    loop {
        let begun = Instant::now();
        let state = look(news)?;
        let taken = begun.elapsed();
        if state == FollowState::Finished || watch.is_over() {
            return Ok(());
        }
        let most = match state {
            FollowState::Doubting => SOON,
            _ if watch.sees() => IDLE,
            _ => BLIND,
        };
        // However large the archive: where nothing comes, nearly all of the time is spent waiting.
        let told = watch.wait(taken.clamp(PAUSE, LONG_PAUSE), most.max(taken * 20));
        news = renamed(told.renamed || told.nothing);
        if told.renamed {
            watch.add_folders(source);
        }
    }
}

fn renamed(renamed: bool) -> FollowNews {
    if renamed { FollowNews::Renamed } else { FollowNews::Written }
}
