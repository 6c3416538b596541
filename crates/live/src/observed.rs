//! What a recovering server said and did.

/// How a recovery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryEnd {
    /// It became a primary on a timeline of its own.
    Promotes,
    /// It waits at its end, or where its settings do not let it go on.
    Pauses,
    /// It shut down at its target.
    ShutsDown,
    /// A standby asks for the same file again and again.
    Waits,
    /// FATAL.
    Fatal,
    /// PANIC.
    Panic,
}

impl RecoveryEnd {
    /// As the `restore` document names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promotes => "promotes",
            Self::Pauses => "pauses",
            Self::ShutsDown => "shuts_down",
            Self::Waits => "waits",
            Self::Fatal => "fatal",
            Self::Panic => "panic",
        }
    }
}

/// One recovery, as far as it could be seen. Positions are spelled as the server spells them, times as `2026-11-25
/// 01:19:06.123456+00`.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// How it ended.
    pub ended: Option<RecoveryEnd>,
    /// It accepted connections at some time, or had told the postmaster to when it ended.
    pub started: bool,
    /// It knows which transactions run, so that snapshots can be taken: hot standby begins with this and consistency.
    pub snapshots: bool,
    /// "consistent recovery state reached at".
    pub consistent_at: Option<String>,
    /// "redo starts at".
    pub redo_starts_at: Option<String>,
    /// "redo done at": not said where it shut down at its target, or died before.
    pub redo_done_at: Option<String>,
    /// `pg_last_wal_replay_lsn()`, where it could be asked at the end.
    pub last_replay_lsn: Option<String>,
    /// "recovery stopping …": the target was reached.
    pub stopping: Option<String>,
    /// It paused since its settings are lower than the primary's (14 and later).
    pub paused_for_parameters: bool,
    /// The first FATAL or PANIC, with what followed after a pause for parameters.
    pub died_of: Option<String>,
    /// "last completed transaction was at log time", commits and aborts alike.
    pub last_completed_at: Option<String>,
    /// The transaction and time of the last commit replayed: `pg_last_committed_xact()`.
    pub last_commit: Option<(u64, String)>,
    /// The rows of the query that was to be asked at the end.
    pub answer: Option<String>,
    /// "selected new timeline ID".
    pub new_timeline: Option<u32>,
    /// Timeline and position that the new timeline's history file gives as its beginning.
    pub parent: Option<(u32, String)>,
    /// The names that `restore_command` was called with, in order, repetitions included.
    pub asked: Vec<String>,
    /// What the startup process and the postmaster said, without "restored log file".
    pub log: Vec<String>,
    /// What no process of the server said: its commands.
    pub commands: Vec<String>,
}

impl Observed {
    /// Take in one line of the log, which begins with `%b|`.
    pub(crate) fn line(&mut self, line: &str) {
        let Some((backend, said)) = line.split_once('|') else { return self.commands.push(line.to_owned()) };
        if said.contains("restored log file") || !matches!(backend, "startup" | "postmaster") {
            return;
        }
        self.snapshots |= said.ends_with("recovery snapshots are now enabled");
        if said.starts_with("DEBUG:") {
            return;
        }
        self.log.push(said.to_owned());
        let after = |start: &str| said.split_once(start).map(|(_, rest)| rest.to_owned());
        let position =
            |start: &str| after(start).map(|rest| rest.split([' ', ';', ',']).next().unwrap_or_default().to_owned());
        self.started |= backend == "postmaster" && said.contains("database system is ready to accept");
        fill(&mut self.consistent_at, position("consistent recovery state reached at "));
        fill(&mut self.redo_starts_at, position("redo starts at "));
        fill(&mut self.redo_done_at, position("redo done at "));
        fill(&mut self.last_completed_at, after("last completed transaction was at log time "));
        fill(&mut self.stopping, after("LOG:  ").filter(|rest| rest.starts_with("recovery stopping ")));
        fill(&mut self.new_timeline, after("selected new timeline ID: ").and_then(|rest| rest.trim().parse().ok()));
        if backend == "startup" && (said.starts_with("FATAL:") || said.starts_with("PANIC:")) {
            fill(&mut self.died_of, Some(said.to_owned()));
        }
        if said.contains("hot standby is not possible because of insufficient parameter settings") {
            self.paused_for_parameters = true;
        }
        let ended = if said.starts_with("PANIC:") {
            RecoveryEnd::Panic
        } else if said.starts_with("FATAL:") && backend == "startup" {
            RecoveryEnd::Fatal
        } else if said.contains("shutdown at recovery target") {
            RecoveryEnd::ShutsDown
        } else if said.contains("pausing at the end of recovery") || said.contains("recovery has paused") {
            RecoveryEnd::Pauses
        } else if said.ends_with("database system is ready to accept connections") {
            RecoveryEnd::Promotes
        } else {
            return;
        };
        self.ended.get_or_insert(ended);
    }

    /// It can be promoted, or die, yet.
    pub(crate) fn is_over(&self) -> bool {
        self.died_of.is_some()
            || self.ended == Some(RecoveryEnd::ShutsDown)
            || self.log.iter().any(|said| said.ends_with("ready to accept connections"))
    }
}

fn fill<T>(place: &mut Option<T>, found: Option<T>) {
    if place.is_none() {
        *place = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_15_and_13() {
        let mut seen = Observed::default();
        for line in [
            "startup|LOG:  redo starts at 0/2000028",
            "startup|LOG:  consistent recovery state reached at 0/2000100",
            "postmaster|LOG:  database system is ready to accept read-only connections",
            "startup|DEBUG:  recovery snapshots are now enabled",
            "startup|LOG:  restored log file \"000000010000000000000003\" from archive",
            "startup|LOG:  recovery stopping after commit of transaction 745, time 2026-11-25 01:19:06.1+00",
            "startup|LOG:  pausing at the end of recovery",
            "startup|LOG:  redo done at 0/30000D8 system usage: CPU: user: 0.00 s",
            "startup|LOG:  selected new timeline ID: 2",
            "client backend|FATAL:  the database system is starting up",
        ] {
            seen.line(line);
        }
        assert_eq!(seen.redo_done_at.as_deref(), Some("0/30000D8"));
        assert_eq!(seen.consistent_at.as_deref(), Some("0/2000100"));
        assert!(seen.snapshots && seen.log.len() == 7, "{:?}", seen.log);
        assert_eq!((seen.ended, seen.started, seen.new_timeline), (Some(RecoveryEnd::Pauses), true, Some(2)));
        assert!(!seen.is_over() && seen.died_of.is_none());
        seen.line("postmaster|LOG:  database system is ready to accept connections");
        assert!(seen.is_over());
        let mut died = Observed::default();
        died.line("startup|FATAL:  recovery ended before configured recovery target was reached");
        assert_eq!((died.ended, died.is_over()), (Some(RecoveryEnd::Fatal), true));
    }
}
