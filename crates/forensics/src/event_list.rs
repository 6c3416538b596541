//! What transactions came to, as events.

use crate::below::BelowRows;
use crate::classified::{FIRST_NORMAL, classify};
use crate::event::{EventFact, EventRelation, WalEvent, WalEventKind};
use crate::fate::{SoughtXact, XactFate};
use crate::over::{OverXact, TakeHistory, XactEnding};
use crate::transaction::XactAct;
use crate::wish::{EventWish, may_be_of_relation};
use pgwal_catalog::Names;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};

/// So many events are kept.
const MOST_EVENTS: usize = 100_000;
/// So many relations and subtransactions of all of them.
const MOST_DETAILS: usize = 500_000;
/// So many events of relations with another name than the one that is asked for are kept, of so many details each.
const MOST_OTHERS: usize = 20_000;
const MOST_WEIGHT: usize = 20;
/// Transactions of one number that are kept.
const MOST_FATES: usize = 100;

/// The events that are asked for.
pub struct EventList {
    wish: EventWish,
    /// In the order in which they ended.
    pub events: Vec<WalEvent>,
    /// Relations and subtransactions of them.
    details: usize,
    /// Events for which there was no room.
    pub more_events: u64,
    /// Those of relations that were called otherwise than what is asked for: it may be the same one, under another
    /// name.
    pub others: Vec<WalEvent>,
    /// Further ones.
    pub more_others: u64,
    /// Rows of transactions that changed too few of them to be events.
    pub below: BelowRows,
    /// How the transaction ended that is sought.
    pub sought: Vec<XactFate>,
}

impl TakeHistory for EventList {
    type Look = ();

    fn wants_empty(&self) -> bool {
        self.wish.sought.is_some()
    }

    fn over(&mut self, over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>) {
        self.seek(over);
        let mut told = Vec::new();
        self.acts(over, names, clock, &mut told);
        self.relations(over, names, clock, &mut told);
        self.masses(over, names, clock, &mut told);
        told.into_iter().for_each(|event| self.happened(event, clock));
    }

    fn happened(&mut self, event: WalEvent, clock: Option<Timestamp>) {
        if !self.wish.may_want(&event, clock) {
            return;
        }
        if !self.wish.may_name(&event) {
            let room = self.others.len() < MOST_OTHERS && event.weight() <= MOST_WEIGHT;
            match may_be_of_relation(&event) {
                true if room => self.others.push(event),
                is_one => self.more_others += u64::from(is_one),
            }
            return;
        }
        let details = self.details + event.weight();
        if self.events.len() < MOST_EVENTS && details <= MOST_DETAILS {
            self.details = details;
            self.events.push(event);
        } else {
            self.more_events += 1;
        }
    }

    /// Long after the last time, nothing happened between.
    fn time(&mut self, before: Timestamp, now: Timestamp, (lsn, timeline): (Lsn, TimelineId)) {
        if now.0.saturating_sub(before.0) >= self.wish.quiet {
            let fact = EventFact::Between(before, now);
            let event = WalEvent { time: Some(before), ..WalEvent::plain(WalEventKind::Quiet, lsn, timeline, fact) };
            self.happened(event, Some(before));
        }
    }
}

impl EventList {
    /// None yet.
    pub fn new(wish: EventWish) -> EventList {
        EventList {
            wish,
            events: Vec::new(),
            details: 0,
            more_events: 0,
            others: Vec::new(),
            more_others: 0,
            below: BelowRows::default(),
            sought: Vec::new(),
        }
    }

    /// Keeps how a transaction ended, if it is the one that is sought.
    fn seek(&mut self, over: &OverXact<'_>) {
        let ending = over.ending;
        let is_sought = match self.wish.sought {
            Some(SoughtXact::Xid(xid)) => ending.xid == xid || ending.subxacts.contains(&xid),
            Some(SoughtXact::End(lsn)) => ending.lsn == Some(lsn),
            None => false,
        };
        if is_sought && self.sought.len() < MOST_FATES {
            self.sought.push(XactFate {
                xid: Some(ending.xid).filter(|xid| *xid != 0),
                end: Some(ending.end),
                end_lsn: ending.lsn,
                time: ending.time,
                undo: ending.undo(over.xact),
                prepared: over.prepared_as(),
                partial: over.xact.holed,
            });
        }
    }

