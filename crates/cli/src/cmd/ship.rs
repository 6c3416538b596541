//! `walproof ship`: WAL record by record into a folder, from the files of a server or from the server.

use crate::exit::Exit;
use crate::follow::{self, Watch};
use crate::streams::stream;
use crate::zone::now;
use anyhow::ensure;
use clap::ValueEnum;
use pgwal::format::Lsn;
use pgwal::repos::{self, PlaceReading};
use pgwal::ship::shipping::{FileShipOptions, FileShipper, ShipFailure, ShipNews};
use pgwal::ship::unfinished::ShipFolder;
use pgwal::verify::records::FollowState;
use pgwal_report::outside::OutputForm;
use pgwal_report::ship::{end, line, sentence};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Options of `ship`.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("from").required(true).args(["pgdata", "server"]))]
pub struct ShipArgs {
    /// A data directory, or its pg_wal: its files are followed
    #[arg(value_name = "PGDATA")]
    pgdata: Option<PathBuf>,
    /// A server that streams its WAL: host=db user=replicator sslmode=verify-full, or a postgresql:// address
    ///
    /// As libpq has it, with its environment, service file and password file; no password here.
    #[arg(long, value_name = "CONNINFO")]
    server: Option<String>,
    /// The folder to ship to, which must be there
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// A physical replication slot, so that the server keeps WAL until it is shipped
    #[arg(long, value_name = "NAME", requires = "server", conflicts_with = "pgdata")]
    slot: Option<String>,
    /// Make the slot, if there is none of that name
    #[arg(long, requires = "slot", conflicts_with = "pgdata")]
    create_slot: bool,
    /// Flush all that comes at once, and say so: for a server that waits for that (synchronous_standby_names)
    #[arg(long)]
    synchronous: bool,
    /// End with the first fault, instead of trying again what may go away
    #[arg(long)]
    no_retry: bool,
    /// Where WAL that comes next is gone for good, go on behind it: the gap stays
    #[arg(long)]
    after_gap: bool,
    /// End once WAL is shipped up to this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// Say to the server at least this often how far it is
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "server",
          conflicts_with = "pgdata", value_parser = clap::value_parser!(u16).range(1..=3600))]
    status_interval: u16,
    /// Say of each segment when it is whole
    #[arg(short, long)]
    verbose: bool,
    /// How to say what happens
    #[arg(long, value_enum, default_value_t = ShipFormat::Text)]
    format: ShipFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShipFormat {
    /// For people, on standard error
    Text,
    /// JSON, a document a line on standard output: each segment, too
    Jsonl,
}

/// A fault of the files is tried again after this long.
const AGAIN: Duration = Duration::from_secs(1);

/// Ships, until a signal comes or the end is reached.
pub fn run(args: &ShipArgs) -> anyhow::Result<Exit> {
    if let Some(pgdata) = &args.pgdata {
        ensure_elsewhere(pgdata, &args.to)?;
    }
    let mut folder = ShipFolder::open(&args.to)?;
    let watch = Watch::new(&[])?;
    let is_text = args.format == ShipFormat::Text;
    let mut tell = |news: &ShipNews<'_>| match news {
        _ if !is_text => write(&line(news, now())),
        ShipNews::Segment(..) if !args.verbose => {}
        _ => crate::complain(sentence(news)),
    };
    let ended = match (&args.pgdata, &args.server) {
        (Some(pgdata), _) => from_files(args, pgdata, &mut folder, &watch, &mut tell)?,
        (None, server) => from_server(args, server.as_deref().unwrap_or_default(), &mut folder, &watch, &mut tell)?,
    };
    // Nobody else is kept from the folder while the signal ends us.
    drop(folder);
    let exit = ended.as_ref().err().map_or(Exit::Clean, exit_of);
    if !is_text {
        let code = Some(exit.code()).filter(|_| !watch.is_over());
        write(&end(ended.as_ref().err(), code, now()));
    }
    watch.end();
    if let Err(failure) = ended {
        crate::complain(&failure);
    }
    Ok(exit)
}

