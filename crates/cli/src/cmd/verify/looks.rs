//! A repository that its tool writes meanwhile is looked at more than once.

use crate::input::InputOptions;
use crate::several::NamedArchive;
use pgwal::Finding;
use pgwal::verify::codes::Code;
use pgwal::verify::{Outcome, Verdict};
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

/// How often at most.
const MOST: u32 = 8;

/// How often it was looked at.
#[derive(Default)]
pub(super) struct Looks(u32);

impl Looks {
    /// Counts one, and says whether another may come to something else; waits for it.
    pub(super) fn go_on(
        &mut self,
        outcome: &Outcome,
        opened: Option<&NamedArchive>,
        input: &InputOptions,
        settle: Duration,
    ) -> bool {
        self.0 += 1;
        // A stream does not come a second time.
        let is_stream = input.named().iter().any(|path| path.as_os_str() == "-");
        let is_repository = opened.is_some_and(|opened| opened.repository().is_some());
        let again = outcome.verdict == Verdict::Refuted && self.0 < MOST && is_repository && !is_stream;
        if again {
            // Between a segment and what goes with it, a tool takes a moment.
            thread::sleep(settle);
        }
        again
    }
}

/// Something that was `listed` is missing: it went away, whatever is there now.
pub(super) fn is_gone(outcome: &Outcome, listed: &BTreeSet<String>) -> bool {
    let is_of = |name: &str, file: &str| {
        let own = name.rsplit('/').next().and_then(|name| name.strip_prefix(file));
        own.is_some_and(|rest| ![".backup", ".partial"].iter().any(|other| rest.contains(other)))
    };
    let was_there = |file: &String| listed.iter().any(|name| is_of(name, file));
    let went = |finding: &Finding| {
        finding.code == Code::Vanished || finding.code.is_hole() && finding.file.as_ref().is_some_and(was_there)
    };
    outcome.findings.iter().any(went)
}
