//! Runs one after another: what stands between the end of one and the beginning of the next.
//!
//! ```text
//! chain: … record record | a record that goes on        right:  its rest | record record …
//!                        └───────────── Joint ────────────────────────┘
//! ```
//! [`Run::join`] puts runs together whose records were gathered already; a chain serves those who take the records of
//! one segment after the other, in the order of WAL: it remembers how the last run ended, hands out the record over the
//! seam, and keeps one open that goes on over whole segments. Nothing outside of this crate looks at a seam.

use crate::begin::Link;
use crate::fault::{Damage, Fault};
use crate::open::Open;
use crate::run::{Run, Tail};
use crate::seam::seam;
use crate::{Fold, Ignore};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Layout, Lsn};

/// The end of the runs that were taken, in order.
///
/// ```
/// use pgwal_format::Layout;
/// use pgwal_walk::{Chain, Ignore, Run};
///
/// fn records_over_seams(layout: &Layout, runs: &[Run<Ignore>]) -> usize {
///     let mut chain = Chain::new(layout);
///     runs.iter().filter_map(|run| chain.push(run)).filter(|joint| joint.over.is_some()).count()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Chain {
    pub(crate) layout: Layout,
    pub(crate) left: Option<Run<Ignore>>,
}

/// What stands between two runs that follow each other.
#[derive(Clone, Debug, Default)]
pub struct Joint {
    /// The record that both hold: whole, with the right checksum, but perhaps not with the right link.
    pub over: Option<SeamRecord>,
    /// What is wrong at the seam.
    pub damage: Option<Damage<()>>,
    /// The link of the right run's first record is wrong, too.
    pub second: Option<Damage<()>>,
    /// The right run blames a later page for what its first page says wrongly: the fault, and the start of the record
    /// that cannot be read by it.
    pub first_page: Option<(Fault, Lsn)>,
    /// The record goes on behind the right run.
    open: Option<Open>,
}

/// A record over a seam.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeamRecord {
    /// Where it starts.
    pub lsn: Lsn,
    /// Where it ends, aligned.
    pub end: Lsn,
    /// Its header.
    pub header: RecordHeader,
    body: Vec<u8>,
}

impl SeamRecord {
    /// The record. Its body may be cut: [`Record::is_whole`].
    pub fn record<'a>(&'a self, layout: &'a Layout) -> Record<'a> {
        Record { lsn: self.lsn, end: self.end, header: self.header, body: &self.body, layout }
    }
}

impl Joint {
    /// Compares the end of `left` with the beginning of `right`, which must begin where `left` ends. Nothing can be
    /// said where no record starts in `left`.
    pub fn between<A: Fold, B: Fold>(layout: &Layout, left: &Run<A>, right: &Run<B>) -> Joint {
        if left.is_through() {
            return Joint::default();
        }
        let seam = seam(layout, left, right);
        let over = seam.completed.map(|(lsn, header)| SeamRecord {
            lsn,
            end: right.head_end(layout),
            header,
            body: seam.body,
        });
        Joint {
            over,
            damage: seam.damage.map(|damage| damage.with(())),
            second: seam.second.map(|damage| damage.with(())),
            first_page: seam.first_page.map(|fault| (fault, seam.begun_at)),
            open: seam.open,
        }
    }

    /// Nothing is wrong.
    pub fn fits(&self) -> bool {
        self.damage.is_none() && self.second.is_none() && self.first_page.is_none()
    }

    /// The first record that cannot be read, or that does not follow the one before it.
    pub fn broken(&self) -> Option<Lsn> {
        let damaged = self.damages().map(|damage| damage.lsn).min();
        damaged.or(self.first_page.map(|(_, begun)| begun))
    }

    /// The record over the seam, where nothing is wrong before it.
    pub fn replayable(&self) -> Option<&SeamRecord> {
        let damaged = self.damages().map(|damage| damage.lsn).min();
        self.over.as_ref().filter(|over| damaged.is_none_or(|lsn| over.lsn < lsn))
    }

