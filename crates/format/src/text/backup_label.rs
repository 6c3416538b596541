//! `backup_label`, which makes a copy of a data directory a base backup (`read_backup_label`, `xlog.c` and from 15 on
//! `xlogrecovery.c`; written by `do_pg_backup_start`, `pg_start_backup` in old versions).
//!
//! ```text
//! START WAL LOCATION: 0/900028 (file 000000010000000000000009)     every version, or the server does not start
//! CHECKPOINT LOCATION: 0/900060                                    the same
//! BACKUP METHOD: streamed                                          read since 9.1
//! BACKUP FROM: primary                                             since 9.2; `master` up to 13
//! START TIME: 2026-11-22 03:17:01 UTC
//! LABEL: base plain
//! START TIMELINE: 1                                                since 11
//! INCREMENTAL FROM LSN: 0/800028                                   since 17
//! INCREMENTAL FROM TLI: 1
//! ```
//! Servers read it with `fscanf`, a line after the other: a line that is missing is no fault, and one in another place
//! is not seen. So it is read here.

use crate::{Lsn, SegmentName, TimelineId};

/// What a backup label says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupLabel {
    /// Where replay of this backup starts.
    pub start: Lsn,
    /// The segment of it; its first part is the timeline on which replay starts.
    pub start_file: SegmentName,
    /// Where the record of the checkpoint starts from which it was taken.
    pub checkpoint: Lsn,
    /// How it was taken: `streamed`, or `pg_start_backup`.
    pub method: Option<String>,
    /// From what kind of server.
    pub from: Option<BackupFrom>,
    /// When it began, as written: local time of the server and the zone's name.
    pub start_time: Option<String>,
    /// Its label.
    pub label: Option<String>,
    /// The timeline, once more.
    pub timeline: Option<TimelineId>,
    /// The start of the backup on which this incremental one builds.
    pub incremental_from: Option<IncrementalFrom>,
}

/// The server that a backup was taken from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupFrom {
    /// A primary; `master` up to 13.
    Primary,
    /// A standby.
    Standby,
}

/// The backup on which an incremental one builds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IncrementalFrom {
    /// Where that one starts.
    pub start: Lsn,
    /// On which timeline; no server reads that.
    pub timeline: Option<TimelineId>,
}

/// Why a server does not start with this backup label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BackupLabelFault {
    /// The first line is no start location.
    Start,
    /// The second line is no checkpoint location.
    Checkpoint,
    /// Its two timelines differ; servers look at that since 11.
    Timeline {
        /// That of the line START TIMELINE.
        says: TimelineId,
        /// That of the file's name.
        file: TimelineId,
    },
    /// Something on the way to the file added to its lines; without that it is a backup label.
    Added(AddedToLabel),
}

/// What was added to the lines of a backup label, which a server reads to the byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AddedToLabel {
    /// A byte order mark in front of it.
    ByteOrderMark,
    /// Carriage returns behind its lines.
    CarriageReturns,
    /// What psql prints around a value of several lines where it is not asked for it unaligned: blanks and `+`.
    Alignment,
    /// Blanks in front of its lines, or behind them.
    Blanks,
}

impl std::fmt::Display for BackupLabelFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BackupLabelFault::Start => f.write_str("its first line is no START WAL LOCATION"),
            BackupLabelFault::Checkpoint => f.write_str("its second line is no CHECKPOINT LOCATION"),
            BackupLabelFault::Timeline { says, file } => {
                write!(f, "its START TIMELINE is {says}, and its file is of timeline {file}")
            }
            BackupLabelFault::Added(added) => f.write_str(match added {
                AddedToLabel::ByteOrderMark => "it begins with a byte order mark, which a server does not read over",
                AddedToLabel::CarriageReturns => "its lines end with CR LF, and a server reads none but LF",
                AddedToLabel::Alignment => "its lines end with \"+\", as psql prints a value of several lines",
                AddedToLabel::Blanks => "blanks stand around its lines, and a server reads none there",
            }),
        }
    }
}

impl BackupLabel {
    /// Whether an end-of-backup record must be replayed before the data are consistent (from 9.1 on).
    pub fn is_streamed(&self) -> bool {
        self.method.as_deref() == Some("streamed")
    }

    /// Whether it was taken from a standby, so that the control file says where the data are consistent (from 9.2 on).
    pub fn is_from_standby(&self) -> bool {
        self.from == Some(BackupFrom::Standby)
    }
}

/// Reads a backup label.
///
/// # Errors
/// What makes a server stop with "invalid data in file "backup_label"": every one, or from 11 on.
pub fn parse(bytes: &[u8]) -> Result<BackupLabel, BackupLabelFault> {
    let label = parse_uncompared(bytes)?;
    match label.timeline.filter(|&says| says != label.start_file.timeline) {
        Some(says) => Err(BackupLabelFault::Timeline { says, file: label.start_file.timeline }),
        None => Ok(label),
    }
}

