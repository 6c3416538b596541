//! How the answer of a restore is said.

use crate::run::{testdata, walproof};

/// A time without a zone is to be given to the server with the zone in which it was read.
#[test]
fn a_time_without_a_zone_is_spelled_with_one() {
    let good = testdata("demo/good");
    let said = |time: &str, zone: &str| {
        let words = ["verify", &good, "--backup", "latest", "--target-time", time, "--timezone", zone];
        let ran = walproof(&words);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ran.out.lines().find_map(|line| line.strip_prefix("SETTING  ").map(str::to_owned))
    };
    let told = "recovery_target_time = '2026-11-22 03:17:02.5+00'  ('2026-11-22 04:17:02.5', \
                which a server reads in its own zone)";
    assert_eq!(said("2026-11-22 04:17:02.5", "Europe/Berlin").as_deref(), Some(told));
    assert!(said("2026-11-22 03:17:02.5", "UTC").is_some());
    assert_eq!(said("2026-11-22 04:17:02.5+01", "Europe/Berlin"), None);
    assert_eq!(said("2026-11-22 03:17:02.5 UTC", "Europe/Berlin"), None);
}
