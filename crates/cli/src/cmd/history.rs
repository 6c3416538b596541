//! Which WAL a question about what happened reads, and what of it is asked for.

use super::reading::{RangeOptions, RangeRead};
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::names::{AskedRelation, NamesOptions};
use crate::progress::Bar;
use crate::several::NamedArchive;
use crate::streams::standard_error;
use crate::zone::{ZoneOption, now};
use anyhow::{anyhow, bail};
use pgwal::Finding;
use pgwal::catalog::Names;
use pgwal::forensics::{BlameAnswer, EventsAnswer, NoteFinding, TopAnswer, XactsAnswer};
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal::source::Source;
use pgwal::verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent};
use pgwal::verify::recovery::{ServerZone, backup};
use pgwal::verify::{Options, Which};
use pgwal_report::dump::text::damage;
use pgwal_report::time::Zone;
use std::io::Write;
use std::path::Path;

/// Bytes of WAL that are read for names in front of where records are asked for.
const LOOK_BACK: u64 = 1 << 30;

/// The options.
#[derive(clap::Args)]
pub struct HistoryOptions {
    #[command(flatten)]
    pub input: InputOptions,
    #[command(flatten)]
    pub range: HistoryRange,
}

/// Which records are read, and how names and times are told.
#[derive(clap::Args, Clone)]
pub struct HistoryRange {
    /// Read only records that start here or behind; names also from the last GiB in front of it
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Read only records that end before or at this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline to recover to [default: the latest]
    #[arg(short, long, value_name = "N", value_parser = super::reading::timeline)]
    timeline: Option<TimelineId>,
    #[command(flatten)]
    pub names: NamesOptions,
    #[command(flatten)]
    zone: ZoneOption,
}

impl HistoryRange {
    /// The same, from a record on.
    pub fn starting(&self, lsn: Lsn) -> HistoryRange {
        HistoryRange { start: Some(lsn), ..self.clone() }
    }
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
    #[arg(short = 'R', long, value_name = "RELATION", value_parser = AskedRelation::parse)]
    relation: Option<AskedRelation>,
    /// Only what touches this database: its OID or its name
    #[arg(long, value_name = "DATABASE")]
    database: Option<String>,
}

