//! A row an event and relation; an event without a relation has one row.

use super::EventsReport;
use super::words;
use crate::outside::cell;
use crate::time::rfc3339;
use pgwal_forensics::{EventRelation, WalEvent};

const HEADER: &str = "kind,lsn,timeline,time,xid,outcome,end_lsn,subxacts,subxacts_more,file,new_file,name,\
                      relation_kind,rows,bytes,by_files_alone,partial,detail,rows_on_disk\n";

/// All rows, a header first. Times are UTC.
pub fn rows(report: &EventsReport<'_>) -> String {
    let mut out = HEADER.to_owned();
    for event in &report.answer.events {
        match event.relations.as_slice() {
            [] => row(&mut out, event, None),
            some => some.iter().for_each(|relation| row(&mut out, event, Some(relation))),
        }
    }
    out
}

fn row(out: &mut String, event: &WalEvent, relation: Option<&EventRelation>) {
    let utc = |time| rfc3339(time).unwrap_or_default();
    let name = relation.and_then(|relation| relation.name.as_ref());
    let file = |rel: Option<_>| rel.map(words::file).unwrap_or_default();
    let fields = [
        event.kind.name().to_owned(),
        event.lsn.to_string(),
        event.timeline.to_string(),
        event.time.map(utc).unwrap_or_default(),
        event.xid.map(|xid| xid.to_string()).unwrap_or_default(),
        event.end.map_or("", |end| end.name()).to_owned(),
        event.end_lsn.map(|lsn| lsn.to_string()).unwrap_or_default(),
        event.subxacts.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
        event.subxacts_more.to_string(),
        file(relation.and_then(|relation| relation.file)),
        file(relation.and_then(|relation| relation.new_file)),
        cell::of(&name.map(words::name).unwrap_or_default()),
        name.map_or("", |name| words::kind(name.kind)).to_owned(),
        event.rows.map(|rows| rows.to_string()).unwrap_or_default(),
        event.bytes.to_string(),
        event.by_files_alone.to_string(),
        event.partial.to_string(),
        cell::of(&words::fact(&event.fact, &utc)),
        event.on_disk.and_then(|left| left.rows).map(|rows| rows.to_string()).unwrap_or_default(),
    ];
    *out += &fields.join(",");
    out.push('\n');
}
