//! `walproof verify`

mod each;
mod estimated;
mod looks;
mod parts;
mod restored;

use crate::cmd::guard::GuardOptions;
use crate::cmd::restoring::{RestoreLook, Restoring};
use crate::exit::Exit;
use crate::input::{At, InputOptions};
use crate::memory::Memory;
use crate::output::{deliver, folder_of};
use crate::progress::Bar;
use crate::several::NamedArchive;
use crate::streams::{columns, page};
use crate::zone::ZoneOption;
use clap::ValueEnum;
use looks::{Looks, is_gone};
use pgwal::format::{Lsn, TimelineId};
use pgwal::source::{Source, common_folder};
use pgwal::verify::codes::CodePattern;
use pgwal::verify::ended::RunEnd;
use pgwal::verify::places::verify_places;
use pgwal::verify::recovery::RestoreFiles;
use pgwal::verify::repository::JudgedRepository;
use pgwal::verify::{Depth, Options, Outcome, Severity, Verdict, Which, verify, verify_parts};
use pgwal_query::count::Volume;
use pgwal_report::outside::{Lines, OutputForm, guarded, wrapped};
use pgwal_report::time::Zone;
use pgwal_report::verify::{PluginStatus, RunClock, VerifyAnswer, html, json, junit, nagios, prometheus, sarif, text};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `verify`.
#[derive(clap::Args)]
#[command(mut_arg("archive", |arg| arg.required(false).required_unless_present_any(["path", "summaries", "stanza", "barman_conf"])))]
pub struct VerifyArgs {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    restoring: Restoring,
    /// A cluster that was restored with these options: did it end where the archive says it should? Its data directory,
    /// - for what pg_controldata prints of it, or how its server is reached (host=… user=…), which psql then asks
    #[arg(long, value_name = "PGDATA|-|CONNINFO", conflicts_with_all = ["pgdata", "summaries"])]
    restored: Option<PathBuf>,
    #[command(flatten)]
    guard: GuardOptions,
    /// Read the contents of backups as well, and hold them against their checksums
    ///
    /// Of every backup of a repository, or of the one that is named.
    #[arg(long, conflicts_with = "summaries")]
    data: bool,
    /// With a backup: judge all files of the archive, not only those that this restore asks for
    #[arg(long)]
    all: bool,
    /// Only from this position on
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Only before this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline that must replay: a number, latest, or all
    #[arg(short, long, value_name = "N|latest|all", default_value = "latest", value_parser = which)]
    #[arg(conflicts_with_all = ["backup", "pgdata", "restored", "aim"])]
    timeline: Which,
    /// Say what was recognised at the place, by what, and what of it was left out, and verify nothing; JSON: a document
    /// for each archive that lies there, one a line
    #[arg(long, conflicts_with = "summaries")]
    explain_source: bool,
    /// Say how many objects, requests and bytes a run would read at each depth, with --index only what is new, and
    /// read nothing
    #[arg(long, conflicts_with_all = ["summaries", "each", "explain_source", "start", "end", "backup", "pgdata", "output"])]
    estimate: bool,
    /// Verify every archive that lies there, a row each; JSON: a document each, one a line
    #[arg(long, conflicts_with_all = ["summaries", "index", "backup", "pgdata", "known", "write_known", "output"])]
    each: bool,
    /// How thoroughly to look; only records can prove
    #[arg(long, value_enum, default_value_t = At::Records)]
    depth: At,
    /// Another severity for a code: CODE=ignore|info|warning|error, with CODE as WP201, record-crc or WP2xx
    #[arg(long, value_name = "CODE=SEVERITY", value_parser = severity)]
    severity: Vec<(CodePattern, Severity)>,
    /// Exit with 1 for warnings, too
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    #[command(flatten)]
    memory: Memory,
    /// Verify the archive whose parts `walproof summarize` wrote
    #[arg(long, value_name = "PART", num_args = 1.., conflicts_with_all = ["archive", "path", "index", "depth", "start", "end"])]
    summaries: Vec<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = VerifyFormat::Text)]
    format: VerifyFormat,
    /// Write it to this file, which is replaced as a whole, instead of standard output (-)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    zone: ZoneOption,
    /// Say nothing; the exit code says it
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VerifyFormat {
    /// For people
    Text,
    /// walproof.verify/1
    Json,
    /// A line with performance data; exits with 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    Nagios,
    /// Metrics for the textfile collector
    Prometheus,
    /// Test results as CI systems read them
    Junit,
    /// SARIF 2.1.0
    Sarif,
    /// A page for a browser, with nothing from elsewhere
    Html,
}

