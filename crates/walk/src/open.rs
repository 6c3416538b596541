//! A record that crosses pages, while it is put together.

use crate::begin::Begin;
use crate::fault::Fault;
use pgwal_format::record::RecordHeader;
use pgwal_format::{Layout, Lsn};

/// A record of which the beginning is at hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// Where it starts.
    pub start: Lsn,
    /// Its whole length in bytes.
    pub tot_len: u32,
    /// Bytes at hand so far.
    pub got: u64,
    /// Found after damage by its looks: only its checksum will prove that it is a record.
    pub unproven: bool,
    /// The aborted record that it must tell of.
    pub(crate) overwrites: Option<Lsn>,
    header: [u8; 32],
    crc: u32,
    /// The beginning of its body.
    pub kept: Vec<u8>,
}

impl Open {
    pub(crate) fn new(start: Lsn, tot_len: u32, kept: Vec<u8>) -> Open {
        Open { start, tot_len, got: 0, unproven: false, overwrites: None, header: [0; 32], crc: 0, kept }
    }

    pub(crate) fn begin(&self, layout: &Layout) -> Begin {
        let header = self.header(layout).filter(|_| self.has_header(layout));
        Begin { lsn: self.start, prev: header.map(|h| h.prev) }
    }

    /// Bytes still to come.
    pub fn missing(&self) -> u64 {
        u64::from(self.tot_len).saturating_sub(self.got)
    }

    /// Whether the whole header is at hand.
    pub(crate) fn has_header(&self, layout: &Layout) -> bool {
        self.got >= layout.record_header() as u64
    }

    pub(crate) fn header(&self, layout: &Layout) -> Option<RecordHeader> {
        layout.record_header_at(self.header.get(..layout.record_header())?)
    }

    /// The header as far as it is at hand: what is still to come of it are zeros.
    pub fn header_at_hand(&self, layout: &Layout) -> Option<RecordHeader> {
        self.header(layout)
    }

    /// Adds bytes; those of the body are kept up to `keep`.
    #[inline]
    pub(crate) fn feed(&mut self, layout: &Layout, bytes: &[u8], keep: usize) {
        let body = self.feed_header(layout, bytes);
        self.keep(body, keep);
        self.sum(layout, body);
    }

    /// Adds bytes to the header, as far as that lacks some, and counts them all. Gives back those of the body, which
    /// must be given to [`Open::sum`].
    #[inline]
    pub(crate) fn feed_header<'b>(&mut self, layout: &Layout, bytes: &'b [u8]) -> &'b [u8] {
        let size = layout.record_header();
        let have = (self.got as usize).min(size);
        let of_header = (size - have).min(bytes.len());
        let (head, body) = bytes.split_at(of_header);
        if let Some(place) = self.header.get_mut(have..have + of_header) {
            place.copy_from_slice(head);
        }
        self.got += bytes.len() as u64;
        body
    }

    /// Keeps bytes of the body that come next, up to `keep` of all. How many.
    #[inline]
    pub(crate) fn keep(&mut self, body: &[u8], keep: usize) -> usize {
        let (kept, _) = body.split_at(keep.saturating_sub(self.kept.len()).min(body.len()));
        self.kept.extend_from_slice(kept);
        kept.len()
    }

    /// Adds bytes of the body to the checksum.
    #[inline]
    pub(crate) fn sum(&mut self, layout: &Layout, body: &[u8]) {
        if !body.is_empty() {
            self.crc = layout.append(self.crc, body);
        }
    }

    /// Adds bytes of which only the checksum is at hand. The header must be complete.
    pub(crate) fn feed_checksum(&mut self, layout: &Layout, crc: u32, len: u64) {
        self.crc = layout.combine(self.crc, crc, len);
        self.got += len;
    }

    /// The bytes of the header that are at hand.
    pub(crate) fn header_so_far(&self) -> &[u8] {
        self.header.get(..(self.got.min(self.header.len() as u64)) as usize).unwrap_or(&[])
    }

    /// The checksum of the body so far.
    pub(crate) fn crc_so_far(&self) -> u32 {
        self.crc
    }

    /// Takes over the header and the checksum of one that was stored; false where there is too much of it.
    pub(crate) fn resume(&mut self, header: &[u8], crc: u32) -> bool {
        self.crc = crc;
        self.header.get_mut(..header.len()).map(|place| place.copy_from_slice(header)).is_some()
    }

    /// Checks a complete record, all but its link.
    pub(crate) fn check(&self, layout: &Layout) -> Result<RecordHeader, Fault> {
        let header = self.header(layout).ok_or(Fault::CutOff)?;
        layout.check_header(&header).map_err(Fault::Header)?;
        let bytes = self.header.get(..layout.record_header()).unwrap_or(&[]);
        let computed = layout.append(self.crc, layout.checked_part(bytes));
        if computed != header.crc {
            return Err(Fault::Checksum { stored: header.crc, computed });
        }
        layout.shape(&header, &self.kept, &mut |_| ()).map_err(Fault::Body)?;
        Ok(header)
    }
}
