//! What the WAL of an archive consists of.

use crate::checkpoint_seen::CheckpointSeen;
use crate::history::{History, WalHole};
use crate::listed_xact::ListedXact;
use crate::look::NoteFinding;
use crate::named::lacks_name;
use crate::over::{OverXact, TakeHistory};
use crate::reading::read_history;
use crate::top_part::{TopLook, TopPart};
use crate::volume::VolumeSum;
use crate::what_if::{CycleRecount, PackedImages, RecountedCycle, WhatIf};
use crate::xact_list::{XactList, XactTotals};
use crate::xact_wish::{XactOrder, XactWish};
use pgwal_catalog::{Names, RelationName};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_source::Source;
use pgwal_verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent};
use std::cmp::Reverse;
use std::collections::HashMap;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TopWish {
    /// Groups of each list; the others are one sum.
    pub limit: usize,
    /// What it would be with other settings.
    pub what_if: WhatIf,
}

/// The largest groups of a kind, and the sum of the others.
#[derive(Clone, PartialEq, Debug)]
pub struct TopList<G> {
    /// The largest first; minutes and checkpoints in the order of WAL.
    pub groups: Vec<(G, VolumeSum)>,
    /// How many more there are: those for which there was no room count as one.
    pub more: u64,
    /// What they come to.
    pub rest: VolumeSum,
}

/// A relation's fork, or what touches no relation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopRelation {
    /// Its files and the number of the fork.
    pub file: Option<(RelFileLocator, u8)>,
    /// What it is called, where that is known.
    pub name: Option<RelationName>,
    /// Of an index, and of a TOAST table and its index: the table, where that is known.
    pub of: Option<RelationName>,
}

/// What was found.
#[derive(Debug)]
pub struct TopAnswer {
    /// All records.
    pub total: VolumeSum,
    /// By relation and fork.
    pub relations: TopList<TopRelation>,
    /// By database, with its name where that is known.
    pub databases: TopList<Option<(u32, Option<Vec<u8>>)>>,
    /// By resource manager and high half of `xl_info`.
    pub records: TopList<(u8, u8)>,
    /// By minute since 1970 of the last end of a transaction.
    pub minutes: TopList<Option<i64>>,
    /// Minutes in which a transaction ended, and the bytes of all of them.
    pub minutes_known: (u64, u64),
    /// By the last checkpoint record at or before the record.
    pub checkpoints: TopList<Option<CheckpointSeen>>,
    /// The transactions with most bytes, and sums of all.
    pub xacts: (Vec<ListedXact>, XactTotals),
    /// Images, packed as was asked.
    pub packed: Option<PackedImages>,
    /// First touches, with checkpoints as far apart as was asked.
    pub cycle: Option<RecountedCycle>,
    /// Relations, rows of catalogs and transactions that were not kept, for there were too many.
    pub left_out: u64,
    /// The first record and the last one.
    pub range: Option<(Lsn, Lsn)>,
    /// Where WAL could not be read.
    pub holes: Vec<WalHole>,
    /// What was read.
    pub gathered: Gathered,
}

impl TopAnswer {
    /// A relation that a user made has no name, or none with its schema.
    pub fn lacks_names(&self) -> bool {
        let own = |group: &TopRelation| group.file.is_some_and(|(rel, _)| lacks_name(rel, group.name.as_ref()));
        self.relations.groups.iter().any(|(group, _)| own(group)) || self.xacts.0.iter().any(ListedXact::lacks_names)
    }

    /// Takes names that are known at every position.
    pub fn name_by(&mut self, names: &Names) {
        for (relation, _) in &mut self.relations.groups {
            relation.name = relation.file.and_then(|(rel, _)| names.last_relation(rel)).or(relation.name.take());
        }
        self.put_under_tables(names);
        for (database, name) in self.databases.groups.iter_mut().filter_map(|(group, _)| group.as_mut()) {
            *name = names.database(*database).map(<[u8]>::to_vec).or(name.take());
        }
        self.xacts.0.iter_mut().for_each(|xact| xact.complete(names));
    }
}

impl TopAnswer {
    /// Says of which table each index and TOAST table is.
    fn put_under_tables(&mut self, names: &Names) {
        let known = self.relations.groups.iter().filter_map(|(own, _)| Some((own.file?.0.db, own.name.as_ref()?)));
        let tables = names.tables_of(known);
        for (own, _) in &mut self.relations.groups {
            let key = own.file.zip(own.name.as_ref()).map(|((rel, _), name)| (rel.db, name.oid));
            own.of = key.and_then(|key| tables.get(&key).cloned()).or(own.of.take());
        }
    }
}