impl VerifyFormat {
    fn form(self) -> OutputForm {
        match self {
            VerifyFormat::Text => OutputForm::Styled,
            VerifyFormat::Json | VerifyFormat::Sarif => OutputForm::Json,
            VerifyFormat::Nagios | VerifyFormat::Prometheus | VerifyFormat::Junit | VerifyFormat::Html => {
                OutputForm::Plain
            }
        }
    }
}

fn which(text: &str) -> Result<Which, String> {
    match text {
        "latest" => Ok(Which::Latest),
        "all" => Ok(Which::All),
        number => {
            TimelineId::parse(number).map(Which::Number).ok_or_else(|| "a number from 1 on, latest, or all".into())
        }
    }
}

fn severity(text: &str) -> Result<(CodePattern, Severity), String> {
    let (code, severity) = text.split_once('=').ok_or("CODE=SEVERITY")?;
    let code = code.parse().map_err(|()| format!("no such code: {code}"))?;
    Ok((code, severity.parse().map_err(|()| "ignore, info, warning or error".to_string())?))
}

/// Whether the words of the command line ask for a monitoring plugin, for when they cannot be read otherwise: no other
/// command is named than one that is a plugin.
pub fn is_plugin() -> bool {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let is_asked = words.iter().any(|word| word == "--format=nagios")
        || words.windows(2).any(|pair| pair == ["--format", "nagios"]);
    let command = crate::command();
    let named = words.iter().find(|word| command.find_subcommand(word).is_some());
    is_asked && named.is_none_or(|word| word == "verify" || word == "lag")
}

/// Verifies and says so.
pub fn run(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let run = RunClock::begin();
    if let Some(exit) = instead(args).transpose() {
        return match exit {
            // To a monitoring system, everything is told on standard output.
            Err(error) if args.format == VerifyFormat::Nagios => {
                let line = nagios::failure(format!("{error:#}"));
                Ok(crate::say(OutputForm::Plain, &line, Exit::Plugin(PluginStatus::Unknown)))
            }
            exit => exit,
        };
    }
    let exit = check(args, run);
    let Err(error) = &exit else { return exit };
    let why = format!("{error:#}");
    // What stands there from an earlier run must not be taken for this one's.
    match args.format {
        VerifyFormat::Nagios => {
            tell(args, nagios::failure(&why).as_bytes(), Exit::CouldNotTell);
            return Ok(Exit::Plugin(PluginStatus::Unknown));
        }
        VerifyFormat::Prometheus => {
            _ = tell(args, prometheus::failure(&archive(args), &run).as_bytes(), Exit::CouldNotTell)
        }
        VerifyFormat::Text if args.file().is_none() => {}
        _ => {
            let (archive, exit) = (archive(args), Exit::CouldNotTell);
            let outcome =
                Outcome::unseen(&archive, why.strip_prefix(&format!("{archive}: ")).unwrap_or(&why).to_owned());
            let zone = args.zone_at(&run);
            let seen = VerifyAnswer {
                outcome: &outcome,
                archive,
                ended: RunEnd::CouldNotTell,
                exit_code: exit.code(),
                status: PluginStatus::Unknown,
                fails_from: Severity::Error,
                zone,
                run,
                volume: None,
            };
            tell(args, &render(args.format, &seen)?, exit);
        }
    }
    exit
}

