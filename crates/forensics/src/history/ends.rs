//! Transactions that are over.

use super::History;
use crate::event::{EventEnd, EventFact, WalEvent, WalEventKind};
use crate::over::{OverXact, TakeHistory, XactEnding, names_file};
use crate::transaction::{OpenXact, XactAct};

impl<T: TakeHistory> History<'_, T> {
    /// WAL ends here.
    pub fn finish(&mut self) {
        self.open.passed(self.last.0, self.clock);
        for (xid, xact) in self.open.end_all(true) {
            if let Some((lsn, gid, time)) = xact.prepared.clone() {
                let plain = WalEvent::plain(WalEventKind::Prepared, lsn, xact.timeline, EventFact::Name(gid));
                let end = Some(EventEnd::Open);
                self.tell(WalEvent { time, xid: Some(xid), bytes: xact.bytes, end, undo: None, ..plain });
            }
            self.over(xact, &XactEnding::of(xid, EventEnd::Open));
        }
    }

    /// Every transaction that is not prepared is over, and never ended. How many.
    pub(super) fn crash(&mut self) -> u64 {
        let lost = self.open.end_all(false);
        let count = lost.iter().filter(|(_, xact)| !xact.holed).count() as u64;
        for (xid, xact) in lost {
            let end = if xact.holed { EventEnd::Open } else { EventEnd::Crashed };
            let ending = XactEnding::of(xid, end);
            self.over(xact, &ending);
        }
        count
    }

    /// A transaction ended.
    pub(super) fn ended(&mut self, ending: XactEnding) {
        self.tick(ending.time);
        if let Some(lsn) = ending.lsn {
            self.keeper.ended(lsn, ending.xid, &ending.subxacts, ending.end == EventEnd::Committed);
        }
        let whole = self.open.end(ending.xid, &ending.subxacts);
        if whole.is_none() && ending.dropped.is_empty() && !self.list.wants_empty() {
            return;
        }
        let (lsn, timeline) = self.last;
        self.over(whole.unwrap_or_else(|| Box::new(OpenXact::new(lsn, timeline))), &ending);
    }

    /// Tells what a transaction came to, and learns names where it is committed.
    fn over(&mut self, mut xact: Box<OpenXact>, ending: &XactEnding) {
        // One that did nothing has made none.
        if !(xact.relations.is_empty() && xact.catalog.is_empty() && ending.dropped.is_empty()) {
            self.open.adopt(&mut xact, |xact, rel| {
                xact.relations.contains_key(&rel) || ending.dropped.contains(&rel) || names_file(xact, rel)
            });
        }
        // The files of a new database are no relations of their own.
        let OpenXact { created, acts, .. } = &mut *xact;
        created.retain(|rel| !acts.iter().any(|(_, act)| *act == XactAct::CreateDatabase(rel.db)));
        if ending.end == EventEnd::Committed {
            self.keeper.committed(ending.at(), &xact.catalog, &ending.dropped, !xact.holed);
        }
        // Numbers are compared as a server compares them: half of them lie before any of them.
        let begin_known = self.next_xid.is_some_and(|next| (ending.xid.wrapping_sub(next) as i32) >= 0);
        let subxacts = ending.listed();
        let over = OverXact { xact: &xact, ending, subxacts, at: self.last.0, begin_known };
        self.list.over(&over, self.keeper.names(), self.clock);
    }
}