/// Reads a backup label as servers up to 10 do, which do not compare its timelines.
///
/// # Errors
/// What makes every server stop with "invalid data in file "backup_label"".
pub fn parse_uncompared(bytes: &[u8]) -> Result<BackupLabel, BackupLabelFault> {
    read(bytes).map_err(|fault| added(bytes).map_or(fault, BackupLabelFault::Added))
}

/// What was added to a label that cannot be read for nothing else.
fn added(bytes: &[u8]) -> Option<AddedToLabel> {
    let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let lines = || bare.split(|&b| b == b'\n');
    let bare_lines = lines().map(|line| {
        let line = line.trim_ascii();
        line.strip_suffix(b"+").unwrap_or(line).trim_ascii_end()
    });
    read(&bare_lines.collect::<Vec<_>>().join(&b'\n')).ok()?;
    Some(if bare.len() < bytes.len() {
        AddedToLabel::ByteOrderMark
    } else if lines().any(|line| line.ends_with(b"\r")) {
        AddedToLabel::CarriageReturns
    } else if lines().any(|line| line.trim_ascii_end().ends_with(b"+")) {
        AddedToLabel::Alignment
    } else {
        AddedToLabel::Blanks
    })
}

fn read(bytes: &[u8]) -> Result<BackupLabel, BackupLabelFault> {
    let mut scan = LabelScan { rest: bytes };
    let (start, start_file) = start(&mut scan).ok_or(BackupLabelFault::Start)?;
    let checkpoint = checkpoint(&mut scan).ok_or(BackupLabelFault::Checkpoint)?;
    let method = scan.word("BACKUP METHOD: ");
    let from = scan.word("BACKUP FROM: ").and_then(|from| match from.as_str() {
        "primary" | "master" => Some(BackupFrom::Primary),
        "standby" => Some(BackupFrom::Standby),
        _ => None,
    });
    let start_time = scan.line("START TIME: ");
    let label = scan.line("LABEL: ");
    let timeline = scan.decimal("START TIMELINE: ").map(TimelineId);
    let incremental_from = incremental(&mut scan);
    Ok(BackupLabel { start, start_file, checkpoint, method, from, start_time, label, timeline, incremental_from })
}

fn start(scan: &mut LabelScan<'_>) -> Option<(Lsn, SegmentName)> {
    scan.literal("START WAL LOCATION: ")?;
    let lsn = scan.lsn()?;
    scan.literal(" (file ")?;
    // What follows the timeline's eight digits no server looks at; a name that is none says nothing, though.
    let name = String::from_utf8_lossy(scan.take(24, |b| b.is_ascii_hexdigit())).to_uppercase();
    scan.literal(")")?;
    scan.newline()?;
    Some((lsn, SegmentName::parse(&name)?))
}

fn checkpoint(scan: &mut LabelScan<'_>) -> Option<Lsn> {
    scan.literal("CHECKPOINT LOCATION: ")?;
    let lsn = scan.lsn()?;
    scan.newline()?;
    Some(lsn)
}

fn incremental(scan: &mut LabelScan<'_>) -> Option<IncrementalFrom> {
    scan.literal("INCREMENTAL FROM LSN: ")?;
    let start = scan.lsn()?;
    scan.literal("\n");
    Some(IncrementalFrom { start, timeline: scan.decimal("INCREMENTAL FROM TLI: ").map(TimelineId) })
}

/// Reads as `fscanf` does: what matched before a mismatch is gone.
struct LabelScan<'a> {
    rest: &'a [u8],
}

impl<'a> LabelScan<'a> {
    /// White space in the text stands for any amount of it, none included.
    fn literal(&mut self, text: &str) -> Option<()> {
        for wanted in text.bytes() {
            if wanted.is_ascii_whitespace() {
                self.take(usize::MAX, |b| b.is_ascii_whitespace());
            } else {
                self.rest = self.rest.strip_prefix(&[wanted])?;
            }
        }
        Some(())
    }

    /// Exactly one, and nothing before it: a carriage return is a fault.
    fn newline(&mut self) -> Option<()> {
        self.rest = self.rest.strip_prefix(b"\n")?;
        Some(())
    }