    /// Whether events of a kind are asked for, and of this end.
    fn may(&self, kind: WalEventKind, ending: &XactEnding, clock: Option<Timestamp>) -> bool {
        self.wish.may(kind, ending.time.or(clock))
    }

    /// What it did at once.
    fn acts(&self, over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>, told: &mut Vec<WalEvent>) {
        for (lsn, act) in &over.xact.acts {
            if let Some((kind, fact)) = of_act(act, names, over.ending.at())
                && self.may(kind, over.ending, clock)
            {
                told.push(WalEvent { lsn: *lsn, fact, ..over.event(kind) });
            }
        }
    }

    /// What became of relations.
    fn relations(&self, over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>, told: &mut Vec<WalEvent>) {
        const KINDS: [WalEventKind; 4] =
            [WalEventKind::Drop, WalEventKind::Truncate, WalEventKind::Rewrite, WalEventKind::Create];
        let (sums, ending) = (&over.xact.relations, over.ending);
        // Nearly all change rows and nothing else.
        if over.xact.created.is_empty() && over.xact.catalog.is_empty() && ending.dropped.is_empty() {
            return;
        }
        if !KINDS.iter().any(|kind| self.may(*kind, ending, clock)) {
            return;
        }
        let files = |rel: &EventRelation| [rel.file, rel.new_file].into_iter().flatten();
        let bytes = |rel: &EventRelation| files(rel).filter_map(|rel| sums.get(&rel)).map(|sum| sum.bytes).sum::<u64>();
        for classified in classify(over.xact, &ending.dropped, ending.end, (names, ending.at())) {
            if self.may(classified.kind, ending, clock) {
                told.push(WalEvent {
                    bytes: classified.relations.iter().map(bytes).sum(),
                    by_files_alone: classified.by_files_alone,
                    relations: classified.relations,
                    ..over.event(classified.kind)
                });
            }
        }
    }

    /// Rows of which it deleted or updated many.
    fn masses(&mut self, over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>, told: &mut Vec<WalEvent>) {
        let least = self.wish.rows.max(1);
        self.below.add(over, names, least, (&self.wish, clock));
        if !over.xact.relations.values().any(|sum| sum.deleted >= least || sum.updated >= least) {
            return;
        }
        let is_mass = |rows: u64, kind| rows >= least && self.may(kind, over.ending, clock);
        let mut sums: Vec<_> = over.xact.relations.iter().filter(|(rel, _)| rel.rel >= FIRST_NORMAL).collect();
        sums.sort_by_key(|(rel, _)| **rel);
        for (rel, sum) in sums {
            let mut kinds = vec![(WalEventKind::Delete, sum.deleted), (WalEventKind::Update, sum.updated)];
            kinds.retain(|(kind, rows)| is_mass(*rows, *kind));
            if kinds.is_empty() {
                continue;
            }
            let name = over.name(*rel, names);
            if name.as_ref().is_some_and(|name| name.kind == b't') {
                continue;
            }
            for (kind, rows) in kinds {
                let relations =
                    vec![EventRelation { file: Some(*rel), name: name.clone(), ..EventRelation::default() }];
                told.push(WalEvent { rows: Some(rows), bytes: sum.bytes, relations, ..over.event(kind) });
            }
        }
    }
}

/// What an act is told as. `None` for what is told in another way.
pub fn of_act(act: &XactAct, names: &Names, at: Lsn) -> Option<(WalEventKind, EventFact)> {
    let database = |oid: u32| EventFact::Database(oid, names.database_at(oid, at).map(<[u8]>::to_vec));
    Some(match act {
        XactAct::DropDatabase(oid) => (WalEventKind::DropDatabase, database(*oid)),
        XactAct::CreateDatabase(oid) => (WalEventKind::CreateDatabase, database(*oid)),
        XactAct::DropTablespace(oid) => (WalEventKind::DropTablespace, EventFact::Tablespace(*oid)),
        XactAct::CreateTablespace(oid) => (WalEventKind::CreateTablespace, EventFact::Tablespace(*oid)),
        XactAct::Message(prefix, bytes) => (WalEventKind::Message, EventFact::Message(prefix.clone(), *bytes)),
        // Its relations are among those with new files.
        XactAct::Truncate(..) => return None,
    })
}