/// WAL is shipped on where whoever reads what is said of it is gone; one who is there and does not read holds it up.
fn write(line: &Value) {
    let mut out = stream(OutputForm::Json);
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The folder lies in none that is followed: a server removes what lies there, and what was shipped would be shipped
/// again.
fn ensure_elsewhere(pgdata: &Path, to: &Path) -> anyhow::Result<()> {
    let Ok(place) = to.canonicalize() else { return Ok(()) };
    let mut followed: Vec<PathBuf> =
        ["pg_wal", "pg_xlog"].iter().filter_map(|name| pgdata.join(name).canonicalize().ok()).collect();
    if followed.is_empty() {
        followed.extend(pgdata.canonicalize());
    }
    let is_elsewhere = followed.iter().all(|wal| !place.starts_with(wal));
    ensure!(is_elsewhere, "{} lies in the WAL of {}: ship to another place", to.display(), pgdata.display());
    Ok(())
}

type Tell<'a> = &'a mut dyn FnMut(&ShipNews<'_>);

fn from_files(
    args: &ShipArgs,
    pgdata: &Path,
    folder: &mut ShipFolder,
    watch: &Watch,
    tell: Tell<'_>,
) -> anyhow::Result<Result<(), ShipFailure>> {
    let place = [pgdata.to_path_buf()];
    ensure!(pgdata.is_dir(), "{} is no folder: only a folder can be followed", pgdata.display());
    let source = repos::open(&place, &Default::default(), PlaceReading::default())?.source;
    let (synchronous, after_gap, interrupt) = (args.synchronous, args.after_gap, Some(watch.interrupt()));
    let options = FileShipOptions { synchronous, after_gap, end: args.end, interrupt };
    loop {
        let shipped = FileShipper::open(source.as_ref(), folder, options, tell).and_then(|mut shipper| {
            follow::look::<ShipFailure>(source.as_ref(), watch, &mut |news| {
                let state = shipper.advance(news, tell)?;
                // What waits to be flushed is looked after soon.
                let waits = state == FollowState::Waiting && shipper.is_dirty();
                Ok(if waits { FollowState::Doubting } else { state })
            })?;
            shipper.finish()
        });
        match shipped {
            Err(failure) if !failure.is_lasting() && !args.no_retry && !watch.is_over() => {
                tell(&ShipNews::Retry { failure: &failure, after: AGAIN });
                folder.forget();
                watch.wait(AGAIN, AGAIN);
            }
            shipped => return Ok(shipped),
        }
    }
}

#[cfg(feature = "server")]
fn from_server(
    args: &ShipArgs,
    server: &str,
    folder: &mut ShipFolder,
    watch: &Watch,
    tell: Tell<'_>,
) -> anyhow::Result<Result<(), ShipFailure>> {
    use pgwal::ship::receive::ConnInfo;
    use pgwal::ship::shipping::{ServerShipOptions, ship_from_server};
    let info = ConnInfo::parse(server)?;
    let options = ServerShipOptions {
        slot: args.slot.as_deref(),
        create_slot: args.create_slot,
        synchronous: args.synchronous,
        retry: !args.no_retry,
        after_gap: args.after_gap,
        end: args.end,
        status: Duration::from_secs(args.status_interval.into()),
        interrupt: watch.interrupt(),
    };
    Ok(ship_from_server(&info, folder, &options, tell))
}

#[cfg(not(feature = "server"))]
fn from_server(
    _: &ShipArgs,
    _: &str,
    _: &mut ShipFolder,
    _: &Watch,
    _: Tell<'_>,
) -> anyhow::Result<Result<(), ShipFailure>> {
    anyhow::bail!("this program was built without --server")
}

fn exit_of(failure: &ShipFailure) -> Exit {
    match failure {
        ShipFailure::Folder(_) | ShipFailure::Files(_) | ShipFailure::NoWal => Exit::CouldNotTell,
        #[cfg(feature = "server")]
        ShipFailure::Server(pgwal::ship::receive::ReceiveFault::Wal(
            pgwal::archive::arrival::ArrivalFault::Damaged { .. },
        )) => Exit::Refuted,
        #[cfg(feature = "server")]
        ShipFailure::Server(_) => Exit::CouldNotTell,
        _ => Exit::Refuted,
    }
}
