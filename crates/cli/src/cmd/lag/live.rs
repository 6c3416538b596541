//! `walproof lag --primary`: servers are asked, and what they say is measured. Those that are asked first are the
//! standbys, so that what a primary writes meanwhile is lag, and never the other way round.
//!
//! Exit code: 1 where something is farther behind than `--crit` allows, else 2 where something that was asked for is
//! not known, else 0; a warning is 0. As a plugin: 0 to 3.

use super::LagArgs;
use super::tail::FollowedWal;
use crate::cmd::guard::{age, pause};
use crate::exit::Exit;
use crate::follow::Watch;
use crate::psql::{PsqlSession, refuse_password};
use crate::speed::on_all_processors;
use crate::streams::page;
use anyhow::{Context, anyhow, bail, ensure};
use clap::ValueEnum;
use pgwal::format::Dialect;
use pgwal::format::server_progress::ServerProgress;
use pgwal::format::text::control::ControlFile;
use pgwal_query::between::Compared;
use pgwal_query::lag::{
    LagJudgement, LagLimit, Limits, LiveLag, ReadyFiles, SETUP, ServerFacts, UnaskedStandby, VERSION, WalAtHand,
    dialect_of, measure,
};
use pgwal_query::sizes::bytes_of;
use pgwal_report::lag::live::{LiveLagAnswer, json, nagios, prometheus, text};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::verify::PluginStatus;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Options about running servers.
#[derive(clap::Args)]
pub struct LiveOptions {
    /// How far standbys and the archiver are behind this server: how libpq reaches it (host=… user=…), which psql asks
    #[arg(long, value_name = "CONNINFO")]
    pub primary: Option<String>,
    /// Ask this standby, too: one that the primary does not know of, or that must be there
    #[arg(long, value_name = "CONNINFO", requires = "primary")]
    pub standby: Vec<String>,
    /// Ask again every so many seconds [default: 5], until Ctrl-C
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", requires = "primary")]
    #[arg(value_parser = pause)]
    pub watch: Option<u32>,
    /// A warning where a standby has more than this still to replay, or the archiver to archive: bytes (64MB), or the
    /// age of the oldest commit or segment that waits (90s, 15m, 2h); several with commas
    #[arg(long, value_name = "LIMIT", value_parser = limit, value_delimiter = ',', requires = "primary")]
    pub warn: Vec<LagLimit>,
    /// The same, for exit code 1
    #[arg(long, value_name = "LIMIT", value_parser = limit, value_delimiter = ',', requires = "primary")]
    pub crit: Vec<LagLimit>,
}

impl LiveOptions {
    /// A server is meant.
    pub fn is_asked(&self) -> bool {
        self.primary.is_some()
    }
}

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LagFormat {
    /// For people
    Text,
    /// JSON, a document a line
    Json,
    /// Of a server: a line with performance data; exits with 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    Nagios,
    /// Of a server: metrics for the textfile collector
    Prometheus,
}

impl LagFormat {
    /// Two positions can be told so.
    pub fn is_of_positions(self) -> bool {
        matches!(self, LagFormat::Text | LagFormat::Json)
    }

    fn form(self) -> OutputForm {
        if self == LagFormat::Json { OutputForm::Json } else { OutputForm::Plain }
    }
}

/// Reads what is allowed: a span of time, or bytes.
fn limit(text: &str) -> Result<LagLimit, String> {
    let time = age(text).ok().filter(|_| text != "0").map(LagLimit::Time);
    let wrong = || "bytes, as 64MB, or a span of time, as 90s, 15m, 2h, 1d".to_owned();
    time.or_else(|| bytes_of(text).map(LagLimit::Bytes)).ok_or_else(wrong)
}

/// Asks, once or again and again, and says what came of it; that nothing did, too, where programs read it.
pub fn run(args: &LagArgs) -> anyhow::Result<Exit> {
    let primary = args.live.primary.as_deref().context("a server is meant")?;
    let asked = ask(args, primary);
    let Err(error) = &asked else { return asked };
    match args.format {
        LagFormat::Nagios => {
            let line = pgwal_report::verify::nagios::failure(format!("{error:#}"));
            return Ok(crate::say(OutputForm::Plain, &line, Exit::Plugin(PluginStatus::Unknown)));
        }
        LagFormat::Prometheus => {
            // Not even here is a password repeated.
            let shown = if refuse_password(primary).is_ok() { primary } else { "" };
            crate::say(OutputForm::Plain, &prometheus::failure(shown), Exit::CouldNotTell);
        }
        LagFormat::Text | LagFormat::Json => {}
    }
    asked
}

