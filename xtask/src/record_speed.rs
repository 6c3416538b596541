//! `cargo xtask record-speed`: `ship --server` beside pg_receivewal on one server under load, and what `lag --watch`
//! costs.
//!
//! ```text
//! pgbench ──▶ server ─┬─ walproof ship --server ─▶ folder      how long after a commit its bytes are in each folder,
//!   marks ──▶         ├─ pg_receivewal ──────────▶ folder      processor time, bytes that came
//!                     └─ walproof lag --watch
//! ```

use std::{
    fmt::Write as _,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};
use walproof_live::{Postgres, Server};

use crate::{
    compare::median,
    run::{keep_result, release_binary},
};

const SECONDS: u64 = 60;
const MARKS: usize = 40;
const PAGE: usize = 8 << 10;
/// For a mark that does not come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Ticks of `/proc/PID/stat` in a second.
const TICKS: f64 = 100.0;

/// Both at once, and the table.
pub fn run() -> Result<()> {
    let walproof = release_binary()?;
    let postgres = Postgres::find(14).context("no PostgreSQL 14 or later found")?;
    let receivewal = postgres.program("pg_receivewal").context("no pg_receivewal")?;
    let server =
        Server::start_sized(postgres, 16, "max_wal_senders = 9\nwal_keep_size = '4GB'\nmax_wal_size = '4GB'\n")?;
    server.pgbench(&["-i", "-q", "-s", "20"])?;
    let conninfo = format!("host={} user=postgres", server.folder().display());
    let mut ours = Follower::begins(&server, "ship", |to| {
        let mut command = Command::new(&walproof);
        command.args(["ship", "--server", &conninfo, "--to"]).arg(to);
        command
    })?;
    let mut theirs = Follower::begins(&server, "receivewal", |to| {
        let mut command = Command::new(&receivewal);
        command.args(["--dbname", &conninfo, "--directory"]).arg(to);
        command
    })?;
    let mut watch = Follower::begins(&server, "lag", |_| {
        let mut command = Command::new(&walproof);
        command.args(["lag", "--primary", &conninfo, "--watch"]);
        command
    })?;
    let load = |seconds: u64| server.pgbench(&["-n", "-c", "2", "-j", "2", "-T", &seconds.to_string()]);
    let begun = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let load = scope.spawn(|| load(SECONDS));
        marked(&server, &mut [&mut ours, &mut theirs])?;
        load.join().map_err(|_| anyhow::anyhow!("pgbench panicked"))?.map(drop).map_err(Into::into)
    })?;
    let taken = begun.elapsed();
    let bytes = ours.bytes()?.min(theirs.bytes()?);
    ensure!(bytes > 16 << 20, "only {bytes} bytes came");
    let mut text = format!(
        "# Shipping records\n\nOne server of {} under pgbench with two connections for {:.0} s, segments of 16 MiB, {} CPUs, all at once; \
         {MARKS} commits whose bytes were looked for in each folder every millisecond. Promised for `lag --watch` is below 1 % of a core; \
         what psql takes, which it asks with, is in it. `cargo xtask record-speed` makes this table.\n\n\
         | program | MiB in whole segments | ms until a commit is in the folder, median | longest | processor time, ms for a MiB |\n\
         |---|---:|---:|---:|---:|\n",
        server.postgres().major(),
        taken.as_secs_f64(),
        std::thread::available_parallelism()?,
    );
    for (name, follower) in [("walproof ship --server", &ours), ("pg_receivewal", &theirs)] {
        let mib = follower.bytes()? as f64 / f64::from(1 << 20);
        let times = || follower.delays.iter().copied();
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let (middle, longest) = (millis(median(times())), millis(times().max().unwrap_or_default()));
        let own = follower.processor_seconds()? * 1e3 / mib.max(1.0);
        writeln!(text, "| {name} | {mib:.0} | {middle:.1} | {longest:.1} | {own:.2} |")?;
    }
    let share = watch.processor_seconds()? / taken.as_secs_f64() * 100.0;
    writeln!(text, "\n`walproof lag --watch`, every 5 s: {share:.2} % of a core.")?;
    for follower in [&mut ours, &mut theirs, &mut watch] {
        follower.ends()?;
    }
    keep_result("records.md", &text)
}

