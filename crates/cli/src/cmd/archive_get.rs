//! `walproof archive-get`: a restore_command. What it says goes to the server's log.

use crate::cmd::guard::age;
use crate::exit::Exit;
use crate::keys::KeyOptions;
use crate::repo::PlaceOptions;
use anyhow::{Context, anyhow};
use clap::ValueEnum;
use pgwal::format::{FileName, SegmentName};
use pgwal::repos::PlaceReading;
use pgwal::ship::get::{AskingServer, GetAnswer, GetOptions, GetPlace, GetRequest, GetWait, get, remove_passed};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Options of `archive-get`.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 delivered, 1 not there, 126 anything else, which stops a recovery.")]
pub struct ArchiveGetArgs {
    /// The file that is asked for: %f
    #[arg(value_name = "FILE")]
    file: String,
    /// Where it is to be put: %p
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Where it may lie: a folder, a repository of a backup tool, an object store's URL; of several, the first good
    /// copy counts
    #[arg(long, value_name = "PLACE", required = true)]
    from: Vec<PathBuf>,
    /// Where WAL goes on behind a file that is not there: stop the recovery, or let it end there as a server does
    #[arg(long, value_enum, value_name = "stop|end", default_value_t = OnHole::Stop)]
    on_hole: OnHole,
    /// How long WAL may be there behind a file that is yet to come: 30s, 5m [default: 30s; 0s where a target is set]
    #[arg(long, value_name = "SPAN", value_parser = age)]
    grace: Option<Duration>,
    /// Where there is no whole segment, deliver its .partial, filled up with zeros: with --wait once that is over
    #[arg(long)]
    partial: bool,
    /// Wait for a segment that is not there
    #[arg(long)]
    wait: bool,
    /// Stop waiting when this file is there; if it says fast at once, else behind all that is there
    #[arg(long, value_name = "FILE", requires = "wait")]
    trigger: Option<PathBuf>,
    /// Wait no longer than this
    #[arg(long, value_name = "SPAN", requires = "wait", value_parser = age)]
    timeout: Option<Duration>,
    /// How long to wait before another look
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = age)]
    poll: Duration,
    /// Remove what replay has passed, behind this restart point: %r. A backup that can still be restored keeps what it
    /// needs, and nothing goes from a backup tool's repository
    #[arg(long, value_name = "SEGMENT", value_parser = segment)]
    prune: Option<SegmentName>,
    #[command(flatten)]
    place: PlaceOptions,
    #[command(flatten)]
    keys: KeyOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnHole {
    Stop,
    End,
}

/// What ends a recovery: there is no such file.
const NOT_THERE: Exit = Exit::Server(1);
/// What stops one, so that it can be started again.
const STOPS: Exit = Exit::Server(126);

/// Delivers it, or says why not.
pub fn run(args: &ArchiveGetArgs) -> anyhow::Result<Exit> {
    let name = FileName::parse(&args.file).ok_or_else(|| anyhow!("{} is no name of a file of WAL", args.file))?;
    let server = AskingServer::in_folder(Path::new("."));
    let reading = PlaceReading { keys: args.keys.keys()?, ..PlaceReading::default() };
    let place = |path: &PathBuf| GetPlace::new(path.clone(), args.place.choice(), reading.clone());
    let mut places: Vec<GetPlace> = args.from.iter().map(place).collect();
    let mut options = GetOptions::default();
    let grace = if server.has_target() { Duration::ZERO } else { GetOptions::GRACE };
    options.grace = args.grace.unwrap_or(grace);
    options.settle = args.grace.unwrap_or(GetOptions::GRACE);
    options.ends_at_hole = args.on_hole == OnHole::End;
    options.partial = args.partial;
    options.poll = args.poll.max(Duration::from_millis(10));
    options.wait = args.wait.then(|| GetWait { trigger: args.trigger.clone(), timeout: args.timeout });
    let request = GetRequest { name, path: &args.path, server: &server };
    let answer = get(&request, &mut places, &options, &mut |note| crate::complain(note))
        .with_context(|| format!("cannot write {}", args.path.display()))?;
    let kept = |what: &str| {
        if server.is_standby() {
            // It tries again, and would be taken down.
            return NOT_THERE;
        }
        crate::complain(format_args!("{name} is not delivered: {what}"));
        STOPS
    };
    if let Some(restart) = args.prune.filter(|_| matches!(answer, GetAnswer::Delivered | GetAnswer::Absent)) {
        remove(&mut places, &server, name, restart);
    }
    Ok(match answer {
        GetAnswer::Delivered => Exit::Clean,
        GetAnswer::Absent | GetAnswer::Triggered => NOT_THERE,
        GetAnswer::Hole(_) => kept(
            "recovery stops here, and does not end; bring the file and start the server again, or end recovery in front of it with --on-hole end",
        ),
        GetAnswer::NoGoodCopy => {
            kept("recovery stops here, and does not end; bring a good copy and start the server again")
        }
        GetAnswer::Foreign => {
            kept("recovery stops here, and does not end; name this cluster's archive with --from and start it again")
        }
        GetAnswer::OutOfReach => kept("it may be there; start the server again once every place can be asked"),
        GetAnswer::Orphaned => STOPS,
    })
}

/// Removes what replay has passed. Whatever comes of that, the file was delivered or is not there.
fn remove(places: &mut [GetPlace], server: &AskingServer, asked: FileName, restart: SegmentName) {
    if !matches!(asked, FileName::Segment(_)) {
        return;
    }
    for place in places {
        if let Err(why) = remove_passed(place, server, restart) {
            crate::complain(format_args!("nothing is removed from {}: {why}", place.shown()));
        }
    }
}

fn segment(text: &str) -> Result<SegmentName, String> {
    SegmentName::parse(text).ok_or_else(|| "a segment, as a server names its restart point: %r".to_owned())
}
