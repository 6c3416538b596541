//! The steps that change segments.
//!
//! ```text
//! 0  flip      place, bit                      5  page      place, info u8, remaining u32: a right header otherwise
//! 1  write     place, length u8, bytes         6  seal      place: the record there gets a right checksum
//! 2  zero      place, length u16               7  cut       segment u8, length u24
//! 3  copy      place, place, length u16        8  swap      two segments, u8 each
//! 4  lay       place, length u16, bytes        9  link      place, prev place: the record there links to that place
//! ```
//! A place is a u24, taken modulo all bytes; numbers are little-endian. What an input does not say is zero.

use super::base::Base;
use super::{SEGMENT, SYSTEM_ID};
use pgwal_craft::record::{HeaderOffsets, lsn_bytes};
use pgwal_format::{Generation, Layout, Lsn};

/// Steps that are taken: none is dear, but their number is the input's choice.
const MAX_STEPS: usize = 64;
/// Bytes of a record that is sealed.
const MAX_SEALED: usize = 2 << 20;

/// Segments with their damage.
pub(super) struct Image {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
    touched: Vec<bool>,
}

impl Image {
    /// The bytes of each.
    pub(super) fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks(SEGMENT).zip(&self.lengths).map(|(bytes, &length)| &bytes[..length])
    }

    /// Whether a segment is not as it was made.
    pub(super) fn touched(&self, index: usize) -> bool {
        self.touched[index]
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(self.bytes.len() - at)];
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        if !bytes.is_empty() {
            (at / SEGMENT..=(at + bytes.len() - 1) / SEGMENT).for_each(|index| self.touched[index] = true);
        }
    }
}

/// Takes the steps.
pub(super) fn run(layout: &Layout, base: &Base, steps: &[u8]) -> Image {
    let count = base.bytes.len() / SEGMENT;
    let mut image = Image { bytes: base.bytes.clone(), lengths: vec![SEGMENT; count], touched: vec![false; count] };
    let mut input = Input { rest: steps, total: base.bytes.len() };
    for _ in 0..MAX_STEPS {
        if input.rest.is_empty() {
            break;
        }
        step(layout, &mut image, &mut input);
    }
    image
}

fn step(layout: &Layout, image: &mut Image, input: &mut Input<'_>) {
    let [kind] = input.take();
    let place = if matches!(kind % 10, 7 | 8) { 0 } else { input.place() };
    match kind % 10 {
        0 => {
            let [bit] = input.take();
            image.write(place, &[image.bytes[place] ^ 1 << (bit & 7)]);
        }
        1 => {
            let [length] = input.take();
            image.write(place, input.bytes(length.into()));
        }
        2 => {
            let length = u16::from_le_bytes(input.take());
            image.write(place, &vec![0; length.into()]);
        }
        3 => {
            let (from, length) = (input.place(), usize::from(u16::from_le_bytes(input.take())));
            let bytes = image.bytes[from..(from + length).min(image.bytes.len())].to_vec();
            image.write(place, &bytes);
        }
        4 => {
            let length = u16::from_le_bytes(input.take());
            image.write(place, input.bytes(length.into()));
        }
        5 => {
            let ([info], remaining) = (input.take(), u32::from_le_bytes(input.take()));
            let page = place - place % layout.page.bytes() as usize;
            let header = page_header(layout, &image.bytes[page..], info, remaining);
            image.write(page, &header);
        }
        6 => seal(layout, image, place),
        7 => {
            let [segment, l0, l1, l2] = input.take();
            let segment = usize::from(segment) % image.lengths.len();
            image.lengths[segment] = (u32::from_le_bytes([l0, l1, l2, 0]) as usize).min(SEGMENT);
            image.touched[segment] = true;
        }
        8 => {
            let [a, b] = input.take::<2>().map(|n| usize::from(n) % image.lengths.len());
            let bytes = image.bytes[a * SEGMENT..][..SEGMENT].to_vec();
            image.bytes.copy_within(b * SEGMENT..(b + 1) * SEGMENT, a * SEGMENT);
            image.bytes[b * SEGMENT..][..SEGMENT].copy_from_slice(&bytes);
            image.lengths.swap(a, b);
            (image.touched[a], image.touched[b]) = (true, true);
        }
        _ => {
            let prev = address(layout, image, input.place());
            let at = aligned(layout, place) + HeaderOffsets::of(layout.dialect.generation).prev;
            image.write(at.min(image.bytes.len()), &lsn_bytes(layout, prev));
        }
    }
}

