//! A row a group. Of transactions, images are not told apart.

use super::words::groups;
use super::{TopReport, TopSection};
use crate::outside::cell;
use pgwal_forensics::{ImageReason, VolumeSum};

/// All rows, a header first. Times are UTC.
pub fn rows(report: &TopReport<'_>) -> String {
    let reasons: Vec<String> = ImageReason::ALL
        .iter()
        .flat_map(|reason| ["images", "bytes"].map(|what| format!("{}_{what}", reason.name())))
        .collect();
    let mut out = format!("by,key,name,records,bytes,image_bytes,{}\n", reasons.join(","));
    for by in report.by {
        if *by == TopSection::Xid {
            for xact in &report.answer.xacts.0 {
                out += &format!("xid,{},,,{}{}\n", xact.xid, xact.bytes, ",".repeat(1 + reasons.len()));
            }
            continue;
        }
        let (groups, more, rest) = groups(report, *by);
        for group in &groups {
            row(&mut out, *by, &group.key, group.name.as_deref().unwrap_or_default(), &group.sum);
        }
        if more > 0 {
            row(&mut out, *by, "", "others", &rest);
        }
    }
    out
}

fn row(out: &mut String, by: TopSection, key: &str, name: &str, sum: &VolumeSum) {
    let images = ImageReason::ALL.iter().map(|reason| sum.of(*reason)).flat_map(|sum| [sum.images, sum.bytes]);
    let figures: Vec<String> =
        [sum.records, sum.bytes, sum.image_bytes()].into_iter().chain(images).map(|n| n.to_string()).collect();
    *out += &format!("{},{},{},{}\n", by.name(), cell::of(key), cell::of(name), figures.join(","));
}
