//! What recovery is asked for: settings by name.

use walproof_live::Random;

use crate::{
    activity::{self, Marks, spelled},
    workload::Workload,
};

/// The settings of one recovery.
pub type Settings = Vec<(String, String)>;

/// Whether the server may ask for files before it needs them.
pub fn reads_ahead(major: u32, settings: &Settings) -> bool {
    major >= 15 && !settings.iter().any(|(name, value)| name == "recovery_prefetch" && value == "off")
}

/// A random target, and random settings around it; `late`: for the second backup.
pub fn settings(random: &mut Random, workload: &Workload, late: bool) -> Settings {
    let mut settings: Settings = [
        ("max_worker_processes", "12"),
        ("max_locks_per_transaction", "64"),
        ("max_prepared_transactions", "20"),
        ("max_wal_senders", "10"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
    // Too few for every backup, or only for WAL from after the primary got more.
    let weights = if workload.raised { [3, 3, 1] } else { [16, 2, 1] };
    set("max_connections", [100, 50, workload.connections / 2][random.weighted(&weights)].to_string());
    set("hot_standby", if random.once_in(8) { "off" } else { "on" }.to_owned());
    if workload.major() >= 15 && random.once_in(2) {
        set("recovery_prefetch", "off".to_owned());
    }
    if random.once_in(12) {
        set("allow_in_place_tablespaces", "off".to_owned());
    }
    let target = target(random, workload, late);
    if let Some((name, value)) = target {
        set(name, value);
        if !matches!(name, "recovery_target" | "recovery_target_name") && random.once_in(3) {
            set("recovery_target_inclusive", "off".to_owned());
        }
        if let Some(&action) =
            random.of(&["promote", "promote", "pause", "pause", "shutdown", ""]).filter(|action| !action.is_empty())
        {
            set("recovery_target_action", action.to_owned());
        }
    }
    if let Some(&timeline) =
        random.of(&["", "", "", "latest", "current", "1", "2", "3"]).filter(|timeline| !timeline.is_empty())
    {
        // A timeline that is not there is FATAL whatever else is asked: seldom.
        if timeline.parse().is_ok_and(|number: u32| number <= workload.timelines)
            || timeline.len() > 1
            || random.once_in(5)
        {
            set("recovery_target_timeline", timeline.to_owned());
        }
    }
    settings
}

fn target(random: &mut Random, workload: &Workload, late: bool) -> Option<(&'static str, String)> {
    let ends = workload.marks.lsns.iter().min().zip(workload.marks.lsns.iter().max());
    // Mostly what lies behind the backup: sessions were heard in the order of their rounds.
    let before = if random.once_in(5) {
        0
    } else if late {
        85
    } else {
        40
    };
    let Marks { commits, aborts, subs, prepared, points, lsns } = &workload.marks;
    let (commits, aborts, subs, prepared) =
        (behind(commits, before), behind(aborts, before), behind(subs, before), behind(prepared, before));
    let (points, lsns, times) = (behind(points, before), behind(lsns, before), behind(&workload.times, before));
    let (first, last) = ends.map(|(&first, &last)| (first, last))?;
    let xid = |chosen: Option<&u64>| chosen.map(|xid| ("recovery_target_xid", xid.to_string()));
    match random.weighted(&[6, 2, 4, 1, 1, 2, 1, 3, 3, 1, 1, 3, 2, 1, 4, 1, 1]) {
        0 => None,
        1 => Some(("recovery_target", "immediate".to_owned())),
        2 => xid(random.of(commits)),
        3 => xid(random.of(aborts)),
        4 => xid(random.of(subs)),
        5 => xid(random.of(prepared)),
        6 => Some(("recovery_target_xid", (commits.iter().max()? + 100_000).to_string())),
        7 => random.of(times).map(|(time, _)| ("recovery_target_time", format!("{time}+00"))),
        8 => random
            .of(times)
            .map(|(time, _)| ("recovery_target_time", format!("{}+00", later(time, random.below(30_000) as u32)))),
        9 => times.first().map(|(time, _)| ("recovery_target_time", format!("{time}+00"))),
        10 => Some(("recovery_target_time", "2099-01-01 00:00:00+00".to_owned())),
        11 => random.of(points).map(|name| ("recovery_target_name", name.clone())),
        12 => Some(("recovery_target_name", activity::repeated_name(random))),
        13 => Some(("recovery_target_name", "nowhere".to_owned())),
        // Where a record ends, or not quite.
        14 => random
            .of(lsns)
            .map(|&lsn| ("recovery_target_lsn", spelled(lsn.saturating_sub([0, 0, 1, 24, 200][random.below(5)])))),
        15 => Some(("recovery_target_lsn", spelled(first))),
        _ => Some(("recovery_target_lsn", spelled(last + 0x80_0000))),
    }
}

/// Without the first so many per cent of them.
fn behind<T>(marks: &[T], percent: usize) -> &[T] {
    &marks[marks.len() * percent / 100..]
}

/// `… 01:19:06.123456`, some microseconds later within its second.
fn later(time: &str, micros: u32) -> String {
    let Some((whole, fraction)) = time.split_once('.') else { return time.to_owned() };
    let fraction: u32 = fraction.parse().unwrap_or(0);
    format!("{whole}.{:06}", (fraction + micros).min(999_999))
}
