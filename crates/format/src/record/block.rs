//! The tagged fragments of 9.5 and later (`src/include/access/xlogrecord.h`).
//!
//! ```text
//! id 0..=32   block reference   fork_flags u8, data_length u16,
//!                               [image: length u16, hole_offset u16, bimg_info u8, [hole_length u16]]
//!                               [relation: 3 × u32, unless the same as before], block u32
//! id 255      main data         length u8
//! id 254      main data         length u32
//! id 253      origin            u16
//! id 252      top transaction   u32 (14 and later)
//! ```
//! Then the payloads: for each block its image and its data, at last the main data.

use super::{BodyFault, RecordHeader};
use crate::Layout;
use crate::bytes::{Parsed, array};

/// A relation's files: tablespace, database, file number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct RelFileLocator {
    /// Tablespace.
    pub spc: u32,
    /// Database.
    pub db: u32,
    /// File number.
    pub rel: u32,
}

/// A page image that a record carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Image {
    /// Bytes stored.
    pub length: u32,
    /// Where the hole begins.
    pub hole_offset: u16,
    /// Bytes of the hole, `None` where only the page size would tell (uncompressed, 9.5 and later).
    pub hole_length: Option<u16>,
    /// `bimg_info`; 0 up to 9.4.
    pub info: u8,
    /// To be applied at replay; otherwise it is there to check consistency only.
    pub apply: bool,
    /// Stored compressed.
    pub compressed: bool,
}

/// A block that a record touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockRef {
    /// Its number in the record.
    pub id: u8,
    /// The relation.
    pub rel: RelFileLocator,
    /// 0 main, 1 fsm, 2 vm, 3 init.
    pub fork: u8,
    /// The block.
    pub block: u32,
    /// Its page image.
    pub image: Option<Image>,
    /// Bytes of data that belong to the block.
    pub data_len: u16,
    /// The page is made anew at replay.
    pub will_init: bool,
}

/// Where the parts of a record's body lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BodyShape {
    /// Offset of the main data in the body.
    pub main_start: usize,
    /// Bytes of main data.
    pub main_len: usize,
    /// Bytes of page images.
    pub image_len: usize,
    /// Replication origin.
    pub origin: Option<u16>,
    /// Top-level transaction.
    pub top_xid: Option<u32>,
}

const MAX_BLOCK_ID: u8 = 32;
const HAS_IMAGE: u8 = 0x10;
const HAS_DATA: u8 = 0x20;
const WILL_INIT: u8 = 0x40;
const SAME_REL: u8 = 0x80;
const HAS_HOLE: u8 = 0x01;

fn cut<'a, const N: usize>(input: &mut &'a [u8]) -> Result<&'a [u8; N], BodyFault> {
    let (rest, taken) = array::<N>(input).map_err(|_| BodyFault::Length)?;
    *input = rest;
    Ok(taken)
}

/// Reads the fragment headers, in the order and with the checks of `DecodeXLogRecord`.
#[inline]
pub(super) fn shape(
    layout: &Layout,
    header: &RecordHeader,
    body: &[u8],
    blocks: &mut impl FnMut(BlockRef),
) -> Result<BodyShape, BodyFault> {
    let e = layout.endian;
    let total = (header.tot_len as usize).saturating_sub(layout.record_header());
    let mut rest = body;
    let mut payload = 0usize;
    let mut out = BodyShape::default();
    let mut last_id: Option<u8> = None;
    let mut rel: Option<RelFileLocator> = None;
    // Bytes of the body behind what was read, those that are not at hand included.
    let left = |rest: &[u8]| total.saturating_sub(body.len() - rest.len());
    while left(rest) > payload {
        let [id] = *cut::<1>(&mut rest)?;
        match id {
            255 => {
                let [len] = *cut::<1>(&mut rest)?;
                out.main_len = usize::from(len);
                payload += out.main_len;
                break;
            }
            254 => {
                out.main_len = e.u32(*cut::<4>(&mut rest)?) as usize;
                payload = payload.saturating_add(out.main_len);
                break;
            }
            253 => out.origin = Some(e.u16(*cut::<2>(&mut rest)?)),
            252 if layout.dialect.top_level_xid => out.top_xid = Some(e.u32(*cut::<4>(&mut rest)?)),
            0..=MAX_BLOCK_ID => {
                if last_id.is_some_and(|last| id <= last) {
                    return Err(BodyFault::OutOfOrder { id });
                }
                last_id = Some(id);
                let (after, block) = block_ref(layout, id, &mut rel, rest)?;
                rest = after;
                let image = block.image.map_or(0, |i| i.length as usize);
                out.image_len += image;
                payload += usize::from(block.data_len) + image;
                blocks(block);
            }
            _ => return Err(BodyFault::FragmentId { id }),
        }
    }
    if left(rest) != payload {
        return Err(BodyFault::Length);
    }
    out.main_start = total - out.main_len;
    Ok(out)
}

impl Layout {
    /// Whether the structure of a whole body of 9.5 or later is right: what [`Layout::shape`] says, without saying what
    /// is wrong.
    #[inline(always)]
    pub fn modern_shape_holds(&self, body: &[u8]) -> bool {
        // By far the most records: one block without an image, then main data; or main data alone.
        if let Some(&[0, flags, d0, d1]) = body.first_chunk::<4>()
            && flags & (HAS_IMAGE | SAME_REL) == 0
            && let Some(&[255, len]) = body.get(20..).and_then(|rest| rest.first_chunk::<2>())
        {
            let data = usize::from(u16::from_le_bytes([d0, d1]));
            return body.len() == 22 + data + usize::from(len) && (flags & HAS_DATA != 0) == (data != 0);
        }
        match body {
            [255, len, rest @ ..] => rest.len() == usize::from(*len),
            _ => self.modern_shape_at_length(body),
        }
    }