    fn take(&mut self, most: usize, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().take(most).position(|&b| !wanted(b)).unwrap_or(most.min(self.rest.len()));
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn lsn(&mut self) -> Option<Lsn> {
        let high = self.hex()?;
        self.literal("/")?;
        Some(Lsn::from_halves(high, self.hex()?))
    }

    fn hex(&mut self) -> Option<u32> {
        self.literal(" ");
        let digits = self.take(usize::MAX, |b| b.is_ascii_hexdigit());
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn decimal(&mut self, key: &str) -> Option<u32> {
        self.literal(key)?;
        let digits = self.take(usize::MAX, |b| b.is_ascii_digit());
        let number = std::str::from_utf8(digits).ok()?.parse().ok();
        self.literal("\n");
        number
    }

    fn word(&mut self, key: &str) -> Option<String> {
        self.literal(key)?;
        let word = self.take(19, |b| !b.is_ascii_whitespace());
        self.literal("\n");
        (!word.is_empty()).then(|| String::from_utf8_lossy(word).into_owned())
    }

    /// Up to the end of the line; labels may be in any encoding.
    fn line(&mut self, key: &str) -> Option<String> {
        self.literal(key)?;
        let text = self.take(1023, |b| b != b'\n');
        self.literal("\n");
        (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "START WAL LOCATION: 0/5900028 (file 000000010000000000000059)\nCHECKPOINT LOCATION: 0/5900080\nBACKUP METHOD: streamed\nBACKUP FROM: standby\nSTART TIME: 2026-11-24 22:21:50 UTC\nLABEL: incremental\nSTART TIMELINE: 1\nINCREMENTAL FROM LSN: 0/800028\nINCREMENTAL FROM TLI: 1\n";

    #[test]
    fn what_17_writes() {
        let label = parse(NEW.as_bytes()).unwrap();
        assert_eq!((label.start.to_string(), label.checkpoint.to_string()), ("0/05900028".into(), "0/05900080".into()));
        assert_eq!(label.start_file.to_string(), "000000010000000000000059");
        assert!(label.is_streamed() && label.is_from_standby());
        assert_eq!(
            (label.label.as_deref(), label.start_time.as_deref()),
            (Some("incremental"), Some("2026-11-24 22:21:50 UTC"))
        );
        let from = label.incremental_from.unwrap();
        assert_eq!((from.start.to_string(), from.timeline), ("0/00800028".into(), Some(TimelineId(1))));
    }

    #[test]
    fn what_8_2_writes() {
        let text = "START WAL LOCATION: 1/1000020 (file 000000020000000100000001)\nCHECKPOINT LOCATION: 1/1000020\nSTART TIME: 2026-11-22 03:29:19 UTC\nLABEL: \u{fc}ber Nacht\n";
        let label = parse(text.as_bytes()).unwrap();
        assert_eq!((label.start.to_string(), label.start_file.timeline), ("1/01000020".into(), TimelineId(2)));
        assert_eq!((label.method, label.from, label.timeline, label.incremental_from), (None, None, None, None));
        assert_eq!(label.label.as_deref(), Some("\u{fc}ber Nacht"));
        let latin1 = [text.split("\u{fc}").next().unwrap().as_bytes(), b"\xfcber Nacht\n"].concat();
        assert!(parse(&latin1).unwrap().label.unwrap().ends_with("ber Nacht"));
    }

    #[test]
    fn what_stops_a_server() {
        let fault = |text: &str| parse(text.as_bytes()).unwrap_err();
        assert_eq!(fault(""), BackupLabelFault::Start);
        assert_eq!(fault(&NEW.replace('\n', "\r\n")), BackupLabelFault::Added(AddedToLabel::CarriageReturns));
        assert_eq!(fault(&NEW.replace('\n', "   +\n ")), BackupLabelFault::Added(AddedToLabel::Alignment));
        assert_eq!(fault(&NEW.replace('\n', "  \n")), BackupLabelFault::Added(AddedToLabel::Blanks));
        assert_eq!(fault(&format!("\u{feff}{NEW}")), BackupLabelFault::Added(AddedToLabel::ByteOrderMark));
        assert_eq!(fault(&NEW.replace('\n', "\r\n").replace("CHECKPOINT", "CHECKPT")), BackupLabelFault::Start);
        assert_eq!(fault(&NEW.replace(" (file", "")), BackupLabelFault::Start);
        assert_eq!(fault(&NEW.replace("CHECKPOINT", "CHECKPT")), BackupLabelFault::Checkpoint);
        let differs = BackupLabelFault::Timeline { says: TimelineId(2), file: TimelineId(1) };
        let two = NEW.replace("TIMELINE: 1", "TIMELINE: 2");
        assert_eq!(fault(&two), differs);
        assert_eq!(parse_uncompared(two.as_bytes()).map(|l| l.start_file.timeline), Ok(TimelineId(1)));
        assert_eq!(parse_uncompared(b""), Err(BackupLabelFault::Start));
    }

    #[test]
    fn a_line_out_of_place_is_not_seen() {
        let text = NEW.replace("BACKUP METHOD: streamed\n", "");
        // `BACKUP ` is read, and then gone.
        assert_eq!(parse(text.as_bytes()).map(|l| (l.method, l.from)), Ok((None, None)));
        for length in 0..NEW.len() {
            let _ = parse(&NEW.as_bytes()[..length]);
        }
    }
}
