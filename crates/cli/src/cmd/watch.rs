//! `walproof watch`: archives, looked at again and again, until SIGTERM (exit 0) or Ctrl-C.
//!
//! ```text
//! every --interval: each archive ── look ──► events ──► standard output
//!                                     └────► state ──► --textfile, --listen (endpoint.rs), systemd (notify.rs)
//! ```
//! An archive that is out of reach is told of and looked at again. Exit code 2: nothing can be begun.

mod endpoint;
mod notify;

use self::endpoint::{Endpoint, EndpointPage};
use self::notify::Notify;
use crate::cmd::guard::age;
use crate::exit::Exit;
use crate::follow::Watch;
use crate::input::InputOptions;
use crate::output::deliver;
use crate::streams::stream;
use crate::zone::{ZoneOption, now};
use anyhow::{Context, ensure};
use clap::ValueEnum;
use pgwal::repos::OpenedPlace;
use pgwal::verify::Progress;
use pgwal::verify::index::Index;
use pgwal::verify::watch::{IndexMemory, OpenWatched, WatchEvent, WatchedArchive};
use pgwal_report::known::KnownFile;
use pgwal_report::outside::{Lines, OutputForm, guarded};
use pgwal_report::time::Zone;
use pgwal_report::watch::{WatchNews, WatchedPlace, health, json, prometheus, text};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long systemd, or whoever asks for health, is left without a sign of life.
const BEAT: Duration = Duration::from_secs(1);

const ARCHIVES: &str = "Archives, each watched for itself: any place that verify takes, but standard input";

/// Options of `watch`.
#[derive(clap::Args)]
#[command(mut_arg("archive", |arg| arg.help(ARCHIVES)))]
pub struct WatchArgs {
    #[command(flatten)]
    input: InputOptions,
    /// Seconds between two looks, or as long as a look takes, where that is more
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = super::guard::pause)]
    interval: u32,
    /// Answer GET /metrics (Prometheus) and /health (200, or 503 with what is wrong) there: a port of this machine's
    /// own address, or ADDRESS:PORT
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Write the metrics to this file after each look, for the textfile collector; it is replaced as a whole
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
    /// Remember in FILE what was proven, of the one archive that is watched [default: in memory, as long as it runs]
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// Refuted where the last commit is older than this: 90s, 15m, 2h, 1d
    #[arg(long, value_name = "AGE", value_parser = age)]
    max_age: Option<Duration>,
    /// Accept the findings that this file lists, of the one archive that is watched; verify --write-known makes it
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// How events are written
    #[arg(long, value_enum, default_value_t = WatchFormat::Text)]
    format: WatchFormat,
    #[command(flatten)]
    zone: ZoneOption,
}

/// How events are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WatchFormat {
    /// For people, a line each
    Text,
    /// JSON, a document a line
    Jsonl,
}

/// Reads `9187` or `0.0.0.0:9187`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let own = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.parse().ok().map(own);
    port.or_else(|| text.parse().ok()).ok_or_else(|| "a port, or an address and a port, as 0.0.0.0:9187".to_owned())
}

/// Watches.
pub fn run(args: &WatchArgs) -> anyhow::Result<Exit> {
    let named = args.input.each_named();
    ensure!(
        args.input.reading.from.from.is_empty(),
        "each archive is watched for itself: name the places without --from"
    );
    ensure!(
        named.iter().flatten().all(|path| path.as_os_str() != "-"),
        "standard input does not come a second time: it cannot be watched"
    );
    ensure!(args.index.is_none() || named.len() == 1, "an index is of one archive: watch each by a process of its own");
    ensure!(
        args.known.is_none() || named.len() == 1,
        "a list of what is accepted is of one archive: watch each by a process of its own"
    );
    let known = args.known.as_deref().map(crate::known::read).transpose()?;
    let accepted = known.as_ref().map(KnownFile::list);
    let mut archives: Vec<WatchedByName> = named.into_iter().map(|paths| WatchedByName::of(args, paths)).collect();
    let watch = Watch::new(&[])?;
    let endpoint = args.listen.map(Endpoint::open).transpose()?;
    let notify = Notify::of_process();
    let mut options = args.input.options();
    options.interrupt = Some(watch.interrupt());
    options.known = accepted.as_ref();
    let life = SignsOfLife { notify: &notify, endpoint: endpoint.as_ref() };
    options.progress = Some(&life);
    let mut output = EventOutput { format: args.format, zone: args.zone.zone() };
    let names: Vec<String> = archives.iter().map(|archive| archive.name.clone()).collect();
    output.started(&names, endpoint.as_ref().map(Endpoint::address), args.interval)?;
    notify.ready();
    let (mut unwritten, mut is_first, mut complained) = (None, true, false);
    while !watch.is_over() {
        let begun = Instant::now();
        for at in 0..archives.len() {
            let Some(archive) = archives.get_mut(at) else { break };
            let place = OpenedByName { args, paths: &archive.paths, memory: &archive.memory };
            let Some(events) = archive.watched.look(&place, &options, now()) else { break };
            // What is accepted of one cluster says nothing of another. Who watches does not end for files that come in.
            let other = known.as_ref().zip(archive.system_id()).and_then(|(known, id)| known.check_cluster(id).err());
            match other {
                Some(error) if is_first => return Err(error.into()),
                Some(error) if !std::mem::replace(&mut complained, true) => crate::complain(error.to_string()),
                _ => {}
            }
            for event in &events {
                output.news(archive, event)?;
            }
            // What one archive came to is told before the next one is read.
            let places: Vec<WatchedPlace<'_>> = archives.iter().map(WatchedByName::place).collect();
            publish(args, &places, endpoint.as_ref(), &notify, &mut unwritten);
        }
        is_first = false;
        let pause = Duration::from_secs(args.interval.into()).max(begun.elapsed());
        let waits = Instant::now();
        while !watch.is_over() && waits.elapsed() < pause {
            life.beat();
            let slice = BEAT.min(pause.saturating_sub(waits.elapsed()));
            watch.wait(slice, slice);
        }
    }
    notify.stopping();
    if !watch.is_terminated() {
        watch.end();
    }
    Ok(Exit::Clean)
}

