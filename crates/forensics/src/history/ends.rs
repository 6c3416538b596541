//! Transactions that are over.

use super::History;
use crate::event::{EventEnd, EventFact, WalEvent, WalEventKind};
use crate::over::{OverXact, TakeHistory, XactEnding, names_file};
use crate::transaction::{OpenXact, XactAct};
use pgwal_format::{Lsn, TimelineId};

impl<T: TakeHistory> History<'_, T> {
    /// WAL ends here.
    pub fn finish(&mut self) {
        self.open.passed(self.last.0, self.clock);
        for (xid, mut xact) in self.open.end_all(true) {
            if let Some((lsn, gid, time)) = xact.prepared.clone() {
                let plain = WalEvent::plain(WalEventKind::Prepared, lsn, xact.timeline, EventFact::Name(gid));
                let end = Some(EventEnd::Open);
                self.tell(WalEvent { time, xid: Some(xid), bytes: xact.bytes, end, undo: None, ..plain });
            }
            self.over(&mut xact, &XactEnding::of(xid, EventEnd::Open));
        }
    }

    /// Every transaction that is not prepared is over, and never ended. How many.
    pub(super) fn crash(&mut self) -> u64 {
        let lost = self.open.end_all(false);
        let count = lost.iter().filter(|(_, xact)| !xact.holed).count() as u64;
        for (xid, mut xact) in lost {
            let end = if xact.holed { EventEnd::Open } else { EventEnd::Crashed };
            let ending = XactEnding::of(xid, end);
            self.over(&mut xact, &ending);
        }
        count
    }

    /// A transaction ended; `place`: its own among those of the stretch.
    pub(super) fn ended(&mut self, ending: &XactEnding, place: u32) {
        self.tick(ending.time);
        if let Some(lsn) = ending.lsn {
            self.keeper.ended(lsn, ending.xid, &ending.subxacts, ending.end == EventEnd::Committed);
        }
        let mut xact = self.room.take().unwrap_or_else(|| Box::new(OpenXact::new(Lsn::ZERO, TimelineId(0))));
        let mut known = match &*ending.subxacts {
            [] => self.open.end_alone(ending.xid, place, &mut xact),
            parts => self.open.end(ending.xid, parts).map(|whole| xact = whole).is_some(),
        };
        if !known && (!ending.dropped.is_empty() || self.list.wants_empty()) {
            *xact = OpenXact::new(self.last.0, self.last.1);
            known = true;
        }
        if known {
            self.over(&mut xact, ending);
        }
        self.room = Some(xact);
    }

    /// Tells what a transaction came to, and learns names where it is committed.
    fn over(&mut self, xact: &mut OpenXact, ending: &XactEnding) {
        // One that did nothing has made none.
        if !(xact.relations.is_empty() && xact.catalog.is_empty() && ending.dropped.is_empty()) {
            self.open.adopt(xact, |xact, rel| {
                xact.relations.contains_key(&rel) || ending.dropped.contains(&rel) || names_file(xact, rel)
            });
        }
        // The files of a new database are no relations of their own.
        let OpenXact { created, acts, .. } = xact;
        created.retain(|rel| !acts.iter().any(|(_, act)| *act == XactAct::CreateDatabase(rel.db)));
        if ending.end == EventEnd::Committed {
            self.keeper.committed(ending.at(), &xact.catalog, &ending.dropped, !xact.holed);
        }
        // Numbers are compared as a server compares them: half of them lie before any of them.
        let begin_known = self.next_xid.is_some_and(|next| (ending.xid.wrapping_sub(next) as i32) >= 0);
        let subxacts = ending.listed();
        let over = OverXact { xact, ending, subxacts, at: self.last.0, begin_known };
        self.list.over(&over, self.keeper.names(), self.clock);
    }
}
