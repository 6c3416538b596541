//! One segment after another, each checked with the token of the one before: what is wrong is said of the file that it
//! lies in.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_format::SegmentName;
use pgwal_verify::segment::{Checked, Expect, check_segment};
use pgwal_verify::{Finding, Severity};
use std::fs;
use walproof_testdata::Case;

const LEFT: &str = "00000001000000000000000F";
const RIGHT: &str = "000000010000000000000010";

/// Both segments of a damaged archive, the second one with the token of the first.
fn both(case: &str) -> [Checked; 2] {
    let folder = tempfile::tempdir().unwrap();
    Case::named(case).unwrap().rebuild(folder.path()).unwrap();
    let [left, right] =
        [LEFT, RIGHT].map(|name| (SegmentName::parse(name).unwrap(), fs::read(folder.path().join(name)).unwrap()));
    let first = check_segment(&left.1, &Expect::named(left.0)).unwrap();
    let token = first.end.to_string();
    let second = check_segment(&right.1, &Expect::named(right.0).after(token.parse().unwrap())).unwrap();
    [first, second]
}

fn errors(checked: &Checked) -> Vec<&Finding> {
    checked.findings.iter().filter(|finding| finding.severity == Severity::Error).collect()
}

#[test]
fn a_good_segment_behind_one_that_breaks_off_has_no_fault_of_its_own() {
    for case in ["truncated_segment", "truncated_at_page", "truncated_in_page_header", "zero_tail"] {
        let [first, second] = both(case);
        assert!(first.end.stops().is_some() || !errors(&first).is_empty(), "{case}");
        assert_eq!(errors(&second), Vec::<&Finding>::new(), "{case}");
        for told in &second.findings {
            assert_eq!((told.segment.as_deref(), told.file.as_deref()), (Some(LEFT), Some(LEFT)), "{case}: {told:?}");
        }
    }
}

/// Which half of a record over a seam is wrong cannot be told; it begins in the first one.
#[test]
fn a_record_over_the_seam_is_told_where_it_begins() {
    let [first, second] = both("bitflip_in_continuation");
    assert_eq!(errors(&first), Vec::<&Finding>::new());
    let errors = errors(&second);
    let [told] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!((told.segment.as_deref(), told.file.as_deref()), (Some(LEFT), Some(LEFT)));
    let (offset, lsn) = (told.offset.unwrap(), told.at.unwrap());
    assert_eq!(offset, lsn.get() % (1 << 20));
}

#[test]
fn good_segments_fit() {
    for checked in both("good") {
        assert!(checked.findings.is_empty());
    }
}
