//! In which zone times are read and told; and that of this machine, before anybody asks for it.

use jiff::tz::TimeZone;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal_report::time::Zone;
use pgwal_report::verify::RunClock;
use std::path::Path;

/// More than any file of a zone has.
const LONGEST: u64 = 1 << 20;

/// Why `TZ` must not be looked up: it names a file that is none of a zone, and could be read for ever.
pub fn unusable() -> Option<String> {
    let zone = std::env::var_os("TZ")?;
    let name = zone.to_str().map_or_else(|| zone.clone(), |text| text.strip_prefix(':').unwrap_or(text).into());
    let found = Path::new(&name).is_absolute().then(|| std::fs::metadata(&name).ok())??;
    let is_zone = found.is_file() && found.len() <= LONGEST;
    (!is_zone).then(|| format!("TZ names {}, which is no file of a time zone", Path::new(&name).display()))
}

/// What to say where `TZ` names a zone that is not known here: times are told in UTC then.
pub fn unknown() -> Option<String> {
    let zone = std::env::var("TZ").ok()?;
    let name = zone.strip_prefix(':').unwrap_or(&zone);
    let knows = |name: &str| TimeZone::get(name).is_ok() || TimeZone::posix(name).is_ok();
    // Without the names of zones on this machine nothing can be said of one.
    let is_unknown =
        !name.is_empty() && !Path::new(name).is_absolute() && !knows(name) && TimeZone::get("Europe/Berlin").is_ok();
    is_unknown.then(|| format!("TZ names {name}, a time zone that is not known here: times are told in UTC"))
}

/// The option, as every command has it that reads or tells times.
#[derive(clap::Args, Clone)]
pub struct ZoneOption {
    /// Read times without a zone in this one, and tell all times in it: Europe/Berlin, UTC, +01:00 [default: that of
    /// the backup's configuration, else this machine's]; JSON has UTC
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    timezone: Option<Zone>,
}

impl ZoneOption {
    /// That zone, else this machine's.
    pub fn zone(&self) -> Zone {
        self.timezone.clone().unwrap_or_default()
    }
}

/// This machine's clock.
pub fn now() -> Timestamp {
    RunClock::begin().began
}

/// That `--since` is not later than `--until`: nothing lies between the two then, and both are told as they were read.
pub fn in_order(since: Option<Timestamp>, until: Option<Timestamp>, zone: &Zone) -> anyhow::Result<()> {
    let (Some(from), Some(to)) = (since, until) else { return Ok(()) };
    let told = |time: Timestamp| zone.local(time).unwrap_or_else(|| time.to_string());
    anyhow::ensure!(from <= to, "--since ({}) is later than --until ({})", told(from), told(to));
    Ok(())
}
