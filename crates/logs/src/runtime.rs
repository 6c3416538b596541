//! What a container runtime or a terminal did to a line before it was copied.
//!
//! ```text
//! 2026-11-22T03:17:02.617Z stderr P 2026-… FATAL:  could not locate       CRI: a part of a line (P), and its rest (F),
//! 2026-11-22T03:17:02.617Z stderr F  required checkpoint record           of each container in order
//! ESC[31m2026-… LOG:  redo done at 0/6B00100ESC[0m                        colours: sequences of ECMA-48
//! ```

use std::borrow::Cow;

/// Bytes of a line in parts that are kept.
const MAX_PARTS: usize = 65536;

/// `line` without what only colours it or moves a cursor.
pub(super) fn uncoloured(line: &str) -> Cow<'_, str> {
    let Some((plain, mut rest)) = line.split_once('\u{1b}') else { return Cow::Borrowed(line) };
    let mut out = plain.to_owned();
    loop {
        rest = behind_sequence(rest);
        match rest.split_once('\u{1b}') {
            Some((plain, next)) => {
                out.push_str(plain);
                rest = next;
            }
            None => {
                out.push_str(rest);
                return Cow::Owned(out);
            }
        }
    }
}

/// What follows a control sequence, of which `text` is what stands behind ESC. Anything else that ESC begins is left.
fn behind_sequence(text: &str) -> &str {
    let Some(sequence) = text.strip_prefix('[') else { return text };
    let rest = sequence.trim_start_matches(|c| matches!(c, '\u{20}'..='\u{3f}'));
    rest.strip_prefix(|c| matches!(c, '\u{40}'..='\u{7e}')).unwrap_or(rest)
}

/// Joins the parts of lines that a runtime took apart.
#[derive(Default)]
pub(super) struct LineParts {
    begun: String,
}

impl LineParts {
    /// The line that ends with this one; `None` where it goes on.
    pub(super) fn take<'l>(&mut self, line: &'l str) -> Option<Cow<'l, str>> {
        match part(line) {
            Some(Part { text, is_last: false }) => {
                // The time and the stream in front of the first part are its prefix, as in a line that is whole.
                let text = if self.begun.is_empty() { line } else { text };
                if self.begun.len() + text.len() <= MAX_PARTS {
                    self.begun.push_str(text);
                }
                None
            }
            Some(Part { text, is_last: true }) if !self.begun.is_empty() => {
                Some(Cow::Owned(std::mem::take(&mut self.begun) + text))
            }
            _ => Some(Cow::Borrowed(line)),
        }
    }

    /// A part whose rest never came.
    pub(super) fn finish(&mut self) -> Option<String> {
        Some(std::mem::take(&mut self.begun)).filter(|begun| !begun.is_empty())
    }
}

struct Part<'l> {
    text: &'l str,
    is_last: bool,
}

/// A line as the CRI writes it: time, stream, tags, text.
fn part(line: &str) -> Option<Part<'_>> {
    let (time, rest) = line.split_once(' ')?;
    let (stream, rest) = rest.split_once(' ')?;
    let (tags, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_time = time.starts_with(|c: char| c.is_ascii_digit()) && time.contains('T');
    if !is_time || !matches!(stream, "stdout" | "stderr") {
        return None;
    }
    match tags.split(':').next() {
        Some("P") => Some(Part { text, is_last: false }),
        Some("F") => Some(Part { text, is_last: true }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{LogReader, MessageKind, recognise};

    #[test]
    fn colours_are_taken_off() {
        for line in [
            "\u{1b}[31m2026-11-22 03:17:02 UTC [4711] LOG:  redo done at 0/6B00100\u{1b}[0m",
            "pg-1 | \u{1b}[1;38;5;9mLOG:  redo \u{1b}[Kdone at 0/6B00100\u{1b}[m",
        ] {
            let seen = recognise(line).unwrap_or_else(|| panic!("{line:?}"));
            assert_eq!(seen.place().unwrap().to_string(), "0/06B00100", "{line:?}");
        }
    }

    #[test]
    fn parts_of_a_line_are_one() {
        let mut reader = LogReader::default();
        for line in [
            "2026-11-30T15:11:42.348Z stderr P 2026-11-30 15:11:42.348 UTC [28645] FATAL:  could not locate",
            "2026-11-30T15:11:42.348Z stderr P  required",
            "2026-11-30T15:11:42.348Z stderr F  checkpoint record",
            "2026-11-30T15:11:42.349Z stderr F 2026-11-30 15:11:42.349 UTC [28645] LOG:  database system is shut down",
        ] {
            reader.take(line);
        }
        let reading = reader.finish();
        assert_eq!(reading.worst.unwrap().kind(), MessageKind::RequiredCheckpointMissing);
        assert_eq!((reading.number, reading.lines), (3, 4));
    }

    #[test]
    fn a_part_without_its_rest_is_a_line() {
        let seen = recognise("2026-11-30T15:11:42.348Z stderr P 2026-11-30 LOG:  redo done at 0/6B00100");
        assert_eq!(seen.unwrap().kind(), MessageKind::RedoDone);
    }
}
