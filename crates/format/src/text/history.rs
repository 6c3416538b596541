//! Timeline history files: `src/backend/access/transam/timeline.c` (`xlog.c` up to 9.2).
//!
//! ```text
//! # a comment
//! 1<TAB>000000010000000000000008<TAB>no recovery target specified      8.2-9.2: the segment of the switch
//! 1<TAB>0/8000090<TAB>no recovery target specified                     9.3-19: the first position not on timeline 1
//! ```
//! Ancestors oldest first, a line each; blank lines and comments are skipped; numbers rise and stay below the file's
//! own. Which grammar a file is in, the file itself tells.
//!
//! Positions may fall: a recovery to the latest timeline that ends in front of where that begins writes the latest
//! timeline's history and a line for it, with the position at which it ended (`writeTimeLineHistory`). What a server
//! reads of such a file (`tliOfPointInHistory`) says [`passed`]:
//!
//! ```text
//! 1 0/5…   2 0/7…   3 0/3…      timeline 4 left timeline 1 at 0/3…, and was never on 2 and 3
//! ```

use crate::{Lsn, SegmentName, TimelineId};
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, digit1, space0, space1};
use nom::combinator::{map_opt, map_res, opt, rest};
use nom::{IResult, Parser};

/// Where a timeline ended and its child began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// The first position that is not on the parent.
    At(Lsn),
    /// Somewhere in this segment (9.2 and earlier).
    In(SegmentName),
}

/// An ancestor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ancestor {
    /// The timeline.
    pub timeline: TimelineId,
    /// Where it was left.
    pub switch: Switch,
    /// Why, in the server's words.
    pub reason: String,
}

/// What is wrong with a history file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HistoryFault {
    /// A line that is neither.
    Syntax {
        /// Its number, from 1.
        line: usize,
        /// Its beginning.
        text: String,
        /// The number of the timeline could be read.
        has_timeline: bool,
    },
    /// Timelines do not rise from line to line.
    NotRising {
        /// Line number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// An ancestor that is not below the file's own timeline.
    NotBelow {
        /// The last ancestor.
        timeline: TimelineId,
    },
    /// The file is no text.
    NotText,
}

/// Reads a history file of timeline `own`. An empty file has no ancestors, as for the server.
pub fn parse(bytes: &[u8], own: TimelineId) -> Result<Vec<Ancestor>, HistoryFault> {
    // Reasons may be in any encoding; servers look at numbers only.
    let text = String::from_utf8_lossy(bytes);
    if text.contains('\0') {
        return Err(HistoryFault::NotText);
    }
    let mut ancestors: Vec<Ancestor> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let shown = || line.chars().take(80).collect::<String>();
        let Ok((_, ancestor)) = ancestor(trimmed) else {
            return Err(HistoryFault::Syntax { line: number, text: shown(), has_timeline: timeline(trimmed).is_ok() });
        };
        if ancestors.last().is_some_and(|last| ancestor.timeline <= last.timeline) {
            return Err(HistoryFault::NotRising { line: number, text: shown() });
        }
        ancestors.push(ancestor);
    }
    match ancestors.last() {
        Some(last) if last.timeline >= own => Err(HistoryFault::NotBelow { timeline: last.timeline }),
        _ => Ok(ancestors),
    }
}

/// The timelines of a history that WAL really passed, each with where it was left: those that begin behind a later one
/// were never come to (`tliOfPointInHistory` looks at the newest first).
pub fn passed(ancestors: &[Ancestor]) -> Vec<Ancestor> {
    let mut out: Vec<Ancestor> = Vec::with_capacity(ancestors.len());
    for ancestor in ancestors {
        // Who is left here: the oldest of those that would be left here or behind.
        let left = out.iter().position(|before| is_not_before(&before.switch, &ancestor.switch));
        let timeline = left.and_then(|at| out.get(at)).map_or(ancestor.timeline, |oldest| oldest.timeline);
        out.truncate(left.unwrap_or(out.len()));
        out.push(Ancestor { timeline, ..ancestor.clone() });
    }
    out
}

