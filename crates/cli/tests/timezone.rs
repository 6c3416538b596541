//! `verify --timezone`: in which zone times are told.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};

#[test]
fn times_are_told_in_the_zone_asked_for() {
    let first = |zone: &str| {
        let ran = walproof(&["verify", &testdata("demo/damaged"), "--timezone", zone]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        ran.out.lines().next().unwrap().to_owned()
    };
    assert!(first("UTC").ends_with("(2026-11-22 03:17:02.474508+00:00)"));
    assert!(first("+05:30").ends_with("(2026-11-22 08:47:02.474508+05:30)"));
    assert!(first("-04:00").ends_with("(2026-11-21 23:17:02.474508-04:00)"));
    let ran = walproof(&["verify", &testdata("demo/good"), "--timezone", "Mars/Olympus"]);
    assert!(ran.code == 2 && ran.err.contains("the name of a zone"), "{}", ran.err);
}
