//! Which WAL `dump` and `stats` read: the archive, the segments, the range, the timeline, by the rules of `pg_waldump`.

use crate::exit::Exit;
use crate::input::ReadingOptions;
use crate::memory::is_url;
use crate::words::places_first;
use anyhow::{bail, ensure};
use pgwal::format::{FileName, Layout, Lsn, Position, SegmentName, TimelineId};
use pgwal::repos::Repository;
use pgwal::source::Source;
use pgwal::verify::records::{Gathered, ListRequest, Listed, Render, list};
use pgwal::verify::{Options, Outcome, Which, verify};
use pgwal_query::any::Any;
use std::path::PathBuf;

/// The options.
#[derive(clap::Args)]
pub struct RangeOptions {
    /// Folders of WAL, files, repositories, or -, read as one archive; then the first and the last segment
    ///
    /// A place is what verify takes: a data directory or its pg_wal, a repository of a backup tool, a tar, an object
    /// store's URL. Of several, each file is from the first that has it whole.
    #[arg(value_name = "ARCHIVE [STARTSEG [ENDSEG]]", required_unless_present_any = ["path", "rmgr"])]
    words: Vec<PathBuf>,
    /// The archive; all other words are segments then
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    /// Only records that start here or behind
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Only records that end before or at this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline to recover to; with --format waldump only files of this timeline [default: the latest, or that of
    /// the segments named]
    #[arg(short, long, value_name = "N", value_parser = timeline)]
    timeline: Option<TimelineId>,
    /// Stop after so many records
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    input: ReadingOptions,
}

/// An archive, and what of it is asked for.
pub struct OpenedRange {
    /// The archive.
    pub source: Box<dyn Source>,
    /// The repository that it lies in.
    pub repository: Option<Repository>,
    /// What of it.
    pub options: Options<'static>,
}

/// What was read.
#[derive(Clone, Copy)]
pub struct RangeRead {
    /// Segments.
    pub segments: u64,
    /// Every record asked for.
    pub complete: bool,
    /// Where not: damage or a gap is the reason.
    pub refuted: bool,
}

impl From<&Listed> for RangeRead {
    fn from(listed: &Listed) -> RangeRead {
        RangeRead { segments: listed.segments, complete: listed.complete, refuted: listed.refuted }
    }
}

impl From<&Gathered> for RangeRead {
    fn from(gathered: &Gathered) -> RangeRead {
        RangeRead { segments: gathered.segments, complete: gathered.complete, refuted: gathered.refuted }
    }
}

/// Reads a timeline as PostgreSQL 16 does.
pub fn timeline(text: &str) -> Result<TimelineId, String> {
    TimelineId::parse(text).ok_or_else(|| "a timeline is a number from 1, decimal or 0x and hexadecimal".to_owned())
}

impl RangeOptions {
    /// Opens the archive, and says what of it is asked for.
    pub fn open(&self) -> anyhow::Result<OpenedRange> {
        let (archive, segments) = self.words()?;
        let input = self.input.of(archive);
        let (source, repository) = input.open_good_place()?;
        let mut options = input.options();
        options.timeline = self.timeline.map_or(Which::Latest, Which::Number);
        (options.start, options.end) = (self.start, self.end);
        if !segments.is_empty() {
            self.narrow(source.as_ref(), &segments, &mut options)?;
        }
        Ok(OpenedRange { source, repository, options })
    }

    /// `pg_waldump` reads files of one timeline alone: what a server takes of its ancestors is not for it.
    pub fn own_files_only(&self, source: &dyn Source, options: &mut Options<'_>) -> anyhow::Result<()> {
        let Which::Number(number) = options.timeline else { return Ok(()) };
        let outcome = verify(source, &options.any_names())?;
        let own = outcome.timelines.iter().find(|t| t.timeline == number && t.segments > 0).map(|t| t.from);
        if let (Some(asked), Some(own)) = (options.start, own) {
            ensure!(
                asked >= own,
                "{asked} lies before the first segment of timeline {number} that is here, which starts at {own}"
            );
        }
        options.start = options.start.max(own);
        Ok(())
    }

    /// Only so many records; 0 is no limit.
    pub fn limit(&self) -> Option<u64> {
        self.limit.filter(|&n| n > 0)
    }

    /// Ends a range behind the last record that the limit allows, of those that `render` does not leave out.
    pub fn limited<R: Render>(&self, source: &dyn Source, options: &mut Options<'_>, render: &R) -> anyhow::Result<()> {
        if let Some(limit) = self.limit() {
            let first = ListRequest { options: options.beside(), limit: Some(limit) };
            let listed = list(source, &first, render, &mut |_| Ok(()))?;
            if listed.records >= limit {
                options.end = listed.end;
            }
        }
        Ok(())
    }

    /// How a command ends that read so much of it.
    pub fn exit(read: RangeRead) -> Exit {
        // What is wrong outranks what could not be told.
        match read {
            RangeRead { refuted: true, .. } => Exit::Refuted,
            RangeRead { complete: true, segments: 1.., .. } => Exit::Clean,
            _ => Exit::CouldNotTell,
        }
    }

    /// Whether a range is empty because it begins behind the last record of WAL, and not because of its end. `source`
    /// is read from the range's start on.
    pub fn begins_behind_wal(&self, source: &dyn Source, options: &Options<'_>) -> anyhow::Result<bool> {
        let mut rest = options.beside();
        rest.end = None;
        if rest.start.is_none() {
            return Ok(false);
        }
        let listed = list(source, &ListRequest { options: rest, limit: Some(1) }, &Any, &mut |_| Ok(()))?;
        Ok(listed.segments > 0 && listed.records == 0 && listed.findings == 0)
    }