/// Nothing lies between an earlier and a later switch. Of two in one segment that is not known.
fn is_not_before(earlier: &Switch, later: &Switch) -> bool {
    match (earlier, later) {
        (Switch::At(earlier), Switch::At(later)) => earlier >= later,
        (Switch::In(earlier), Switch::In(later)) => (earlier.log, earlier.seg) > (later.log, later.seg),
        _ => false,
    }
}

fn ancestor(line: &str) -> IResult<&str, Ancestor> {
    let (line, (timeline, _, switch, _, reason)) = (timeline, space1, switch, opt(space1), rest).parse(line)?;
    Ok((line, Ancestor { timeline, switch, reason: reason.trim_end().to_string() }))
}

fn timeline(line: &str) -> IResult<&str, TimelineId> {
    map_res((space0, digit1), |(_, digits): (_, &str)| digits.parse().map(TimelineId)).parse(line)
}

fn switch(line: &str) -> IResult<&str, Switch> {
    let lsn = map_res((hex, char('/'), hex), |(high, _, low)| format!("{high}/{low}").parse().map(Switch::At));
    let segment = map_opt(hex, |name: &str| SegmentName::parse(name).map(Switch::In));
    lsn.or(segment).parse(line)
}

fn hex(line: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_hexdigit()).parse(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_grammars() {
        let old =
            parse(b"1\t000000010000000000000005\tbefore transaction 0 at 1970-01-01 00:00:00 UTC\n", TimelineId(2))
                .unwrap();
        assert_eq!(old[0].switch, Switch::In(SegmentName::parse("000000010000000000000005").unwrap()));
        let new =
            parse(b"1\t0/605ABE0\tno recovery target specified\n\n2\t0/0665ACA8\tafter LSN 0/1\n\n", TimelineId(3))
                .unwrap();
        assert_eq!(new.len(), 2);
        assert_eq!(new[1].switch, Switch::At("0/665ACA8".parse().unwrap()));
        assert_eq!(new[1].reason, "after LSN 0/1");
        assert_eq!(parse(b"# nothing\n\n", TimelineId(2)), Ok(vec![]));
    }

    #[test]
    fn timelines_that_were_never_come_to() {
        for (file, way) in [
            ("1\t0/5\tx\n2\t0/7\tx\n", "1@0/00000005 2@0/00000007"),
            ("1\t0/5\tx\n2\t0/7\tx\n3\t0/3\tx\n", "1@0/00000003"),
            ("1\t0/5\tx\n2\t0/7\tx\n3\t0/6\tx\n", "1@0/00000005 2@0/00000006"),
            ("1\t0/5\tx\n2\t0/7\tx\n3\t0/3\tx\n4\t0/9\tx\n", "1@0/00000003 4@0/00000009"),
            ("1\t0/5\tx\n2\t0/5\tx\n", "1@0/00000005"),
        ] {
            let all = passed(&parse(file.as_bytes(), TimelineId(9)).unwrap());
            let told = all.iter().map(|a| match a.switch {
                Switch::At(lsn) => format!("{}@{lsn}", a.timeline),
                Switch::In(name) => format!("{}@{name}", a.timeline),
            });
            assert_eq!(told.collect::<Vec<_>>().join(" "), way, "{file}");
        }
    }

    #[test]
    fn faults() {
        let fault = |text: &[u8]| parse(text, TimelineId(3)).unwrap_err();
        assert!(matches!(
            fault(b"1\t0/1\tx\ngarbage here\n"),
            HistoryFault::Syntax { line: 2, has_timeline: false, .. }
        ));
        assert!(matches!(fault(b"1 where\n"), HistoryFault::Syntax { line: 1, has_timeline: true, .. }));
        assert!(matches!(fault(b"1\t0/1\tx\n1\t0/2\tx\n"), HistoryFault::NotRising { line: 2, .. }));
        assert_eq!(fault(b"3\t0/1\tx\n"), HistoryFault::NotBelow { timeline: TimelineId(3) });
        assert_eq!(fault(b"1\t0/1\0"), HistoryFault::NotText);
        assert_eq!(parse(b"1\t0/1\tR\xfccksetzpunkt\n", TimelineId(3)).unwrap().len(), 1);
    }
}