/// Who is told that it lives: with every file that a long look reads, and while it waits.
struct SignsOfLife<'a> {
    notify: &'a Notify,
    endpoint: Option<&'a Endpoint>,
}

impl SignsOfLife<'_> {
    fn beat(&self) {
        self.notify.beat();
        if let Some(endpoint) = self.endpoint {
            endpoint.beat();
        }
    }
}

impl Progress for SignsOfLife<'_> {
    fn begin(&self, _: u64) {
        self.beat();
    }

    fn file(&self, _: u64) {
        self.beat();
    }
}

/// Hands on what there is now. What cannot be written is told once.
fn publish(
    args: &WatchArgs,
    places: &[WatchedPlace<'_>],
    endpoint: Option<&Endpoint>,
    notify: &Notify,
    unwritten: &mut Option<String>,
) {
    let (well, lines) = health::lines(places);
    let metrics = guarded(OutputForm::Plain, prometheus::metrics(places, now()).as_bytes());
    if let Some(file) = &args.textfile {
        let failed = deliver(&metrics, file).err().map(|error| error.to_string());
        if failed.is_some() && *unwritten != failed {
            crate::complain(failed.as_deref().unwrap_or_default());
        }
        *unwritten = failed;
    }
    notify.status(lines.lines().next().unwrap_or_default());
    if let Some(endpoint) = endpoint {
        endpoint.publish(EndpointPage { metrics, health: lines, well });
    }
}

/// An archive, as it was named.
struct WatchedByName {
    name: String,
    paths: Vec<PathBuf>,
    memory: IndexMemory,
    watched: WatchedArchive,
}

impl WatchedByName {
    fn of(args: &WatchArgs, paths: Vec<PathBuf>) -> WatchedByName {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let configured = || args.input.reading.place.stanza.clone().or_else(|| args.input.reading.place.server.clone());
        let name = if names.is_empty() { configured().unwrap_or_default() } else { names.join(" ") };
        let watched = WatchedArchive::with_max_age(args.max_age);
        WatchedByName { name, paths, memory: IndexMemory::default(), watched }
    }

    /// Whose WAL it is, as far as that is known.
    fn system_id(&self) -> Option<u64> {
        self.watched.state().wal.as_ref().and_then(|wal| wal.system_id)
    }

    fn place(&self) -> WatchedPlace<'_> {
        WatchedPlace { archive: &self.name, state: self.watched.state() }
    }
}

/// How a look opens it.
struct OpenedByName<'a> {
    args: &'a WatchArgs,
    paths: &'a [PathBuf],
    memory: &'a IndexMemory,
}

impl OpenWatched for OpenedByName<'_> {
    fn place(&self) -> Result<OpenedPlace, String> {
        self.args.input.open_one(self.paths.to_vec(), None).map_err(|error| format!("{error:#}"))
    }

    fn index(&self) -> Result<Index, String> {
        let opened = match &self.args.index {
            Some(path) => crate::memory::open_index_of(path, self.paths.first().map(PathBuf::as_path)),
            None => self.memory.open().map_err(anyhow::Error::from),
        };
        opened.map_err(|error| format!("{error:#}"))
    }

    fn forget(&self) -> bool {
        self.memory.forget();
        self.args.index.is_none()
    }
}

/// Where events are written.
struct EventOutput {
    format: WatchFormat,
    zone: Zone,
}

impl EventOutput {
    fn started(&mut self, archives: &[String], listen: Option<String>, interval: u32) -> anyhow::Result<()> {
        let (interval, at) = (interval.into(), now());
        let zone = self.zone.clone();
        self.write(
            |out| text::started(out, archives, listen.as_deref(), interval, at, &zone),
            || json::started(archives, listen.as_deref(), interval, at),
        )
    }

    fn news(&mut self, archive: &WatchedByName, event: &WatchEvent) -> anyhow::Result<()> {
        let news = WatchNews { place: archive.place(), event, at: now() };
        let zone = self.zone.clone();
        self.write(|out| text::news(out, &news, &zone), || json::news(&news))
    }

    fn write(
        &mut self,
        text: impl FnOnce(&mut Lines<'_>) -> io::Result<()>,
        json: impl FnOnce() -> serde_json::Value,
    ) -> anyhow::Result<()> {
        let form = if self.format == WatchFormat::Jsonl { OutputForm::Json } else { OutputForm::Plain };
        let mut out = stream(form);
        match self.format {
            WatchFormat::Text => text(&mut Lines::new(&mut out)),
            WatchFormat::Jsonl => writeln!(out, "{}", json()),
        }
        .and_then(|()| out.flush())
        .context("standard output")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_this_machines() {
        assert_eq!(address("9187").unwrap().to_string(), "127.0.0.1:9187");
        assert_eq!(address("0.0.0.0:9187").unwrap().to_string(), "0.0.0.0:9187");
        assert_eq!(address("[::1]:0").unwrap().to_string(), "[::1]:0");
        for bad in ["", "host:9187", "99999", "1.2.3.4"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
