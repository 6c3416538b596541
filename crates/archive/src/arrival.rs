//! WAL as it arrives, cut at any byte: held back until the records in it are whole, and checked.
//!
//! ```text
//! segment  │ records that were handed on │ whole records │ a record that goes on │ … not here yet
//!                                    place ▲              ▲ next place             ▲ arrived
//! ```
//! A stream has no end for now, as files have: what is no record is damage, unless its bytes are not all here.

use crate::whose::FirstPage;
use pgwal_format::layout::NotWal;
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, SegmentSize, TimelineId};
use pgwal_walk::{Chain, Damage, Fault, Fold, RecordBoundary, ScanExpect, SeamRecord, Stop, Tail, scan, scan_on};
use std::fmt;

/// Where WAL begins to arrive: at the start of a segment of a timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StartPoint {
    /// The timeline.
    pub timeline: TimelineId,
    /// The segment.
    pub number: SegmentNo,
}

/// Bytes of a segment that were checked: they follow those that were handed on before, or repeat them, and end with a
/// record or with the segment.
#[derive(Clone, Copy, Debug)]
pub struct CheckedBytes<'a> {
    /// How the WAL is laid out.
    pub layout: &'a Layout,
    /// The timeline in the name of the segment.
    pub timeline: TimelineId,
    /// The segment.
    pub number: SegmentNo,
    /// Where in it they begin.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl CheckedBytes<'_> {
    /// The segment's name.
    pub fn name(&self) -> SegmentName {
        SegmentName::new(self.timeline, self.number, self.layout.address(), self.layout.segment)
    }

    /// Where they end.
    pub fn end(&self) -> Lsn {
        let start = self.layout.address().segment_start(self.number, self.layout.segment);
        let offset = self.offset.saturating_add(self.bytes.len() as u64);
        self.layout.address().advance(start, offset, self.layout.segment).unwrap_or(Lsn::MAX)
    }
}

/// What arrives cannot be taken.
#[derive(Clone, Debug)]
pub enum ArrivalFault {
    /// It is not what comes next.
    OutOfOrder {
        /// The next position.
        expected: Lsn,
        /// What came.
        found: Lsn,
    },
    /// It is no WAL.
    NotWal(NotWal),
    /// The first page is that of another cluster or segment.
    OtherPage {
        /// Where.
        at: Lsn,
    },
    /// Segments are of another size than was taken for granted.
    OtherSize {
        /// The size that the first page says, in bytes.
        found: u64,
    },
    /// A record is not right.
    Damaged {
        /// What is wrong.
        damage: Box<Damage<()>>,
        /// Its timeline.
        timeline: TimelineId,
        /// How the WAL is laid out.
        layout: Box<Layout>,
    },
}

impl fmt::Display for ArrivalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArrivalFault::OutOfOrder { expected, found } => write!(f, "{found} comes where {expected} is next"),
            ArrivalFault::NotWal(why) => write!(f, "what comes is {why}"),
            ArrivalFault::OtherPage { at } => write!(f, "the page that comes for {at} is that of another place"),
            ArrivalFault::OtherSize { found } => write!(f, "segments are of {found} bytes"),
            ArrivalFault::Damaged { damage, .. } => write!(f, "a record comes that is not right, at {}", damage.lsn),
        }
    }
}

impl std::error::Error for ArrivalFault {}

/// A segment that arrives, and what comes behind it.
pub struct Arrival {
    system_id: u64,
    at: StartPoint,
    size: SegmentSize,
    /// Known once the first page is here.
    layout: Option<Layout>,
    /// From the beginning of the segment on.
    bytes: Vec<u8>,
    /// Between the last record that was handed on and the next one.
    place: Option<RecordBoundary>,
    /// Bytes that were handed on.
    handed: usize,
    /// Bytes that were looked at.
    looked: usize,
    /// With fewer bytes no further record is whole.
    wanted: usize,
    chain: Option<Chain>,
}

/// Records that became whole.
#[derive(Debug)]
pub struct Arrived<'a, F> {
    /// Their bytes, and those between them.
    pub bytes: CheckedBytes<'a>,
    /// The record that goes over from the segment before: it comes before the others.
    pub over: Option<SeamRecord>,
    /// What the others came to.
    pub records: F,
}