    /// Whether a body begins as those of most records do: main data alone, or one block without an image, then main
    /// data.
    #[inline(always)]
    pub(crate) fn plainly_without_images(&self, body: &[u8]) -> bool {
        match body.first_chunk::<4>() {
            Some(&[0, flags, _, _]) => flags & (HAS_IMAGE | SAME_REL) == 0 && body.get(20) == Some(&255),
            _ => body.first() == Some(&255),
        }
    }

    /// The structure of a body that begins as those of most records do: main data alone, or one block without an image,
    /// then main data; and whose lengths are right: the offset and the length of main data, and the block. `len`: bytes
    /// of the whole body.
    #[inline(always)]
    pub(super) fn plain_shape(&self, len: usize, body: &[u8]) -> Option<(usize, usize, Option<BlockRef>)> {
        if let Some(&[255, main]) = body.first_chunk() {
            let main_len = usize::from(main);
            return (len == 2 + main_len).then_some((2, main_len, None));
        }
        let e = self.endian;
        let &[0, flags, d0, d1, s0, s1, s2, s3, b0, b1, b2, b3, r0, r1, r2, r3, n0, n1, n2, n3, 255, main] =
            body.first_chunk::<22>()?
        else {
            return None;
        };
        let (data_len, main_len) = (e.u16([d0, d1]), usize::from(main));
        let whole = flags & (HAS_IMAGE | SAME_REL) == 0 && len == 22 + usize::from(data_len) + main_len;
        if !whole || (flags & HAS_DATA != 0) != (data_len != 0) {
            return None;
        }
        let rel =
            RelFileLocator { spc: e.u32([s0, s1, s2, s3]), db: e.u32([b0, b1, b2, b3]), rel: e.u32([r0, r1, r2, r3]) };
        let block = e.u32([n0, n1, n2, n3]);
        let reference = BlockRef {
            id: 0,
            rel,
            fork: flags & 0x0F,
            block,
            image: None,
            data_len,
            will_init: flags & WILL_INIT != 0,
        };
        Some((len - main_len, main_len, Some(reference)))
    }

    #[inline(never)]
    fn modern_shape_at_length(&self, body: &[u8]) -> bool {
        let header = RecordHeader {
            tot_len: (body.len() + 24) as u32,
            xid: 0,
            prev: crate::Lsn::ZERO,
            info: 0,
            rmid: 0,
            crc: 0,
            len: 0,
        };
        shape(self, &header, body, &mut |_| ()).is_ok()
    }
}

#[inline]
fn block_ref<'a>(
    layout: &Layout,
    id: u8,
    rel: &mut Option<RelFileLocator>,
    mut rest: &'a [u8],
) -> Result<(&'a [u8], BlockRef), BodyFault> {
    let e = layout.endian;
    let &[flags, d0, d1] = cut::<3>(&mut rest)?;
    let data_len = e.u16([d0, d1]);
    if (flags & HAS_DATA != 0) != (data_len != 0) {
        return Err(BodyFault::DataFlag);
    }
    let image = if flags & HAS_IMAGE != 0 {
        let (after, image) = self::image(layout, rest)?;
        rest = after;
        Some(image)
    } else {
        None
    };
    if flags & SAME_REL == 0 {
        let (after, locator) = locator(layout, rest).map_err(|_| BodyFault::Length)?;
        (rest, *rel) = (after, Some(locator));
    }
    let rel = rel.ok_or(BodyFault::SameRelation)?;
    let block = e.u32(*cut::<4>(&mut rest)?);
    Ok((rest, BlockRef { id, rel, fork: flags & 0x0F, block, image, data_len, will_init: flags & WILL_INIT != 0 }))
}

/// Twelve bytes: tablespace, database, relation.
pub(super) fn locator<'a>(layout: &Layout, input: &'a [u8]) -> Parsed<'a, RelFileLocator> {
    let e = layout.endian;
    let (input, spc) = array::<4>(input)?;
    let (input, db) = array::<4>(input)?;
    let (input, rel) = array::<4>(input)?;
    Ok((input, RelFileLocator { spc: e.u32(*spc), db: e.u32(*db), rel: e.u32(*rel) }))
}

fn image<'a>(layout: &Layout, mut rest: &'a [u8]) -> Result<(&'a [u8], Image), BodyFault> {
    let e = layout.endian;
    let bits = layout.dialect.image;
    let &[l0, l1, o0, o1, info] = cut::<5>(&mut rest)?;
    let (length, hole_offset) = (e.u16([l0, l1]), e.u16([o0, o1]));
    let (hole, compressed) = (info & HAS_HOLE != 0, info & bits.compressed != 0);
    let hole_length = match (compressed, hole) {
        (true, true) => Some(e.u16(*cut::<2>(&mut rest)?)),
        (_, false) => Some(0),
        (false, true) => None,
    };
    // The size of data pages is not known here: any of 1 to 32 KiB counts as "the whole page".
    let whole_page = length.is_power_of_two() && (1024..=32768).contains(&length);
    let fits = match (hole, compressed) {
        (true, true) => hole_offset != 0 && hole_length != Some(0),
        (true, false) => hole_offset != 0 && length != 0,
        (false, true) => hole_offset == 0,
        (false, false) => hole_offset == 0 && whole_page,
    };
    if !fits {
        return Err(BodyFault::Image);
    }
    let apply = bits.apply == 0 || info & bits.apply != 0;
    Ok((rest, Image { length: u32::from(length), hole_offset, hole_length, info, apply, compressed }))
}
