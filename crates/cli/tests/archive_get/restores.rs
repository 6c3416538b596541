//! Restores of every kind, half of which end early, and what `verify --restored` says of each: the end, the commits
//! that are missing, the exit code. `WALPROOF_RESTORES` says how many, from number `WALPROOF_FIRST` on.

use super::live::Workload;
use super::restored::Left;
use std::fs;
use std::path::{Path, PathBuf};
use walproof_live::{Random, RecoveryMode};

/// Commits on timeline 1 and on timeline 2, one a segment.
const OLD: u32 = 6;
const NEW: u32 = 3;

/// What an answer is to be.
struct Expected {
    ended: &'static str,
    missing: u32,
    exit: i32,
}

const RIGHT: Expected = Expected { ended: "right", missing: 0, exit: 0 };

fn early(missing: u32) -> Expected {
    Expected { ended: "early", missing, exit: 1 }
}

/// A restore: the archive, the server's settings, the mode; and the options with which it is asked for.
struct PlannedRestore {
    archive: PathBuf,
    settings: Vec<(&'static str, String)>,
    mode: RecoveryMode,
    options: Vec<String>,
    expected: Expected,
}

fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap())
}

fn to_name(nth: u32) -> Vec<(&'static str, String)> {
    vec![("recovery_target_name", format!("p{nth}")), ("recovery_target_action", "promote".to_owned())]
}

fn asks_name(nth: u32) -> Vec<String> {
    vec!["--target-name".to_owned(), format!("p{nth}")]
}

#[test]
fn each_restore_is_told_for_what_it_is() {
    let Some(mut workload) = Workload::run() else { return };
    workload.server.promote().unwrap();
    (0..NEW).for_each(|_| workload.write());
    let whole = workload.archive("restores");
    let (first, count) = (number("WALPROOF_FIRST", 0), number("WALPROOF_RESTORES", 6));
    for seed in first..first + count {
        let made = PlannedRestore::of(&workload, &whole, seed);
        let settings: Vec<(&str, &str)> = made.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let left = Left::of(&workload, &format!("seed-{seed}"), &made.archive, made.mode, &settings);
        let options: Vec<&str> = made.options.iter().map(String::as_str).collect();
        eprintln!("restore {seed}: {settings:?} {:?}, asked {options:?}: {}", made.mode, made.expected.ended);
        left.is(&whole, &options, made.expected.ended, made.expected.missing.into(), made.expected.exit);
        left.remove();
    }
}

impl PlannedRestore {
    fn of(workload: &Workload, whole: &Path, seed: u32) -> PlannedRestore {
        let mut random = Random::seeded(seed.into());
        let mut within = |from: u32, to: u32| from + random.below((to - from + 1) as usize) as u32;
        let standard = |expected| PlannedRestore {
            archive: whole.to_owned(),
            settings: Vec::new(),
            mode: RecoveryMode::Archive,
            options: Vec::new(),
            expected,
        };
        let broken = |name: &str| workload.archive(&format!("{name}-{seed}"));
        match seed % 10 {
            // To the end, to a target on either timeline, along timeline 1, and one that was shut down at its target.
            0 => standard(RIGHT),
            1 => PlannedRestore { settings: to_name(within(2, OLD)), ..standard(RIGHT) },
            2 => PlannedRestore { settings: to_name(within(OLD + 1, OLD + NEW)), ..standard(RIGHT) },
            3 => {
                PlannedRestore { settings: vec![("recovery_target_timeline", "current".to_owned())], ..standard(RIGHT) }
            }
            4 => {
                let shutdown = ("recovery_target_action", "shutdown".to_owned());
                let name = ("recovery_target_name", format!("p{}", within(2, OLD)));
                PlannedRestore { settings: vec![name, shutdown], ..standard(RIGHT) }
            }
            // A hole, or a flipped bit, in front of the fork; what was asked for is the end.
            5 | 6 => {
                let nth = within(2, OLD - 1);
                let archive = broken("broken");
                let segment = &workload.segments[nth as usize - 1];
                match seed % 10 {
                    5 => fs::remove_file(archive.join(segment)).unwrap(),
                    _ => workload.put(&archive, segment, |bytes| bytes[20_000] ^= 4),
                }
                PlannedRestore { archive, ..standard(early(OLD + NEW - nth + 1)) }
            }
            // Along timeline 1, where the latest was meant.
            7 => PlannedRestore {
                settings: vec![("recovery_target_timeline", "current".to_owned())],
                options: vec!["--target-timeline".to_owned(), "latest".to_owned()],
                ..standard(early(NEW))
            },
            // To another target than was meant.
            8 => {
                let nth = within(2, OLD - 1);
                let meant = within(nth + 1, OLD);
                PlannedRestore { settings: to_name(nth), options: asks_name(meant), ..standard(early(meant - nth)) }
            }
            // One that is idle: it waits at a hole, as a standby, and was not promoted.
            _ => {
                let archive = broken("idle");
                fs::remove_file(archive.join(&workload.segments[within(2, OLD - 1) as usize - 1])).unwrap();
                let expected = Expected { ended: "goes_on", missing: 0, exit: 2 };
                PlannedRestore { archive, mode: RecoveryMode::Standby, ..standard(expected) }
            }
        }
    }
}
