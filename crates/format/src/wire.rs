//! A compact binary form of what was seen, to be stored and sent: numbers of seven bits a byte, bytes with their length
//! in front.
//!
//! It carries no version of its own: whoever stores it writes one beside it, and a checksum. Reading takes nothing on
//! trust: what does not fit is `None`, and no length is believed that the bytes at hand do not cover.

use crate::page::PageFault;
use crate::record::{BodyFault, HeaderFault};
use crate::rmgr::xact::Timestamp;
use crate::{Align, Dialect, Endian, Layout, Lsn, PageSize, SegmentName, SegmentNo, SegmentSize, TimelineId};

/// Something with a binary form.
pub trait Wire: Sized {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads it from the front of `input` and moves that behind it; `None` where the bytes are not such a thing.
    fn take(input: &mut &[u8]) -> Option<Self>;
}

/// Implements [`Wire`] for a structure: its fields, one after another.
#[macro_export]
macro_rules! wire_fields {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl $crate::wire::Wire for $type {
            fn put(&self, out: &mut Vec<u8>) { $($crate::wire::Wire::put(&self.$field, out);)* }
            fn take(input: &mut &[u8]) -> Option<Self> { Some(Self { $($field: $crate::wire::Wire::take(input)?),* }) }
        }
    };
}

/// Implements [`Wire`] for an enum: a number a variant, then its fields. What is added to the enum later and not here
/// has the number 255, which is read as nothing.
#[macro_export]
macro_rules! wire_variants {
    ($type:ty { $($number:literal => $variant:ident $({ $($field:ident),* })? $(( $inner:ident ))?),* $(,)? }) => {
        impl $crate::wire::Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                #[allow(unreachable_patterns, reason = "enums that may grow")]
                match self {
                    $(Self::$variant $({ $($field),* })? $(( $inner ))? => {
                        out.push($number);
                        $($($crate::wire::Wire::put($field, out);)*)?
                        $($crate::wire::Wire::put($inner, out);)?
                    })*
                    _ => out.push(255),
                }
            }
            fn take(input: &mut &[u8]) -> Option<Self> {
                match <u8 as $crate::wire::Wire>::take(input)? {
                    $($number => {
                        $($(let $field = $crate::wire::Wire::take(input)?;)*)?
                        $(let $inner = $crate::wire::Wire::take(input)?;)?
                        Some(Self::$variant $({ $($field),* })? $(( $inner ))?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

/// Takes so many bytes off the front.
pub fn bytes<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(taken)
}

impl Wire for u8 {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }
    fn take(input: &mut &[u8]) -> Option<u8> {
        bytes(input, 1)?.first().copied()
    }
}

impl Wire for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut n = *self;
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    }
    fn take(input: &mut &[u8]) -> Option<u64> {
        let mut out = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = u8::take(input)?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                return None;
            }
            out |= part << shift;
            if byte < 0x80 {
                return Some(out);
            }
        }
        None
    }
}

macro_rules! through_u64 {
    ($($type:ty),*) => {$(
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) { (*self as u64).put(out) }
            fn take(input: &mut &[u8]) -> Option<$type> { <$type>::try_from(u64::take(input)?).ok() }
        }
    )*};
}
through_u64!(u16, u32, usize);

/// Small numbers of either sign are short.
impl Wire for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        ((self << 1) ^ (self >> 63)).cast_unsigned().put(out);
    }
    fn take(input: &mut &[u8]) -> Option<i64> {
        let n = u64::take(input)?;
        Some((n >> 1).cast_signed() ^ -((n & 1).cast_signed()))
    }
}

