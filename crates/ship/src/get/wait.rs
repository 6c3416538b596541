//! Waiting for a file that is yet to come.

use std::fmt;
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

/// Why nobody waits any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EndsWait {
    /// The trigger file is there.
    Trigger(PathBuf, Trigger),
    /// The server was told to promote itself.
    Promotion,
    /// Nothing came for so long.
    Timeout(Duration),
}

impl fmt::Display for EndsWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndsWait::Trigger(file, said) => {
                let said = if *said == Trigger::Fast { "fast" } else { "smart" };
                write!(f, "the trigger file {} says {said}, and recovery ends here", file.display())
            }
            EndsWait::Promotion => f.write_str("the server was told to promote itself, and recovery ends here"),
            EndsWait::Timeout(span) => write!(f, "nothing came for {} s, which is its --timeout", span.as_secs()),
        }
    }
}

/// What a trigger file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
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
    data: PathBuf,
    asker: Asker,
}

/// Who waits: the process that started this one, and the server behind it, where there is one. A shell between them
/// outlives the server.
#[derive(PartialEq)]
struct Asker {
    parent: Option<u32>,
    postmaster: Option<i32>,
}

impl Asker {
    fn of(data: &Path) -> Asker {
        let pid = std::fs::read_to_string(data.join("postmaster.pid"));
        let postmaster = pid.ok().and_then(|text| text.lines().next()?.trim().parse().ok());
        Asker { parent: parent(), postmaster }
    }

    fn is_gone(&self) -> bool {
        self.postmaster.is_some_and(|pid| !is_alive(pid))
    }
}

impl Patience {
    pub fn begin(data: &Path) -> Patience {
        Patience { begun: Instant::now(), data: data.to_path_buf(), asker: Asker::of(data) }
    }

    pub fn waited(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The server was told to promote itself (`pg_ctl promote`, `pg_promote()`). It takes the file away once the
    /// command that it waits for has ended (`CheckPromoteSignal`; up to 12 a fast one had another name).
    pub fn is_promoting(&self) -> bool {
        ["promote", "fallback_promote"].iter().any(|name| self.data.join(name).exists())
    }

    /// The server that asked is gone: after a kill of all of it its commands live on, and what one of them delivers
    /// later lands in the folder of a server that asked for something else.
    pub fn is_orphan(&self) -> bool {
        self.asker != Asker::of(&self.data) || self.asker.is_gone()
    }
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(unix)]
fn is_alive(pid: i32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid);
    // One that belongs to somebody else is there as well.
    pid.is_none_or(|pid| !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}

#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_gone_is_not_delivered_to() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Patience::begin(folder.path()).is_orphan());
        let pid = folder.path().join("postmaster.pid");
        std::fs::write(&pid, format!("{}\n/data\n", std::process::id())).unwrap();
        let patience = Patience::begin(folder.path());
        assert!(!patience.is_orphan());
        std::fs::write(&pid, "1\n/data\n").unwrap();
        assert!(patience.is_orphan());
        let mut ended = std::process::Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        std::fs::write(&pid, format!("{}\n", ended.id())).unwrap();
        assert!(Patience::begin(folder.path()).is_orphan());
    }

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