impl HistoryFilter {
    /// From when to when, with times without a zone in this one.
    pub fn times(&self, zone: &mut Zone) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
        let since = self.since.as_deref().map(|text| time("--since", text, zone)).transpose()?;
        let until = self.until.as_deref().map(|text| time("--until", text, zone)).transpose()?;
        crate::zone::in_order(since, until, zone)?;
        Ok((since, until))
    }

    /// Which relation: by its files, or by its name.
    pub fn relation(&self) -> (Option<RelFileLocator>, Option<String>) {
        match &self.relation {
            Some(AskedRelation::File(rel)) => (Some(*rel), None),
            Some(AskedRelation::Name(name)) => (None, Some(name.clone())),
            None => (None, None),
        }
    }

    /// Which database: by its OID, or by its name.
    pub fn database(&self) -> (Option<u32>, Option<String>) {
        let oid = self.database.as_ref().and_then(|text| text.parse().ok());
        (oid, self.database.clone().filter(|_| oid.is_none()))
    }

    /// Something is asked for by a name.
    pub fn is_named(&self) -> bool {
        self.relation().1.is_some() || self.database().1.is_some()
    }

    /// The database that is named has that name, or had it.
    pub fn check_database(&self, names: &Names) -> anyhow::Result<()> {
        match self.database().1 {
            Some(name) if names.databases_named(&name).is_empty() => bail!(
                "no database is called {name}, as far as names are known: from WAL itself, from --names, from --backup"
            ),
            _ => Ok(()),
        }
    }

    /// The relation that is named has that name, or had it.
    pub fn check_relation(&self, names: &Names) -> anyhow::Result<()> {
        match &self.relation {
            Some(AskedRelation::Name(name)) if names.partitioned(name).is_some() => {
                let what = match names.partitions(name).len() {
                    0 => "no partition of it is known here: name one".to_owned(),
                    1 => "what is done to its only partition is told as well".to_owned(),
                    parts => format!("what is done to its {parts} partitions is told as well"),
                };
                crate::complain(format_args!("{name} is a partitioned table, which has no rows of its own: {what}"));
                Ok(())
            }
            Some(asked @ AskedRelation::Name(name)) if names.find(name).is_empty() => {
                asked.files(Some(names)).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Every file that the relation has, or had; `None` where none is asked for.
    pub fn files(&self, names: Option<&Names>) -> anyhow::Result<Option<Vec<RelFileLocator>>> {
        self.relation.as_ref().map(|asked| asked.files(names)).transpose()
    }

    /// The databases that have the name, or had it; `None` where none is asked for.
    pub fn databases(&self, names: Option<&Names>) -> anyhow::Result<Option<Vec<u32>>> {
        Ok(match (self.database(), names) {
            ((Some(oid), _), _) => Some(vec![oid]),
            ((None, Some(name)), Some(names)) => {
                self.check_database(names)?;
                Some(names.databases_named(&name))
            }
            _ => None,
        })
    }
}

/// Reads a time that an option says.
pub fn time(option: &str, text: &str, zone: &mut Zone) -> anyhow::Result<Timestamp> {
    zone.read(text, now()).map_err(|what| anyhow!("{option} \"{text}\": {what}"))
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
    /// The zone of times: the one that was named, else that of the backup's configuration, else this machine's.
    pub fn zone(&self) -> Zone {
        let mut zone = self.range.zone.zone();
        let path = self.range.names.backup().map(Path::new).filter(|path| path.exists());
        if let Some(backup) = path.and_then(|path| backup::open(path).ok())
            && ServerZone::of_settings(&backup.settings).is_some()
        {
            zone.of_server(None, &backup.settings);
        }
        zone
    }

    /// The timeline that was named.
    pub fn timeline(&self) -> Option<TimelineId> {
        self.range.timeline
    }

    /// Opens what was named; of several places, each file from the first that has it whole.
    pub fn open(&self) -> anyhow::Result<NamedArchive> {
        self.input.open_chosen()
    }

    /// From where on records are told.
    pub fn start(&self) -> Option<Lsn> {
        self.range.start
    }

    /// How the WAL is read.
    fn options(&self) -> Options<'static> {
        let mut options = self.input.options();
        options.timeline = self.range.timeline.map_or(Which::Latest, Which::Number);
        (options.start, options.end) = (self.range.start, self.range.end);
        options.unfinished = true;
        options
    }

    /// The names at every position, where something is asked for by one: the WAL is read for that.
    pub fn names_for(&self, filter: &HistoryFilter, opened: &NamedArchive) -> anyhow::Result<Option<Names>> {
        filter.is_named().then(|| self.all_names(opened)).transpose()
    }

    /// The names at every position.
    pub fn all_names(&self, opened: &NamedArchive) -> anyhow::Result<Names> {
        self.range.names.through(opened.source(), opened.repository(), &self.options())
    }

    /// Asks `look` about the WAL, and says beside the answer what is wrong in it.
    pub fn ask_of<A: HistoryAnswer>(
        &self,
        opened: &NamedArchive,
        zone: &Zone,
        look: impl LookAtHistory<A>,
    ) -> anyhow::Result<A> {
        let given = self.range.names.given(opened.repository())?;
        // Its names hold from where the backup starts: what is asked begins behind that.
        let is_wide = given.base().is_some_and(|base| self.range.start.is_some_and(|start| start > base.start));
        if !is_wide {
            let mut answer = self.ask_with(given, opened, zone, look)?;
            self.name_from_before(&mut answer, opened)?;
            return Ok(answer);
        }
        let mut answer = self.ask_with(Names::given(self.range.names.listed()?, None), opened, zone, look)?;
        answer.name_by(&self.all_names(opened)?);
        Ok(answer)
    }

    /// Takes names that are missing from WAL in front of where the records begin that were asked for. Findings there
    /// are none of theirs.
    pub fn name_from_before<A: HistoryAnswer>(&self, answer: &mut A, opened: &NamedArchive) -> anyhow::Result<()> {
        let layout = answer.gathered().outcome.layout;
        let (Some(start), Some(layout), true) = (self.range.start, layout, answer.lacks_names()) else { return Ok(()) };
        let (address, size) = (layout.address(), layout.segment);
        let back = LOOK_BACK / size.bytes();
        let first = SegmentNo(address.segment(start, size).0.saturating_sub(back));
        let range = (Some(address.segment_start(first, size)), self.range.end);
        let place = (opened.source(), opened.repository());
        answer.name_by(&self.range.names.through_range(place, &self.options(), range)?);
        Ok(())
    }

    /// The same, with these names given.
    pub fn ask_with<A: HistoryAnswer>(
        &self,
        names: Names,
        opened: &NamedArchive,
        zone: &Zone,
        look: impl LookAtHistory<A>,
    ) -> anyhow::Result<A> {
        let bar = Bar::new(false);
        let mut options = self.options();
        // From where a backup starts on, its names are followed.
        options.start =
            names.base().map_or(self.range.start, |base| self.range.start.map(|start| start.min(base.start)));
        options.progress = Some(&bar);
        let mut told = Vec::new();
        let wanted = ListRequest { options, limit: None };
        let tell = |finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>| damage(finding, layout, zone, out);
        let answer = look(opened.source(), &wanted, &names, &tell, &mut |piece| {
            told.extend_from_slice(piece.as_text());
            Ok(())
        })?;
        bar.finish();
        self.range.names.fit(&names, &answer.gathered().outcome)?;
        // Where nobody can be told, the exit code counts.
        let _ = standard_error().write_all(&told);
        Ok(answer)
    }
}

/// An answer that says what was read for it.
pub trait HistoryAnswer {
    /// What was read.
    fn gathered(&self) -> &Gathered;

    /// A relation that a user made has no name, or none with its schema.
    fn lacks_names(&self) -> bool;

    /// Takes names that are known at every position.
    fn name_by(&mut self, names: &Names);
}

impl HistoryAnswer for EventsAnswer {
    fn gathered(&self) -> &Gathered {
        &self.gathered
    }

    fn lacks_names(&self) -> bool {
        self.lacks_names()
    }

    fn name_by(&mut self, names: &Names) {
        self.name_by(names);
    }
}

impl HistoryAnswer for TopAnswer {
    fn gathered(&self) -> &Gathered {
        &self.gathered
    }

    fn lacks_names(&self) -> bool {
        self.lacks_names()
    }

    fn name_by(&mut self, names: &Names) {
        self.name_by(names);
    }
}

impl HistoryAnswer for BlameAnswer {
    fn gathered(&self) -> &Gathered {
        &self.gathered
    }

    fn lacks_names(&self) -> bool {
        self.lacks_names()
    }

    fn name_by(&mut self, names: &Names) {
        self.name_by(names);
    }
}

impl HistoryAnswer for XactsAnswer {
    fn gathered(&self) -> &Gathered {
        &self.gathered
    }

    fn lacks_names(&self) -> bool {
        self.lacks_names()
    }

    fn name_by(&mut self, names: &Names) {
        self.name_by(names);
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