/// The header that the page holds, with other flags and another remaining length.
fn page_header(layout: &Layout, page: &[u8], info: u8, remaining: u32) -> Vec<u8> {
    let e = layout.endian;
    let mut header = page[..layout.long_header() + 4].to_vec();
    header[..2].copy_from_slice(&e.put_u16(layout.dialect.magic));
    header[2..4].copy_from_slice(&e.put_u16(info.into()));
    let short = layout.short_header();
    let end = if info & 2 == 0 { short } else { layout.long_header() };
    if info & 2 != 0 {
        header[short..short + 8].copy_from_slice(&e.put_u64(SYSTEM_ID));
        header[short + 8..short + 12].copy_from_slice(&e.put_u32(layout.segment.bytes() as u32));
        header[short + 12..short + 16].copy_from_slice(&e.put_u32(layout.page.bytes() as u32));
    }
    match layout.dialect.generation {
        Generation::LegacyA => header[end..end + 4].copy_from_slice(&e.put_u32(remaining)),
        _ => header[16..20].copy_from_slice(&e.put_u32(remaining)),
    }
    header
}

/// Follows the record over pages, whatever their headers say, and puts its checksum where it belongs.
fn seal(layout: &Layout, image: &mut Image, place: usize) {
    let place = aligned(layout, place);
    let page = layout.page.bytes() as usize;
    let total = layout.total_length(&image.bytes[place..]) as usize;
    if total < layout.record_header() || total > MAX_SEALED {
        return;
    }
    let continuation = if layout.dialect.generation == Generation::LegacyA { 4 } else { 0 };
    let mut places = Vec::new();
    let mut record = Vec::with_capacity(total);
    let mut at = place;
    while record.len() < total && at < image.bytes.len() {
        if at.is_multiple_of(page) {
            at += if at.is_multiple_of(SEGMENT) { layout.long_header() } else { layout.short_header() } + continuation;
        }
        let here = (page - at % page).min(total - record.len());
        places.push((record.len(), at));
        record.extend_from_slice(&image.bytes[at..at + here]);
        at += here;
    }
    if record.len() < total {
        return;
    }
    let (head, body) = record.split_at(layout.record_header());
    let crc = layout.endian.put_u32(layout.checksum(head, body));
    let field = HeaderOffsets::of(layout.dialect.generation).crc;
    for (index, byte) in crc.into_iter().enumerate() {
        let Some(&(from, start)) = places.iter().rev().find(|(from, _)| *from <= field + index) else { return };
        image.write(start + field + index - from, &[byte]);
    }
}

fn aligned(layout: &Layout, place: usize) -> usize {
    place - place % layout.align_bytes() as usize
}

/// The position of a place, by the address on its page.
fn address(layout: &Layout, image: &Image, place: usize) -> Lsn {
    let place = aligned(layout, place);
    let page = place - place % layout.page.bytes() as usize;
    layout.page_header(&image.bytes[page..]).address.plus_within((place - page) as u64)
}

/// What is left of the input.
struct Input<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Input<'a> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let bytes = self.bytes(N);
        out[..bytes.len()].copy_from_slice(bytes);
        out
    }

    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        bytes
    }

    fn place(&mut self) -> usize {
        let [a, b, c] = self.take();
        u32::from_le_bytes([a, b, c, 0]) as usize % self.total
    }
}
