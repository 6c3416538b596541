//! Counts commits by minute, asking for one record after the other; damage comes in its place.

use pgwal::format::rmgr::xact::{self, XactOutcome};
use pgwal::verify::records::{ListRequest, WalItem, lend};
use pgwal::{Options, open};
use std::collections::BTreeMap;

fn commits(folder: &str) -> Result<(BTreeMap<i64, u64>, u64), Box<dyn std::error::Error>> {
    let archive = open(&[format!("{}/../../testdata/demo/{folder}", env!("CARGO_MANIFEST_DIR")).into()])?;
    let wanted = ListRequest { options: Options::default(), limit: None };
    let (counts, _) = lend(archive.as_ref(), &wanted, |records| {
        let (mut minutes, mut findings) = (BTreeMap::new(), 0);
        while let Some(item) = records.next() {
            match item {
                WalItem::Record { record, .. } => {
                    if let Some((XactOutcome::Commit, time)) = xact::ended_at(&record) {
                        *minutes.entry(time.0.div_euclid(60_000_000)).or_insert(0) += 1;
                    }
                }
                WalItem::Finding(finding) => {
                    println!("{folder}: {}", finding.message(None));
                    findings += 1;
                }
            }
        }
        (minutes, findings)
    })?;
    Ok(counts)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ((good, none), (damaged, one)) = (commits("good")?, commits("damaged")?);
    for (minute, count) in &good {
        println!("{count} commits in minute {minute} since 2000");
    }
    // The commits of all records but those that are lost.
    assert!((none, one) == (0, 1) && damaged.values().sum::<u64>() <= good.values().sum());
    assert!(good.values().sum::<u64>() > 0);
    Ok(())
}

#[test]
fn commits_are_counted_past_damage() {
    main().unwrap();
}
