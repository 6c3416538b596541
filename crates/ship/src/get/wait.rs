//! Waiting for a file that is yet to come.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How to wait for a file that is not there.
#[derive(Clone, Debug)]
pub struct GetWait {
    /// A file that ends the waiting when it is there.
    pub trigger: Option<PathBuf>,
    /// For how long at most; `None`: as long as it takes.
    pub timeout: Option<Duration>,
}

/// What a trigger file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trigger {
    /// First all that is there.
    Smart,
    /// At once, whatever is there.
    Fast,
}

impl GetWait {
    /// What the trigger file says, where it is there. What says nothing else is `smart`: nothing is lost by it.
    pub(super) fn triggered(&self) -> Option<Trigger> {
        said(self.trigger.as_deref()?)
    }
}

fn said(path: &Path) -> Option<Trigger> {
    let metadata = std::fs::metadata(path).ok()?;
    let mut text = Vec::new();
    // A pipe would be waited for.
    if metadata.is_file()
        && let Ok(file) = File::open(path)
    {
        let _ = file.take(64).read_to_end(&mut text);
    }
    Some(if text.trim_ascii().eq_ignore_ascii_case(b"fast") { Trigger::Fast } else { Trigger::Smart })
}

/// How long was waited, and whether anybody still waits.
pub(super) struct Patience {
    begun: Instant,
    asker: Option<u32>,
}

impl Patience {
    pub fn begin() -> Patience {
        Patience { begun: Instant::now(), asker: parent() }
    }

    pub fn waited(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The process that asked is gone: after a kill of a whole server its commands live on, and what one of them
    /// delivers later lands in the folder of a server that never asked for it.
    pub fn is_orphan(&self) -> bool {
        self.asker != parent()
    }
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_says_smart_unless_it_says_fast() {
        let folder = tempfile::tempdir().unwrap();
        let wait = GetWait { trigger: Some(folder.path().join("trigger")), timeout: None };
        assert_eq!(wait.triggered(), None);
        for (text, said) in
            [("", Trigger::Smart), ("smart\n", Trigger::Smart), (" fast\n", Trigger::Fast), ("FAST", Trigger::Fast)]
        {
            std::fs::write(folder.path().join("trigger"), text).unwrap();
            assert_eq!(wait.triggered(), Some(said), "{text:?}");
        }
    }
}