/// What is asked instead of a verdict on one archive.
fn instead(args: &VerifyArgs) -> anyhow::Result<Option<Exit>> {
    // Not even to say so may one be written over the other.
    let files =
        [("--index", args.memory.index.as_deref()), ("--output", args.file())].into_iter().chain(args.guard.files());
    let files: Vec<(&str, PathBuf)> = files.filter_map(|(option, file)| Some((option, place(file?)))).collect();
    for (i, (option, file)) in files.iter().enumerate() {
        let same = files
            .iter()
            .skip(i + 1)
            .find(|(other, named)| named == file && (*option, *other) != ("--known", "--write-known"));
        if let Some((other, _)) = same {
            anyhow::bail!("{option} and {other} name the same file");
        }
    }
    Ok(Some(match args {
        _ if args.explain_source => explain_source(args)?,
        _ if args.each => each::run(args)?,
        _ if args.estimate => estimated::run(args)?,
        _ => return Ok(None),
    }))
}

fn check(args: &VerifyArgs, run: RunClock) -> anyhow::Result<Exit> {
    args.refuse_contradictions()?;
    let index = if args.summaries.is_empty() { args.memory.open(&args.input, args.depth)? } else { None };
    let mut zone = args.zone_at(&run);
    let guarding = args.guard.read(args.depth.into(), &zone, run.began)?;
    let bar = Bar::new(args.quiet);
    let mut options = options(args);
    options.severities.clone_from(&args.severity);
    options.depth = args.depth.into();
    options.progress = Some(&bar);
    options.index = index.as_ref();
    options.known = guarding.known();
    let contents = args.data.then(|| args.input.contents(args.restoring.label()));
    let input = args.input.of_cluster(args.restoring.cluster(args.restored.as_deref()));
    let mut opened = if args.summaries.is_empty() { Some(input.open_named(contents.as_ref())?) } else { None };
    let cluster = match (&args.restored, &opened) {
        (Some(place), Some(opened)) => {
            Some(restored::restored_cluster(place, opened.source(), args.restoring.is_aimed())?)
        }
        _ => None,
    };
    options.restored = cluster.as_ref();
    let mut looks = Looks::default();
    let mut outcome = loop {
        let repository = opened.as_ref().and_then(NamedArchive::repository);
        let mut options = options.clone();
        options.repository =
            repository.map(|repository| JudgedRepository { repository, which: args.restoring.of_backups(repository) });
        let listed = opened.as_ref().filter(|_| repository.is_some()).map(NamedArchive::names).unwrap_or_default();
        let mut answer = |source: &dyn Source| -> anyhow::Result<Outcome> {
            // From a backup that does not restore, nothing is foretold: that, and its WAL, is the answer.
            let broken = args.restored.is_none() && args.restoring.broken(repository).is_some();
            if broken || !args.is_of_restore() {
                return Ok(verify(source, &options)?);
            }
            let files = if args.all { RestoreFiles::All } else { RestoreFiles::Asked };
            let look = RestoreLook { files, contents: args.data };
            args.restoring.verify(source, repository, &options, look, &mut zone, run.began)
        };
        let outcome = match &opened {
            None => verify_parts(parts::parts(&args.summaries)?, &options)?,
            Some(NamedArchive::Several(places, _)) => verify_places(places, &options, &mut || answer(places))?,
            Some(NamedArchive::One(opened)) => answer(opened.source.as_ref())?,
        };
        let again = looks.go_on(&outcome, opened.as_ref(), &input, options.settle);
        let listed = Some(&listed).filter(|listed| !is_gone(&outcome, listed));
        let newer = |opened: &NamedArchive| opened.newer(listed, &input, contents.as_ref());
        match opened.as_ref().filter(|_| again).map(newer).transpose()?.flatten() {
            // A tool expires a backup, then its WAL: what either said that is gone asks for nothing more.
            Some(newer) => opened = Some(newer),
            None => break outcome,
        }
    };
    let repository = opened.as_ref().and_then(NamedArchive::repository);
    let source = opened.as_ref().map(NamedArchive::source);
    bar.finish();
    if let (Some(repository), Some(facts), Some(foretold), Some(layout)) =
        (repository, &mut outcome.repository, &outcome.restore, &outcome.layout)
        && outcome.verdict == Verdict::Proven
    {
        if !outcome.places.is_empty() {
            facts.no_command =
                Some("no tool takes files from several places: compare A B --write DIR makes one".into());
        } else if args.restored.is_none() {
            args.restoring.type_down(facts, repository, foretold, layout, &args.input)?;
        }
    }
    guarding.judge(&mut outcome, &args.severity, args.quiet, &mut zone)?;
    let fails_from = if args.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Error };
    let mut ended = RunEnd::of(&outcome, fails_from);
    if let Some(error) = index.as_ref().and_then(|index| index.save().err()) {
        // The verdict holds; but who relies on the index must know.
        crate::complain(format!("the index cannot be written: {error}"));
        outcome.index.get_or_insert_default().unsaved = Some(error.to_string());
        ended = ended.max(RunEnd::CouldNotTell);
    }
    let (exit, status) = (Exit::from(ended), PluginStatus::of(ended, &outcome));
    let counts = args.format == VerifyFormat::Html && outcome.depth == Depth::Records && outcome.layout.is_some();
    // Where it cannot be counted, the verdict is still worth a page.
    let volume = source.filter(|_| counts).and_then(|source| Volume::of(source, counted(args, &outcome)).ok());
    let archive = outcome.parts.as_ref().and_then(|parts| parts.place.clone()).unwrap_or_else(|| match source {
        // As a configuration names it.
        Some(source) if !args.input.is_named() => source.describe(),
        _ => archive(args),
    });
    let exit_code = exit.code();
    let answer = VerifyAnswer { outcome: &outcome, archive, ended, exit_code, status, fails_from, zone, run, volume };
    let text = render(args.format, &answer)?;
    let told = tell(args, &text, exit);
    Ok(match args.format {
        VerifyFormat::Nagios if told == exit => Exit::Plugin(status),
        VerifyFormat::Nagios => Exit::Plugin(PluginStatus::Unknown.max(status)),
        _ => told,
    })
}