    /// What is wrong, in the order of WAL.
    pub fn damages(&self) -> impl Iterator<Item = &Damage<()>> {
        self.damage.iter().chain(&self.second)
    }
}

impl Chain {
    /// Nothing was taken yet.
    pub fn new(layout: &Layout) -> Chain {
        Chain { layout: *layout, left: None }
    }

    /// What stands between the last run and this one; `None` where the last one does not end where this one begins. Of
    /// `right`, its beginning is enough.
    pub fn meet<F: Fold>(&self, right: &Run<F>) -> Option<Joint> {
        let left = self.left.as_ref().filter(|left| left.to == right.from)?;
        Some(Joint::between(&self.layout, left, right))
    }

    /// Goes on with a run, and says what stands between it and the last one.
    pub fn push<F: Fold>(&mut self, right: &Run<F>) -> Option<Joint> {
        let mut joint = self.meet(right);
        match (joint.as_mut().and_then(|joint| joint.open.take()), &mut self.left) {
            // All of this run is the inside of a record begun before.
            (Some(open), Some(left)) => {
                left.tail = Tail::Open(open);
                left.to = right.to;
            }
            (None, Some(left)) if joint.is_some() && left.is_through() && right.is_through() => left.to = right.to,
            (_, left) => *left = Some(right.ending()),
        }
        joint
    }

    /// Goes on over bytes up to `to` that are zero: `false` where the last run does not end with a switch.
    pub fn pass_zeros(&mut self, to: Lsn) -> bool {
        match &mut self.left {
            Some(left) if matches!(left.tail, Tail::Switched { .. }) => {
                left.to = to;
                true
            }
            _ => false,
        }
    }

    /// What comes next does not follow.
    pub fn cut(&mut self) {
        self.left = None;
    }

    /// How the WAL is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Where the next run begins, if it follows.
    pub fn to(&self) -> Option<Lsn> {
        self.left.as_ref().map(|left| left.to)
    }

    /// The end of the last whole record.
    pub fn end(&self) -> Option<Lsn> {
        self.left.as_ref().map(|left| left.end)
    }

    /// Where the last run stopped for want of a record: nothing that comes can follow it.
    pub fn stops(&self) -> Option<Lsn> {
        match &self.left.as_ref()?.tail {
            Tail::Stopped(stop) => Some(stop.lsn),
            _ => None,
        }
    }

    /// The record that is not whole at the end of the last run.
    pub fn begun(&self) -> Option<Lsn> {
        match &self.left.as_ref()?.tail {
            Tail::Open(open) => Some(open.start),
            _ => None,
        }
    }
}

impl<F: Fold> Run<F> {
    /// Goes on with a run that fits: `joint` is what stands between them. As [`Run::join`], but nothing is looked at
    /// again.
    pub fn go_on(mut self, right: Run<F>, joint: &Joint, layout: &Layout) -> Run<F> {
        if self.is_through() || right.is_through() || !joint.fits() || !self.damages.is_empty() {
            return self.join(right, layout);
        }
        if let Some(over) = &joint.over {
            let record = over.record(layout);
            if self.acc.wants(&over.header) {
                self.acc.record(&record)
            } else {
                self.acc.pass(&over.header)
            }
            let overwrites = pgwal_format::rmgr::xlog::overwritten(&record);
            let first = Link { lsn: over.lsn, prev: over.header.prev, linked: true, overwrites };
            self.first = self.first.or(Some(first));
            (self.last, self.end) = (Some(over.lsn), over.end);
        }
        self.append(right, None, true);
        self
    }

    /// What a seam asks of a run on its left.
    fn ending(&self) -> Run<Ignore> {
        Run {
            from: self.from,
            to: self.to,
            head: if self.is_through() { self.head.clone() } else { crate::Head::Record },
            begins: self.begins,
            first: self.first,
            last: self.last,
            end: self.end,
            acc: Ignore,
            tail: self.tail.clone(),
            damages: Vec::new(),
            more_damages: 0,
            slack: Vec::new(),
            first_timeline: self.first_timeline,
            last_timeline: self.last_timeline,
        }
    }
}
