//! A row a group: what the groups are named by (as in JSON), counts, shares from 0 to 1, and whether the totals are
//! partial.

use crate::outside::cell;
use crate::stats::StatsReport;
use crate::stats::json::{GroupNames, named, share};
use pgwal_query::count::{By, GroupSum};

/// All rows, a header first.
pub fn rows(report: &StatsReport) -> String {
    let mut names: Vec<&str> = Vec::new();
    for by in report.by.each() {
        let own: &[&str] = match by {
            By::Rmgr => &["rmgr"],
            By::Record => &["rmgr", "record"],
            By::Relation => &["tablespace", "database", "relation", "fork"],
            By::Checkpoint => &["checkpoint", "checkpoint_time"],
            By::Xid => &["xid"],
            By::Database => &["database"],
            By::Minute => &["minute"],
        };
        let new: Vec<&str> = own.iter().filter(|name| !names.contains(name)).copied().collect();
        names.extend(new);
        if by == By::Relation && report.names.is_some() {
            names.push("name");
        }
    }
    let figures =
        "records,record_bytes,image_bytes,bytes,records_share,record_bytes_share,image_bytes_share,bytes_share,partial";
    let mut out = format!("{},{figures}\n", names.join(","));
    let parts = |c: &GroupSum| [c.records, c.record_bytes, c.image_bytes, c.bytes()];
    let wholes = parts(&report.total);
    for (key, group) in &report.groups {
        let GroupNames(values) = named(*key, report);
        let mut fields: Vec<String> = names
            .iter()
            .map(|name| match values.iter().find(|(n, _)| *n == *name).map(|(_, value)| value) {
                Some(serde_json::Value::String(text)) => cell::of(text),
                Some(serde_json::Value::Null) | None => String::new(),
                Some(number) => number.to_string(),
            })
            .collect();
        let parts = parts(group);
        fields.extend(parts.iter().map(u64::to_string));
        fields.extend(parts.iter().zip(wholes).map(|(&part, whole)| share(part, whole).to_string()));
        fields.push(report.partial.to_string());
        out += &fields.join(",");
        out.push('\n');
    }
    out
}