fn explain_source(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let form = match args.format {
        VerifyFormat::Text => OutputForm::Plain,
        VerifyFormat::Json => OutputForm::Json,
        _ => anyhow::bail!("--explain-source is told as text or as JSON"),
    };
    let mut out = page(form);
    for opened in args.input.open_each()? {
        if args.format == VerifyFormat::Json {
            let (place, repository) = (opened.source.describe(), opened.repository.as_ref());
            serde_json::to_writer(&mut out, &pgwal_report::repository::document(&place, repository, &opened.told))?;
            writeln!(out)?;
            continue;
        }
        let mut lines = Lines::new(&mut out);
        pgwal_report::repository::write(&mut lines, &opened.source.describe(), opened.repository.as_ref())?;
        opened.told.iter().try_for_each(|told| writeln!(lines, "READ     {told}"))?;
    }
    out.flush()?;
    Ok(Exit::Clean)
}

fn options(args: &VerifyArgs) -> Options<'static> {
    let mut options = args.input.options();
    options.timeline = args.timeline;
    (options.start, options.end) = (args.start, args.end);
    options
}

/// What volume is counted of: the way of recovery, or what the restore replays of it.
fn counted(args: &VerifyArgs, outcome: &Outcome) -> Options<'static> {
    let mut options = options(args);
    if let Some(restore) = &outcome.restore {
        options.timeline = Which::Number(restore.timeline);
        (options.start, options.end) = (Some(restore.redo_start), restore.replay_end);
    }
    options
}

impl VerifyArgs {
    /// One restore is meant, not the archive as a whole.
    fn is_of_restore(&self) -> bool {
        self.restored.is_some() || self.restoring.is_asked()
    }

    /// What says something of one restore, and what says something of a whole archive.
    fn refuse_contradictions(&self) -> anyhow::Result<()> {
        if let Some(option) = self.restoring.needs_backup().filter(|_| !self.is_of_restore()) {
            anyhow::bail!("{option} says something about a restore: name its base backup with --backup, or a target");
        }
        if self.is_of_restore() && !self.summaries.is_empty() {
            anyhow::bail!("--backup is about one restore, whose files must be here: --summaries has none");
        }
        if let (true, Some((option, _))) =
            (self.is_of_restore(), self.guard.files().iter().find(|(_, file)| file.is_some()))
        {
            anyhow::bail!(
                "{option} is about an archive, --backup about one restore, which fails of what was accepted all the same: verify twice"
            );
        }
        if self.is_of_restore() && self.memory.index.is_some() {
            anyhow::bail!("--index is about the whole archive, --backup about one restore: verify twice");
        }
        Ok(())
    }

