//! Which WAL a question about what happened reads, and what of it is asked for.

use super::named::NamesOption;
use super::reading::{RangeOptions, RangeRead};
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::progress::Bar;
use crate::streams::standard_error;
use crate::zone::{ZoneOption, now};
use anyhow::anyhow;
use pgwal::Finding;
use pgwal::catalog::Names;
use pgwal::forensics::NoteFinding;
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::format::{Layout, Lsn, TimelineId};
use pgwal::source::Source;
use pgwal::verify::Which;
use pgwal::verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent};
use pgwal_query::filter;
use pgwal_report::dump::text::damage;
use pgwal_report::time::Zone;
use std::io::Write;

/// The options.
#[derive(clap::Args)]
pub struct HistoryOptions {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    range: HistoryRange,
}

/// Which records are read, and how names and times are told.
#[derive(clap::Args)]
pub struct HistoryRange {
    /// Read only records that start here or behind
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Read only records that end before or at this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline to recover to [default: the latest]
    #[arg(short, long, value_name = "N", value_parser = super::reading::timeline)]
    timeline: Option<TimelineId>,
    #[command(flatten)]
    names: NamesOption,
    #[command(flatten)]
    zone: ZoneOption,
}

/// What of that is told.
#[derive(clap::Args)]
pub struct HistoryFilter {
    /// Only from this time on: 2026-11-22 14:00, 14:00, yesterday 14:00, 2h ago. What has no time has that of the last
    /// record before it that has one
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only up to this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only what touches this relation: a name, with its schema and database in front or not, or tablespace
    /// OID/database OID/file number
    #[arg(short = 'R', long, value_name = "RELATION")]
    relation: Option<String>,
    /// Only what touches this database, by its OID
    #[arg(long, value_name = "OID")]
    pub database: Option<u32>,
}

impl HistoryFilter {
    /// From when to when, with times without a zone in this one.
    pub fn times(&self, zone: &mut Zone) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
        let since = self.since.as_deref().map(|text| time("--since", text, zone)).transpose()?;
        Ok((since, self.until.as_deref().map(|text| time("--until", text, zone)).transpose()?))
    }

    /// Which relation: by its files, or by its name.
    pub fn relation(&self) -> (Option<RelFileLocator>, Option<String>) {
        let file = self.relation.as_deref().and_then(|text| filter::relation(text).ok());
        (file, self.relation.clone().filter(|_| file.is_none()))
    }
}

/// Reads a time that an option says.
pub fn time(option: &str, text: &str, zone: &mut Zone) -> anyhow::Result<Timestamp> {
    zone.read(text, now()).map_err(|what| anyhow!("{option} \"{text}\": {what}"))
}

/// An answer, and of which place it is.
pub struct OfPlace<A> {
    /// Where the WAL lies.
    pub place: String,
    /// What was found.
    pub answer: A,
}

impl HistoryOptions {
    /// The zone of times.
    pub fn zone(&self) -> Zone {
        self.range.zone()
    }

    /// Asks `look` about the WAL, and says beside the answer what is wrong in it.
    pub fn ask<A>(
        &self,
        zone: &Zone,
        look: impl FnOnce(
            &dyn Source,
            &ListRequest<'_>,
            &Names,
            &NoteFinding<'_>,
            &mut ListSink<'_, NoEvent>,
        ) -> Result<A, ListError>,
    ) -> anyhow::Result<OfPlace<A>> {
        self.range.ask(&self.input, zone, look)
    }
}

impl HistoryRange {
    /// The zone of times.
    pub fn zone(&self) -> Zone {
        self.zone.zone()
    }

    /// Asks `look` about the WAL, and says beside the answer what is wrong in it.
    pub fn ask<A, E: std::error::Error + Send + Sync + 'static>(
        &self,
        input: &InputOptions,
        zone: &Zone,
        look: impl FnOnce(
            &dyn Source,
            &ListRequest<'_>,
            &Names,
            &NoteFinding<'_>,
            &mut ListSink<'_, NoEvent>,
        ) -> Result<A, E>,
    ) -> anyhow::Result<OfPlace<A>> {
        let names = self.names.names()?;
        let source = input.open()?;
        let bar = Bar::new(false);
        let mut options = input.options();
        options.timeline = self.timeline.map_or(Which::Latest, Which::Number);
        (options.start, options.end) = (self.start, self.end);
        options.progress = Some(&bar);
        let mut told = Vec::new();
        let wanted = ListRequest { options, limit: None };
        let tell = |finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>| damage(finding, layout, zone, out);
        let answer = look(source.as_ref(), &wanted, &names, &tell, &mut |piece| {
            told.extend_from_slice(piece.as_text());
            Ok(())
        })?;
        bar.finish();
        // Where nobody can be told, the exit code counts.
        let _ = standard_error().write_all(&told);
        Ok(OfPlace { place: source.describe(), answer })
    }
}

/// How a command ends that read so much, and whether there is something to tell. `document`: whoever reads a document
/// gets one, of nothing, too.
pub fn exit(gathered: &Gathered, some: bool, document: bool) -> (Exit, bool) {
    let read = RangeRead::from(gathered);
    if some {
        return (RangeOptions::exit(read), true);
    }
    crate::complain("nothing to read: no record of the range asked for is here");
    (RangeOptions::nothing(read, false), document)
}
