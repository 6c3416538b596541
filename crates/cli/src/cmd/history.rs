//! Which WAL a question about what happened reads, and what of it is asked for.

use super::reading::{RangeOptions, RangeRead};
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::names::NamesOptions;
use crate::progress::Bar;
use crate::several::NamedArchive;
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
use pgwal::verify::places::choose_copies;
use pgwal::verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent};
use pgwal_query::filter;
use pgwal_report::dump::text::damage;
use pgwal_report::time::Zone;
use std::io::Write;

/// The options.
#[derive(clap::Args)]
pub struct HistoryOptions {
    #[command(flatten)]
    pub input: InputOptions,
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
    names: NamesOptions,
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

/// Looks at WAL, with names that were given, and tells what is wrong in it.
pub trait LookAtHistory<A>:
    FnOnce(&dyn Source, &ListRequest<'_>, &Names, &NoteFinding<'_>, &mut ListSink<'_, NoEvent>) -> Result<A, ListError>
{
}

impl<A, F> LookAtHistory<A> for F where
    F: FnOnce(
        &dyn Source,
        &ListRequest<'_>,
        &Names,
        &NoteFinding<'_>,
        &mut ListSink<'_, NoEvent>,
    ) -> Result<A, ListError>
{
}

impl HistoryOptions {
    /// The zone of times.
    pub fn zone(&self) -> Zone {
        self.zone.zone()
    }

    /// The timeline that was named.
    pub fn timeline(&self) -> Option<TimelineId> {
        self.timeline
    }

    /// Opens what was named; of several places, each file from the first that has it whole.
    pub fn open(&self) -> anyhow::Result<NamedArchive> {
        let opened = self.input.open_named(None)?;
        if let NamedArchive::Several(places, _) = &opened {
            choose_copies(places, &self.input.options())?;
        }
        Ok(opened)
    }

    /// Asks `look` about the WAL, and says beside the answer what is wrong in it.
    pub fn ask<A>(&self, zone: &Zone, look: impl LookAtHistory<A>) -> anyhow::Result<OfPlace<A>> {
        let opened = self.open()?;
        let answer = self.ask_of(opened.source(), zone, look)?;
        Ok(OfPlace { place: opened.source().describe(), answer })
    }

    /// The same of what is open already.
    pub fn ask_of<A>(&self, source: &dyn Source, zone: &Zone, look: impl LookAtHistory<A>) -> anyhow::Result<A> {
        let names = self.names.given()?;
        let bar = Bar::new(false);
        let mut options = self.input.options();
        options.timeline = self.timeline.map_or(Which::Latest, Which::Number);
        (options.start, options.end) = (self.start, self.end);
        options.progress = Some(&bar);
        let mut told = Vec::new();
        let wanted = ListRequest { options, limit: None };
        let tell = |finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>| damage(finding, layout, zone, out);
        let answer = look(source, &wanted, &names, &tell, &mut |piece| {
            told.extend_from_slice(piece.as_text());
            Ok(())
        })?;
        bar.finish();
        // Where nobody can be told, the exit code counts.
        let _ = standard_error().write_all(&told);
        Ok(answer)
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