    /// The zone of the answer. To people it tells how old things are; what programs keep is the same tomorrow.
    fn zone_at(&self, run: &RunClock) -> Zone {
        match self.format {
            VerifyFormat::Text | VerifyFormat::Html | VerifyFormat::Nagios => self.zone.zone().at(run.began),
            _ => self.zone.zone(),
        }
    }

    /// The file to write to; `-` is standard output.
    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|file| file.as_os_str() != "-")
    }
}

/// What was verified, as the user named it.
fn archive(args: &VerifyArgs) -> String {
    let paths: Vec<String> =
        args.input.named().iter().chain(&args.input.reading.from.from).map(|path| path.display().to_string()).collect();
    if !paths.is_empty() {
        return paths.join(" ");
    }
    // Parts that can be read say where they are from; these cannot.
    let parts: Vec<PathBuf> = args.summaries.iter().filter_map(|part| std::path::absolute(part).ok()).collect();
    common_folder(parts.iter().filter_map(|part| part.parent())).unwrap_or_default().display().to_string()
}

fn render(format: VerifyFormat, answer: &VerifyAnswer<'_>) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    match format {
        VerifyFormat::Text => text::write(&mut Lines::new(&mut out), answer.outcome, &answer.zone)?,
        VerifyFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::verify(answer.outcome))?;
            writeln!(out)?;
        }
        VerifyFormat::Nagios => out.extend_from_slice(nagios::line(answer).as_bytes()),
        VerifyFormat::Prometheus => out.extend_from_slice(prometheus::metrics(answer).as_bytes()),
        VerifyFormat::Junit => out.extend_from_slice(junit::document(answer).as_bytes()),
        VerifyFormat::Sarif => {
            serde_json::to_writer_pretty(&mut out, &sarif::document(answer))?;
            writeln!(out)?;
        }
        VerifyFormat::Html => out.extend_from_slice(html::page(answer).as_bytes()),
    }
    Ok(out)
}

/// The place of a file, which need not be there yet.
fn place(file: &Path) -> PathBuf {
    let missing = || Some(folder_of(file).canonicalize().ok()?.join(file.file_name()?));
    file.canonicalize().ok().or_else(missing).unwrap_or_else(|| file.to_path_buf())
}

/// Puts it where it was asked for, and says how the run ends.
fn tell(args: &VerifyArgs, text: &[u8], exit: Exit) -> Exit {
    let form = args.format.form();
    let written = match (args.file(), args.quiet) {
        (Some(file), _) if form == OutputForm::Styled => {
            // Colours are for terminals.
            let mut plain = anstream::StripStream::new(Vec::new());
            plain.write_all(text).and_then(|()| deliver(&guarded(form, &plain.into_inner()), file))
        }
        (Some(file), _) => deliver(&guarded(form, text), file),
        (None, true) => Ok(()),
        (None, false) => {
            let mut out = page(form);
            match columns().filter(|_| form == OutputForm::Styled) {
                Some(columns) => out.write_all(&wrapped(text, columns)).and_then(|()| out.flush()),
                None => out.write_all(text).and_then(|()| out.flush()),
            }
        }
    };
    match written {
        // Nobody reads it, but the exit code still counts.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        // It was not told, but damage outranks that.
        Err(error) => {
            crate::complain(&error);
            let exit = exit.max(Exit::CouldNotTell);
            match args.format {
                VerifyFormat::Nagios if args.file().is_none() => exit,
                VerifyFormat::Nagios if exit == Exit::Refuted => crate::say(form, text, exit),
                VerifyFormat::Nagios => crate::say(form, &nagios::failure(&error), exit),
                _ => exit,
            }
        }
        Ok(()) => exit,
    }
}