/// The long header of a page, whatever the alignment.
const HEADER: usize = 40;

impl Arrival {
    /// `chain`: the end of the segment before, where that is known.
    pub fn new(system_id: u64, at: StartPoint, size: SegmentSize, chain: Option<Chain>) -> Arrival {
        let bytes = Vec::new();
        Arrival { system_id, at, size, layout: None, bytes, place: None, handed: 0, looked: 0, wanted: HEADER, chain }
    }

    /// The position that comes next.
    pub fn next(&self) -> Lsn {
        self.start().plus_within(self.bytes.len() as u64)
    }

    /// The end of what was handed on.
    pub fn handed(&self) -> Lsn {
        self.start().plus_within(self.handed as u64)
    }

    /// Its timeline.
    pub fn timeline(&self) -> TimelineId {
        self.at.timeline
    }

    /// Takes what arrived.
    ///
    /// # Errors
    /// It is not what comes next.
    pub fn push(&mut self, start: Lsn, bytes: &[u8]) -> Result<(), ArrivalFault> {
        let expected = self.next();
        if start != expected {
            return Err(ArrivalFault::OutOfOrder { expected, found: start });
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// So much is here that it should be looked at, whether or not more is on its way.
    pub fn is_much(&self) -> bool {
        self.is_here() || self.bytes.len() - self.handed.min(self.bytes.len()) > 1 << 20 && self.is_enough(false)
    }

    /// Something is here that was not looked at.
    pub fn is_new(&mut self) -> bool {
        self.go_on();
        self.is_enough(true)
    }

    /// Checks what is here. `None` where no record became whole. `idle`: nothing more is on its way, and what is here
    /// is looked at even where a record says that it goes on: it may have been given up.
    ///
    /// # Errors
    /// What arrived is no WAL of this place, or a record in it is not right.
    pub fn check<F: Fold<Mark = ()>>(&mut self, fold: F, idle: bool) -> Result<Option<Arrived<'_, F>>, ArrivalFault> {
        self.go_on();
        if !self.is_enough(idle) {
            return Ok(None);
        }
        self.looked = self.bytes.len();
        let layout = self.known_layout()?;
        let limit = self.limit(&layout);
        if limit == 0 {
            return Ok(None);
        }
        let expect = ScanExpect {
            layout: &layout,
            start: self.start(),
            timeline: Some(self.at.timeline),
            system_id: Some(self.system_id),
            keep: usize::MAX,
            history: &[],
        };
        let bytes = self.bytes.get(..limit).unwrap_or(&[]);
        let run = match self.place {
            Some(place) => scan_on(bytes, expect, fold, place),
            None => scan(bytes, expect, fold),
        };
        if let Some(damage) = run.damages.first() {
            return Err(self.damaged(&layout, damage.clone()));
        }
        let chain = self.chain.get_or_insert_with(|| Chain::new(&layout));
        let joint = if self.place.is_none() { chain.meet(&run) } else { None };
        if let Some(damage) = joint.as_ref().and_then(|joint| joint.damages().next()) {
            let damage = damage.clone();
            return Err(self.damaged(&layout, damage));
        }
        let over = joint.and_then(|joint| joint.over);
        let end = match &run.tail {
            Tail::Stopped(Stop { fault: Fault::CutOff, begun_before, .. }) if limit < self.size() => {
                self.wanted = self.wanted_behind(&layout, run.end);
                if *begun_before {
                    return Ok(None);
                }
                run.end.minus_within(run.from) as usize
            }
            Tail::Stopped(stop) => return Err(self.damaged(&layout, damage_of(stop))),
            // What lies behind a switch comes with it.
            Tail::Switched { .. } if limit < self.size() => {
                self.wanted = self.size();
                return Ok(None);
            }
            // Zeros behind the rest of a record are the end of a switch, or no WAL.
            Tail::Switched { at }
                if run.first.is_none() && over.as_ref().is_some_and(|over| !over.header.is_switch()) =>
            {
                let (lsn, fault) = (*at, Fault::CutOff);
                let (until, until_prev, before) = (None, None, ());
                let damage = Damage { lsn, begun_before: false, at: lsn, fault, end: lsn, until, until_prev, before };
                return Err(self.damaged(&layout, damage));
            }
            _ => self.size(),
        };
        if end == self.size() {
            if let Some(chain) = &mut self.chain {
                chain.push(&run);
            }
        } else {
            let last =
                run.last.or_else(|| over.as_ref().map(|over| over.lsn)).or(self.place.and_then(|place| place.last));
            let timeline = run.last_timeline.unwrap_or(self.at.timeline);
            self.place = Some(RecordBoundary { offset: end, last, timeline });
            self.chain.iter_mut().for_each(Chain::cut);
        }
        let from = std::mem::replace(&mut self.handed, end);
        if from >= end {
            return Ok(None);
        }
        let layout = self.layout.as_ref().ok_or(ArrivalFault::OtherPage { at: self.start() })?;
        let (timeline, number) = (self.at.timeline, self.at.number);
        let bytes = self.bytes.get(from..end).unwrap_or(&[]);
        let bytes = CheckedBytes { layout, timeline, number, offset: from as u64, bytes };
        Ok(Some(Arrived { bytes, over, records: run.acc }))
    }

    /// The next segment, where all of this one was handed on.
    fn go_on(&mut self) {
        if self.handed == self.size() {
            self.bytes.drain(..self.handed);
            self.at.number = self.at.number.next();
            (self.handed, self.looked, self.place, self.wanted) = (0, 0, None, HEADER);
        }
    }

    fn known_layout(&mut self) -> Result<Layout, ArrivalFault> {
        if let Some(layout) = self.layout {
            return Ok(layout);
        }
        let first = FirstPage::of(&self.bytes).map_err(ArrivalFault::NotWal)?;
        if first.layout.segment != self.size {
            return Err(ArrivalFault::OtherSize { found: first.layout.segment.bytes() });
        }
        if first.address != self.start() || first.system_id != self.system_id {
            return Err(ArrivalFault::OtherPage { at: self.start() });
        }
        self.layout = Some(first.layout);
        Ok(first.layout)
    }

    /// Bytes that can be looked at: a page's header is looked at whole, and so is a slot in which a record may begin.
    fn limit(&self, layout: &Layout) -> usize {
        let here = self.bytes.len().min(self.size());
        let here = here - here % layout.align_bytes() as usize;
        let page = layout.page.bytes() as usize;
        let (in_page, header) = (here % page, if here < page { layout.long_header() } else { layout.short_header() });
        if in_page <= header { here - in_page } else { here }
    }

    /// The end of the record that begins, or goes on, at a place: with fewer bytes it is not whole.
    fn wanted_behind(&self, layout: &Layout, place: Lsn) -> usize {
        let at = place.minus_within(self.start()) as usize;
        let page = layout.page.bytes() as usize;
        let rest = |at: usize| self.bytes.get(at..).unwrap_or(&[]);
        let (data, header) = if at.is_multiple_of(page) {
            if rest(at).len() < HEADER {
                return at + HEADER;
            }
            let header = layout.page_header(rest(at));
            (at + header.data, Some(header))
        } else {
            (at, None)
        };
        let length = match header.filter(|header| header.continues()) {
            Some(header) => header.rem_len,
            None if rest(data).len() >= 4 => layout.total_length(rest(data)),
            None => 0,
        };
        data.saturating_add(length as usize)
    }

    /// There is something to look at.
    fn is_enough(&self, idle: bool) -> bool {
        let here = self.bytes.len();
        self.is_here() || here > self.looked && here >= HEADER && (here >= self.wanted || idle)
    }

    /// All of the segment is here.
    fn is_here(&self) -> bool {
        self.bytes.len() >= self.size()
    }

    fn size(&self) -> usize {
        self.size.bytes() as usize
    }

    fn start(&self) -> Lsn {
        // From 9.3 on, which is all that streams this way, positions are plain numbers.
        pgwal_format::AddressScheme::Linear.segment_start(self.at.number, self.size)
    }

    fn damaged(&self, layout: &Layout, damage: Damage<()>) -> ArrivalFault {
        let (damage, layout) = (Box::new(damage), Box::new(*layout));
        ArrivalFault::Damaged { damage, timeline: self.at.timeline, layout }
    }
}

fn damage_of(stop: &Stop) -> Damage<()> {
    let Stop { lsn, begun_before, at, fault, end, .. } = *stop;
    Damage { lsn, begun_before, at, fault, end, until: None, until_prev: None, before: () }
}