impl Wire for u128 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
    fn take(input: &mut &[u8]) -> Option<u128> {
        bytes(input, 16)?.first_chunk().map(|b| u128::from_le_bytes(*b))
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(input: &mut &[u8]) -> Option<bool> {
        match u8::take(input)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(inner) = self {
            inner.put(out);
        }
    }
    fn take(input: &mut &[u8]) -> Option<Option<T>> {
        if bool::take(input)? { T::take(input).map(Some) } else { Some(None) }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        self.iter().for_each(|item| item.put(out));
    }
    fn take(input: &mut &[u8]) -> Option<Vec<T>> {
        // Every item takes a byte at least. Room is made as they come: a length alone makes none.
        let length = usize::take(input).filter(|&n| n <= input.len())?;
        let mut out = Vec::with_capacity(length.min(1024));
        for _ in 0..length {
            out.push(T::take(input)?);
        }
        Some(out)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(input: &mut &[u8]) -> Option<(A, B)> {
        Some((A::take(input)?, B::take(input)?))
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Box<T>> {
        T::take(input).map(Box::new)
    }
}

impl<const N: usize> Wire for [u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn take(input: &mut &[u8]) -> Option<[u8; N]> {
        bytes(input, N)?.first_chunk().copied()
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take(input: &mut &[u8]) -> Option<String> {
        let length = usize::take(input)?;
        std::str::from_utf8(bytes(input, length)?).ok().map(str::to_owned)
    }
}

impl Wire for Lsn {
    fn put(&self, out: &mut Vec<u8>) {
        self.get().put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Lsn> {
        u64::take(input).map(Lsn::new)
    }
}

impl Wire for TimelineId {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(input: &mut &[u8]) -> Option<TimelineId> {
        u32::take(input).map(TimelineId)
    }
}

impl Wire for SegmentNo {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(input: &mut &[u8]) -> Option<SegmentNo> {
        u64::take(input).map(SegmentNo)
    }
}

wire_fields!(SegmentName { timeline, log, seg });

impl Wire for Timestamp {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Timestamp> {
        i64::take(input).map(Timestamp)
    }
}

/// The magic of its pages.
impl Wire for &'static Dialect {
    fn put(&self, out: &mut Vec<u8>) {
        self.magic.put(out);
    }
    fn take(input: &mut &[u8]) -> Option<&'static Dialect> {
        Dialect::by_magic(u16::take(input)?)
    }
}

impl Wire for Layout {
    fn put(&self, out: &mut Vec<u8>) {
        self.dialect.put(out);
        (self.align == Align::Four).put(out);
        (self.endian == Endian::Big).put(out);
        self.segment.bytes().put(out);
        self.page.bytes().put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Layout> {
        Some(Layout {
            dialect: Wire::take(input)?,
            align: if bool::take(input)? { Align::Four } else { Align::Eight },
            endian: if bool::take(input)? { Endian::Big } else { Endian::Little },
            segment: SegmentSize::new(u64::take(input)?)?,
            page: PageSize::new(u64::take(input)?)?,
        })
    }
}

wire_variants!(PageFault {
    0 => Magic { found },
    1 => Info { found },
    2 => SystemId { found, expected },
    3 => SegmentSize { found },
    4 => PageSize { found },
    5 => Address { found },
    6 => Timeline { found, after },
});

wire_variants!(HeaderFault {
    0 => Length { found },
    1 => ZeroLength,
    2 => SwitchWithData,
    3 => Rmgr { id },
});

wire_variants!(BodyFault {
    0 => FragmentId { id },
    1 => OutOfOrder { id },
    2 => DataFlag,
    3 => Image,
    4 => SameRelation,
    5 => Length,
    6 => Hole,
});

#[cfg(test)]
mod tests {
    use super::*;

    fn round<T: Wire + PartialEq + std::fmt::Debug>(value: T) {
        let mut out = Vec::new();
        value.put(&mut out);
        let mut input = out.as_slice();
        assert_eq!((T::take(&mut input), input.len()), (Some(value), 0));
        for cut in 0..out.len() {
            assert!(T::take(&mut &out[..cut]).is_none(), "cut at {cut}");
        }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        for n in [0, 1, 127, 128, u64::from(u32::MAX), u64::MAX] {
            round(n);
            round(n.cast_signed());
            round(Some(Lsn::new(n)));
        }
        round(i64::MIN);
        round(vec![(true, "é".to_owned()), (false, String::new())]);
        round(PageFault::Timeline { found: TimelineId(3), after: TimelineId(7) });
        round(HeaderFault::ZeroLength);
        round(BodyFault::OutOfOrder { id: 9 });
        round(u128::MAX - 5);
    }

    #[test]
    fn no_length_is_believed() {
        let mut claim = Vec::new();
        u64::MAX.put(&mut claim);
        assert_eq!(Vec::<u64>::take(&mut claim.as_slice()), None);
        assert_eq!(String::take(&mut claim.as_slice()), None);
        assert_eq!(u32::take(&mut claim.as_slice()), None);
        assert_eq!(u64::take(&mut [0xFF; 10].as_slice()), None);
    }
}