fn ask(args: &LagArgs, primary: &str) -> anyhow::Result<Exit> {
    let options = &args.live;
    ensure!(args.after_archive.is_none() && args.timeline.is_none(), "--primary has its own timeline and positions");
    let geometry = args.geometry.segment_size.is_some() || args.geometry.version.is_some();
    ensure!(!geometry, "a server says its version and segment size itself: leave --as and --segment-size out");
    [primary].into_iter().chain(options.standby.iter().map(String::as_str)).try_for_each(refuse_password)?;
    let mut servers = AskedServers {
        primary: AskedServer::of(primary),
        standbys: options.standby.iter().map(|conninfo| AskedServer::of(conninfo)).collect(),
        wal: None,
        followed: None,
    };
    if let Some(path) = &args.path {
        let source = crate::input::open(path, &args.place, &args.keys)?;
        let place = path.display().to_string();
        servers.wal = Some((place, Compared::of(source, &on_all_processors())?));
    }
    let Some(seconds) = options.watch else { return once(args, &mut servers) };
    ensure!(args.format.is_of_positions(), "--watch writes text or JSON");
    let watch = Watch::new(&[])?.output()?;
    let mut last = Exit::Clean;
    while !watch.is_over() {
        let begun = Instant::now();
        // A server that is away comes back.
        last = once(args, &mut servers).unwrap_or_else(|error| {
            crate::complain(format_args!("{error:#}"));
            Exit::CouldNotTell
        });
        let taken = begun.elapsed();
        // Where much WAL waits, reading it takes a fifth of the time at most.
        let rest = Duration::from_secs(seconds.into()).max(taken * 4);
        watch.wait(rest, rest);
    }
    watch.end();
    Ok(last)
}

fn once(args: &LagArgs, servers: &mut AskedServers) -> anyhow::Result<Exit> {
    let limits = Limits { warn: args.live.warn.clone(), crit: args.live.crit.clone() };
    let lag = servers.measure(args)?;
    let judged = limits.of(&lag);
    let answer = LiveLagAnswer { lag: &lag, limits: &limits, judged, zone: args.zone.zone().at(lag.clock) };
    let exit = match (args.format, judged) {
        (LagFormat::Nagios, _) => Exit::Plugin(answer.status()),
        (_, LagJudgement::TooFar) => Exit::Refuted,
        (_, LagJudgement::Unknown) => Exit::CouldNotTell,
        (_, LagJudgement::Fine | LagJudgement::Warning) => Exit::Clean,
    };
    let mut out = page(args.format.form());
    let written = match args.format {
        LagFormat::Text => text::write(&mut Lines::new(&mut out), &answer),
        LagFormat::Json => writeln!(out, "{}", json::document(&answer)),
        LagFormat::Nagios => out.write_all(nagios::line(&answer).as_bytes()),
        LagFormat::Prometheus => out.write_all(prometheus::metrics(&answer).as_bytes()),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit),
    }
}

/// A server, and the session with it while there is one.
struct AskedServer {
    name: String,
    session: Option<PsqlSession>,
    version: Option<(&'static Dialect, ServerProgress)>,
}

impl AskedServer {
    fn of(conninfo: &str) -> AskedServer {
        AskedServer { name: conninfo.to_owned(), session: None, version: None }
    }

    /// Asks for its facts; after an error the session is begun anew.
    fn facts(&mut self, with_archiver: bool) -> anyhow::Result<ServerFacts> {
        let facts = self.ask(with_archiver);
        if facts.is_err() {
            (self.session, self.version) = (None, None);
        }
        facts.with_context(|| self.name.clone())
    }