/// A program that follows the server, and when each mark was in its folder.
struct Follower {
    child: Child,
    folder: PathBuf,
    /// What was looked at last, and up to where.
    segment: String,
    at: u64,
    delays: Vec<Duration>,
}

impl Follower {
    fn begins(server: &Server, name: &str, command: impl FnOnce(&Path) -> Command) -> Result<Follower> {
        let folder = server.folder().join(name);
        fs::create_dir(&folder)?;
        let mut command = command(&folder);
        let out = File::create(server.folder().join(format!("{name}.out")))?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        Ok(Follower { child, folder, segment: String::new(), at: 0, delays: Vec::new() })
    }

    /// Of whole segments.
    fn bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            bytes += if file.file_name().len() == 24 { file.metadata()?.len() } else { 0 };
        }
        Ok(bytes)
    }

    /// Whether what came since it was looked at last holds these bytes.
    fn holds(&mut self, mark: &[u8]) -> Result<bool> {
        let mut names: Vec<String> = Vec::new();
        for file in fs::read_dir(&self.folder)? {
            names.push(file?.file_name().to_string_lossy().into_owned());
        }
        let number = |name: &str| name.get(..24).map(str::to_owned);
        names.retain(|name| number(name).is_some_and(|own| own >= self.segment));
        names.sort();
        for name in names {
            if number(&name).is_some_and(|own| own != self.segment) {
                (self.segment, self.at) = (number(&name).unwrap_or_default(), 0);
            }
            // It may be renamed meanwhile.
            let Ok(file) = File::open(self.folder.join(&name)) else { return Ok(false) };
            let mut page = [0; PAGE];
            loop {
                let count = file.read_at(&mut page, self.at)?;
                if memchr(&page, mark) {
                    return Ok(true);
                }
                // A page that is not full may still grow.
                if count < PAGE || page.ends_with(&[0; 64]) {
                    break;
                }
                self.at += PAGE as u64;
            }
        }
        Ok(false)
    }

    /// Of the process and of those that it waited for.
    fn processor_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("no stat")?;
        // utime, stime, cutime, cstime: the 14th to 17th, of which two stand in front of the bracket.
        let ticks = fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>();
        Ok(ticks / TICKS)
    }

    fn ends(&mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Commits with a text of their own; when they were made, the server says.
fn marked(server: &Server, followers: &mut [&mut Follower]) -> Result<()> {
    for number in 0..MARKS {
        let mark = format!("MARK {number:04} ");
        // Twice: one of them may lie over the end of a page.
        let text = format!("{mark}{}{mark}", "-".repeat(100));
        let statements = format!(
            "select pg_logical_emit_message(true, 'mark', '{text}'); select extract(epoch from clock_timestamp())"
        );
        let mut found: Vec<Option<SystemTime>> = vec![None; followers.len()];
        let made = std::thread::scope(|scope| -> Result<String> {
            let made = scope.spawn(|| server.sql(&statements));
            let begun = Instant::now();
            while found.contains(&None) {
                ensure!(begun.elapsed() < PATIENCE, "mark {number} does not come");
                for (follower, found) in followers.iter_mut().zip(&mut found).filter(|(_, found)| found.is_none()) {
                    *found = follower.holds(mark.as_bytes())?.then(SystemTime::now);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(made.join().map_err(|_| anyhow::anyhow!("psql panicked"))??)
        })?;
        let at = made.trim().rsplit('\n').next().and_then(|text| text.parse::<f64>().ok()).context("no time")?;
        let committed = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(at);
        for (follower, found) in followers.iter_mut().zip(found.into_iter().flatten()) {
            follower.delays.push(found.duration_since(committed).unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn memchr(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|own| own == wanted)
}
