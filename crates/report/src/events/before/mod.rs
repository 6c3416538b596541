//! How to get back to just before an event.

pub mod json;
pub mod text;

use crate::plan::RestorePlan;
use pgwal_forensics::{EventEnd, RecoveryLoss, WalEvent, XactFate};
use pgwal_format::{Layout, Lsn};
use pgwal_verify::Verdict;

/// The way back to before an event.
pub struct BeforeAnswer<'a> {
    /// What is to be undone.
    pub undone: XactFate,
    /// As events.
    pub events: Vec<&'a WalEvent>,
    /// Where recovery is to end; `None` where nothing is to be undone.
    pub target: Option<BeforeTarget>,
}

/// Where recovery is to end.
pub struct BeforeTarget {
    /// In front of the record that starts here.
    pub lsn: Lsn,
    /// How the WAL is laid out.
    pub layout: Layout,
    /// What is lost by it.
    pub loss: RecoveryLoss,
    /// Names and values.
    pub settings: Vec<(&'static str, String)>,
    /// The setting that fetches WAL from this archive.
    pub restore_command: String,
    /// Targets in `postgresql.auto.conf` of the data directory that was named, which count more.
    pub set_by_system: Vec<String>,
    /// What a restore with these settings comes to.
    pub proof: RestoreProof,
}

/// What a restore comes to.
pub enum RestoreProof {
    /// No backup is known from which to begin.
    NoBackup,
    /// None of those that are known restores: the newest one, and why not.
    Broken(String),
    /// Nothing can be said to a server of this version that makes it end there.
    NoTarget,
    /// This.
    Foretold(Box<RestorePlan>),
}

impl BeforeAnswer<'_> {
    /// Why nothing is to be undone, as JSON names it; `None` where there is something.
    pub fn why_not(&self) -> Option<&'static str> {
        match (&self.target, self.undone.end) {
            (Some(_), _) => None,
            (None, _) if self.is_unknown() => Some("unknown"),
            (None, end) => Some(end.map_or("unknown", EventEnd::name)),
        }
    }

    /// Whether it happened at all cannot be told.
    pub fn is_unknown(&self) -> bool {
        let open = self.undone.end.is_none_or(|end| end == EventEnd::Open);
        self.undone.undo.is_none() && open && self.undone.partial
    }
}

impl BeforeTarget {
    /// A restore does not come there, whatever it is told.
    fn is_refuted(&self) -> bool {
        match &self.proof {
            RestoreProof::NoBackup => false,
            RestoreProof::Broken(_) | RestoreProof::NoTarget => true,
            RestoreProof::Foretold(plan) => plan.outcome.verdict == Verdict::Refuted,
        }
    }

    /// It ends in front of the record that ends the transaction.
    fn is_at_end_of(&self, undone: &XactFate) -> bool {
        undone.end_lsn == Some(self.lsn)
    }
}