    fn ask(&mut self, with_archiver: bool) -> anyhow::Result<ServerFacts> {
        let session = match &mut self.session {
            Some(session) => session,
            none => {
                let mut session = PsqlSession::open(&self.name)?;
                let answer = session.ask(&format!("{SETUP}{VERSION}"))?;
                let told = dialect_of(&answer.rows);
                self.version = Some(told.map_err(|why| anyhow!(answer.error.unwrap_or(why)))?);
                none.insert(session)
            }
        };
        let (dialect, progress) = self.version.context("its version is not known")?;
        let answer = session.ask(&ServerFacts::question(dialect, &progress))?;
        let mut facts =
            ServerFacts::of(dialect, &answer.rows).map_err(|why| anyhow!(answer.error.clone().unwrap_or(why)))?;
        if let (true, Some(archiver)) = (with_archiver, &mut facts.archiver) {
            let answer = session.ask(&ServerFacts::ready_question(&progress))?;
            let why = answer.error.unwrap_or_else(|| "the server does not say".to_owned());
            let rights = "pg_monitor has the right (up to 11: a superuser)";
            archiver.ready = ReadyFiles::of(&answer.rows).ok_or_else(|| format!("{why}; {rights}"));
        }
        Ok(facts)
    }
}

/// Of so many bytes that wait, what comes is kept; more is read anew each time.
const NEAR: i128 = 256 << 20;

/// All that are asked, and the WAL that is read.
struct AskedServers {
    primary: AskedServer,
    standbys: Vec<AskedServer>,
    wal: Option<(String, Compared)>,
    /// The same WAL, where it is asked for again and again.
    followed: Option<FollowedWal>,
}

impl AskedServers {
    fn measure(&mut self, args: &LagArgs) -> anyhow::Result<LiveLag> {
        let asked = self.standbys.iter_mut().map(|standby| {
            let facts = standby.facts(false).map_err(|error| error.root_cause().to_string());
            UnaskedStandby { name: standby.name.clone(), facts }
        });
        let standbys: Vec<UnaskedStandby> = asked.collect();
        let primary = self.primary.facts(true)?;
        if self.wal.is_none() {
            self.wal = own_wal(&primary, args);
        }
        if let Some((place, archive)) = &self.wal
            && let Some((own, other)) = primary.system_id.zip(archive.system_id).filter(|(own, other)| own != other)
        {
            bail!("{place}: this is WAL of cluster {other}, and {} is cluster {own}", self.primary.name);
        }
        if self.followed.as_ref().is_some_and(|followed| !followed.catch_up()) {
            self.followed = None;
        }
        let tail = self.followed.as_ref().map(FollowedWal::tail);
        let wal = self.wal.as_ref().map(|(place, archive)| WalAtHand { place: place.clone(), archive, tail });
        let lag = measure(&self.primary.name, &primary, standbys, wal);
        let lag = lag.map_err(|why| anyhow!("{}: {why}", self.primary.name))?;
        if args.live.watch.is_some() {
            self.read_on(&lag, args);
        }
        Ok(lag)
    }

    /// From now on, what the server writes is read as it comes, from the place of the last in the line.
    fn read_on(&mut self, lag: &LiveLag, args: &LagArgs) {
        let stages = lag.followers.iter().flat_map(|follower| follower.stages.iter().map(|stage| stage.at));
        let archived = lag.archiver.iter().filter_map(|archiver| archiver.archived_to);
        let Some(low) = stages.chain(archived).min() else { return };
        if self.followed.as_ref().is_some_and(|followed| !followed.tail().forget_before(low)) {
            self.followed = None;
        }
        let is_near = lag.dialect.address.distance(lag.position, low, lag.segment_size) < NEAR;
        // An archive ends in front of what waits.
        if let (None, Some((place, _)), true) = (&self.followed, &self.wal, is_near && args.path.is_none()) {
            let source = crate::input::open(Path::new(place), &args.place, &args.keys).ok();
            self.followed = source.and_then(|source| FollowedWal::begin(source, low));
        }
    }
}

/// The server's own WAL, where it runs on this machine and may be read.
fn own_wal(primary: &ServerFacts, args: &LagArgs) -> Option<(String, Compared)> {
    let data = primary.data.as_ref()?;
    let control = crate::input::plain(&data.join("global/pg_control"), 1 << 16).ok()?;
    // By a tunnel a socket may be another machine's.
    let own = ControlFile::parse(&control).ok()?;
    primary.system_id.is_none_or(|id| id == own.system_id).then_some(())?;
    let source = crate::input::open(Path::new(data), &args.place, &args.keys).ok()?;
    Some((data.display().to_string(), Compared::of(source, &on_all_processors()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_bytes_or_times() {
        for (text, read) in [
            ("64MB", LagLimit::Bytes(64 << 20)),
            ("0", LagLimit::Bytes(0)),
            ("16777216", LagLimit::Bytes(1 << 24)),
            ("15m", LagLimit::Time(Duration::from_secs(900))),
            ("90s", LagLimit::Time(Duration::from_secs(90))),
            ("1G", LagLimit::Bytes(1 << 30)),
        ] {
            assert_eq!(limit(text), Ok(read), "{text}");
        }
        for bad in ["", "-1", "many", "1.5h"] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }
}
