//! A file names another system identifier: is it another cluster's, or is the field damaged?
//!
//! The neighbours tell, and how much of the field differs. Where a record crosses into the file and its checksum is
//! right, or the first record names the last one of the neighbour, the file belongs here.

use super::Judge;
use pgwal_archive::Tally;
use pgwal_archive::stretch::{Bad, Piece, PieceKind, Unusable, goes_on};
use pgwal_format::page::PageFault;
use pgwal_walk::{Damage, Fault, Fold, Head};

impl Judge<'_> {
    pub(super) fn suspects(&mut self) {
        let own = self.cluster;
        let expected = own.system_id;
        for pieces in self.pieces.values_mut() {
            for i in 0..pieces.len() {
                if !goes_on(pieces, i, own) {
                    continue;
                }
                let Some(Piece { kind: PieceKind::Bad(bad), .. }) = pieces.get(i) else { continue };
                let Bad { why: Unusable::Cluster { found }, run: Some(run), .. } = bad.as_ref() else { continue };
                let damage = Damage {
                    lsn: run.from,
                    begun_before: true,
                    at: run.from,
                    fault: Fault::Page(PageFault::SystemId { found: *found, expected }),
                    end: run.from,
                    until: run.first.map(|f| f.lsn),
                    until_prev: run.first.map(|f| f.prev),
                    before: Tally::default().mark(),
                };
                let mut run = run.clone();
                run.head = Head::Damaged;
                run.damages.insert(0, damage);
                if let Some(first) = &mut run.first {
                    first.linked = false;
                }
                if let Some(piece) = pieces.get_mut(i) {
                    piece.kind = PieceKind::Run(Box::new(run));
                }
            }
        }
    }
}