/// Sums up an archive. `names`: what is known of names before anything is read. Findings are told with `tell`, and
/// what it writes is handed to `sink`.
///
/// # Errors
/// Those of [`gather`](pgwal_verify::records::gather).
pub fn top(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    wish: &TopWish,
    names: &Names,
    tell: &NoteFinding<'_>,
    sink: &mut ListSink<'_, NoEvent>,
) -> Result<TopAnswer, ListError> {
    let make = || (TopSums::new(wish), TopLook { what_if: wish.what_if });
    let (history, gathered) = read_history(source, wanted, names, &make, tell, sink)?;
    let (left_out, range) = (history.left_out(), history.range());
    let History { list: TopSums { xacts, part, cycle }, holes, keeper, .. } = history;
    let known = keeper.finish();
    let TopPart { total, relations, records, minutes, checkpoints, seen, packed, .. } = part;
    let (relations, rest) = relations.into_parts();
    let mut databases: HashMap<Option<u32>, VolumeSum> = HashMap::new();
    for (key, sum) in &relations {
        databases.entry(key.map(|(rel, _)| rel.db)).or_default().add(sum);
    }
    let of_database = |db: u32| (db, known.database(db).map(<[u8]>::to_vec));
    let of_relation = |file: Option<(RelFileLocator, u8)>| TopRelation {
        file,
        name: file.and_then(|(rel, _)| known.last_relation(rel)),
        of: None,
    };
    let (minutes, minutes_rest) = minutes.into_parts();
    let timed = minutes.iter().filter(|(minute, _)| minute.is_some());
    let minutes_known = timed.fold((0, 0), |(count, bytes), (_, sum)| (count + 1, bytes + sum.bytes));
    let (checkpoints, checkpoints_rest) = checkpoints.into_parts();
    let by_lsn: HashMap<Lsn, CheckpointSeen> = seen.into_iter().map(|seen| (seen.lsn, seen)).collect();
    let of_checkpoint = |lsn: Option<Lsn>| lsn.and_then(|lsn| by_lsn.get(&lsn).copied());
    let (records, records_rest) = records.into_parts();
    let (mut listed, totals) = xacts.into_parts();
    listed.iter_mut().for_each(|xact| xact.complete(&known));
    let mut answer = TopAnswer {
        total,
        databases: largest(databases, rest, wish.limit, |key| key.map(of_database)),
        relations: largest(relations, rest, wish.limit, of_relation),
        records: largest(records, records_rest, wish.limit, |key| key),
        minutes: in_order(largest(minutes, minutes_rest, wish.limit, |key| key), |key| *key),
        minutes_known,
        checkpoints: in_order(largest(checkpoints, checkpoints_rest, wish.limit, of_checkpoint), |key| {
            key.map(|seen| seen.lsn)
        }),
        xacts: (listed, totals),
        packed: wish.what_if.packing.map(|_| packed),
        cycle: cycle.map(CycleRecount::finish),
        left_out,
        range,
        holes,
        gathered,
    };
    answer.put_under_tables(&known);
    Ok(answer)
}

/// The largest groups, as they are to be told.
fn largest<K: Ord, G>(
    groups: HashMap<K, VolumeSum>,
    rest: VolumeSum,
    limit: usize,
    tell: impl Fn(K) -> G,
) -> TopList<G> {
    let mut groups: Vec<(K, VolumeSum)> = groups.into_iter().collect();
    groups.sort_by(|(a, x), (b, y)| (Reverse(x.bytes), a).cmp(&(Reverse(y.bytes), b)));
    let others = groups.split_off(limit.min(groups.len()));
    let more = others.len() as u64 + u64::from(rest != VolumeSum::default());
    let mut sum = rest;
    others.iter().for_each(|(_, other)| sum.add(other));
    TopList { groups: groups.into_iter().map(|(key, sum)| (tell(key), sum)).collect(), more, rest: sum }
}

/// The same, in the order of WAL.
fn in_order<G, O: Ord>(mut list: TopList<G>, place: impl Fn(&G) -> O) -> TopList<G> {
    list.groups.sort_by_key(|(group, _)| place(group));
    list
}

/// Sums so far.
struct TopSums {
    xacts: XactList,
    part: TopPart,
    cycle: Option<CycleRecount>,
}

impl TopSums {
    fn new(wish: &TopWish) -> TopSums {
        let by_bytes = XactWish { by: XactOrder::Bytes, limit: Some(wish.limit), ..XactWish::default() };
        TopSums {
            xacts: XactList::new(by_bytes),
            part: TopPart::default(),
            cycle: wish.what_if.cycle.map(CycleRecount::new),
        }
    }
}

impl TakeHistory for TopSums {
    type Look = TopLook;

    fn looked(&mut self, mut part: TopPart) {
        let cycle = std::mem::take(&mut part.cycle);
        if let Some(recount) = &mut self.cycle {
            recount.add(cycle);
        }
        self.part.add(part);
    }

    fn wants_empty(&self) -> bool {
        true
    }

    fn over(&mut self, over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>) {
        self.xacts.over(over, names, clock);
    }
}