    /// Says that a range begins behind the last record.
    pub fn complain_of_the_end(&self, options: &Options<'_>) {
        let start = options.start.map(|lsn| lsn.to_string()).unwrap_or_default();
        crate::complain(format_args!("nothing to read: no record starts at {start} or behind it"));
    }

    /// How a command ends for which nothing was there to read: as `pg_waldump`, which fails, where its output was
    /// wanted.
    pub fn nothing(read: RangeRead, as_pg_waldump: bool) -> Exit {
        if as_pg_waldump || read.refuted { Exit::Refuted } else { Exit::CouldNotTell }
    }

    /// Says it where nothing of the range is here.
    pub fn complain_of_nothing(&self, outcome: &Outcome, read: RangeRead) -> bool {
        let nothing = outcome.layout.is_some() && read.segments == 0;
        if nothing {
            let here: Vec<String> = outcome.timelines.iter().map(|t| t.timeline.to_string()).collect();
            match self.timeline {
                Some(asked) => crate::complain(format_args!(
                    "nothing to read: no segment of timeline {asked} in the range asked for (timelines here: {})",
                    here.join(", ")
                )),
                None => crate::complain("nothing to read: no segment of the range asked for is here"),
            }
        }
        nothing
    }

    /// Where the archive is.
    pub fn archive(&self) -> anyhow::Result<Vec<PathBuf>> {
        Ok(self.words()?.0)
    }

    /// The archive and the segments.
    fn words(&self) -> anyhow::Result<(Vec<PathBuf>, Vec<String>)> {
        // Names of files are names of segments, too: behind a file come others.
        if let (None, Some((first, rest))) = (&self.path, self.words.split_first())
            && first.is_file()
            && !rest.is_empty()
        {
            ensure!(
                rest.iter().all(|place| place.exists() || is_url(place)),
                "{} is a file: write -p FOLDER STARTSEG ENDSEG for a range, or name only files",
                first.display()
            );
            return Ok((self.words.clone(), Vec::new()));
        }
        let (archive, rest) = places_first(self.path.as_ref(), &self.words, &SegmentPlace::is_one)?;
        if let [_, _, more, ..] = rest {
            bail!(
                "after the archive come at most two words, STARTSEG and ENDSEG; \"{}\" is one too many",
                more.display()
            );
        }
        Ok((archive, rest.iter().map(|word| word.to_string_lossy().into_owned()).collect()))
    }

    /// What STARTSEG and ENDSEG say, by the rules of `pg_waldump`.
    fn narrow(&self, source: &dyn Source, segments: &[String], options: &mut Options<'_>) -> anyhow::Result<()> {
        let Some(layout) = verify(source, &options.any_names())?.layout else { return Ok(()) };
        let (address, size) = (layout.address(), layout.segment);
        let first = SegmentPlace::read(&segments[0], &layout)?;
        let number = address.segment(first.lsn, size);
        if let Some(timeline) = first.timeline {
            options.timeline = Which::Number(timeline);
        }
        match options.start {
            Some(start) => {
                ensure!(address.segment(start, size) == number, "the start {start} is not in {}", segments[0])
            }
            None => options.start = Some(first.lsn),
        }
        let mut last = number;
        if let Some(word) = segments.get(1) {
            let place = SegmentPlace::read(word, &layout)?;
            last = address.segment(place.lsn, size);
            // It outranks that of STARTSEG.
            options.timeline = place.timeline.map_or(options.timeline, Which::Number);
            ensure!(last >= number, "{word} lies before {}", segments[0]);
        }
        let end = address.segment_start(last.next(), size);
        match options.end {
            Some(asked) => ensure!(
                address.segment(asked, size) == last || address.normal(asked, size) == end,
                "the end {asked} is not in {}",
                segments.last().map_or("", String::as_str)
            ),
            None => options.end = Some(end),
        }
        Ok(())
    }
}

/// A segment or a position.
struct SegmentPlace {
    lsn: Lsn,
    timeline: Option<TimelineId>,
}

impl SegmentPlace {
    /// Whether a word reads as one.
    fn is_one(word: &str) -> bool {
        let file = word.rsplit('/').next().unwrap_or(word);
        matches!(FileName::parse(file), Some(FileName::Segment(_))) || Position::parse(word).is_ok()
    }

    fn read(word: &str, layout: &Layout) -> anyhow::Result<SegmentPlace> {
        let file = word.rsplit('/').next().unwrap_or(word);
        if let Some(FileName::Segment(name)) = FileName::parse(file) {
            let number = name.number(layout.address(), layout.segment);
            let Some(number) = number else { bail!("no segment of this cluster has the name {name}") };
            return Ok(SegmentPlace {
                lsn: layout.address().segment_start(number, layout.segment),
                timeline: Some(SegmentName::parse(file).map_or(name.timeline, |n| n.timeline)),
            });
        }
        let position = Position::parse(word)
            .map_err(|error| anyhow::anyhow!("\"{word}\" is neither a segment nor a position: {error}"))?;
        let lsn =
            position.lsn(layout.address(), layout.segment).map_err(|error| anyhow::anyhow!("\"{word}\": {error}"))?;
        Ok(SegmentPlace { lsn, timeline: position.timeline() })
    }
}
