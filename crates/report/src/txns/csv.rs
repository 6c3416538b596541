//! A row a transaction and relation; a transaction that touched none has one row. Bytes and rows are those of the
//! relation, `xact_bytes` those of the transaction.

use super::{TxnsReport, seconds};
use crate::events::words;
use crate::outside::{cell, shown};
use crate::time::rfc3339;
use pgwal_forensics::{ListedXact, XactRelation};

const HEADER: &str = "xid,outcome,begin_lsn,begin_known,timeline,not_before,not_after,end_lsn,time,seconds_least,\
                      seconds_most,part_of,subxacts,subxacts_more,gid,prepared_lsn,xact_bytes,partial,file,name,\
                      relation_kind,inserted,updated,deleted,bytes\n";

/// All rows, a header first. Times are UTC.
pub fn rows(report: &TxnsReport<'_>) -> String {
    let mut out = HEADER.to_owned();
    for xact in &report.answer.xacts {
        match xact.relations.as_slice() {
            [] => row(&mut out, xact, None),
            some => some.iter().for_each(|relation| row(&mut out, xact, Some(relation))),
        }
    }
    out
}

fn row(out: &mut String, xact: &ListedXact, relation: Option<&XactRelation>) {
    let time = |time| rfc3339(time).unwrap_or_default();
    let took = |micros: Option<i64>| micros.map(|micros| seconds(micros).to_string()).unwrap_or_default();
    let name = relation.and_then(|relation| relation.name.as_ref());
    let figure = |of: fn(&XactRelation) -> u64| relation.map(|relation| of(relation).to_string()).unwrap_or_default();
    let fields = [
        xact.xid.to_string(),
        xact.outcome().to_owned(),
        xact.begin.to_string(),
        xact.begin_known.to_string(),
        xact.timeline.to_string(),
        xact.after.filter(|_| xact.begin_known).map(time).unwrap_or_default(),
        xact.until.map(time).unwrap_or_default(),
        xact.end_lsn.map(|lsn| lsn.to_string()).unwrap_or_default(),
        xact.time.map(time).unwrap_or_default(),
        took(xact.took.least),
        took(xact.took.most),
        xact.top.map(|top| top.to_string()).unwrap_or_default(),
        xact.subxacts.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
        xact.subxacts_more.to_string(),
        cell::of(&xact.prepared.as_ref().map(|(_, gid, _)| shown(gid)).unwrap_or_default()),
        xact.prepared.as_ref().map(|(lsn, ..)| lsn.to_string()).unwrap_or_default(),
        xact.bytes.to_string(),
        xact.partial.to_string(),
        relation.map(|relation| words::file(relation.file)).unwrap_or_default(),
        cell::of(&name.map(words::name).unwrap_or_default()),
        name.map_or("", |name| words::kind(name.kind)).to_owned(),
        figure(|relation| relation.sum.inserted),
        figure(|relation| relation.sum.updated),
        figure(|relation| relation.sum.deleted),
        figure(|relation| relation.sum.bytes),
    ];
    *out += &fields.join(",");
    out.push('\n');
}
