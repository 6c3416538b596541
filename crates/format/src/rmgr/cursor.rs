//! Reads a record's data: by the places of fields, or from front to back.

use super::field::{Field, FieldKind, Short};
use super::sink::Value;
use super::timestamp::{Timestamp, timestamp};
use crate::bytes::at;
use crate::record::{Block, Record, RelFileLocator};
use crate::{Align, Dialect, Endian, Generation, Layout, Lsn};

/// What a description is made from.
#[derive(Clone, Copy, Debug)]
pub struct Cx<'a> {
    /// The record.
    pub record: &'a Record<'a>,
    /// Main data; the resource manager's data up to 9.4.
    pub main: &'a [u8],
    /// Block references, and where their images and data lie in the record's body.
    pub blocks: &'a [Block],
}

impl<'a> Cx<'a> {
    /// The layout.
    pub fn layout(&self) -> &'a Layout {
        self.record.layout
    }

    /// Byte order.
    pub fn endian(&self) -> Endian {
        self.record.layout.endian
    }

    /// Picks one of two offsets: on 8-byte aligned servers, on 4-byte aligned ones.
    pub fn aligned(&self, eight: usize, four: usize) -> usize {
        match self.record.layout.align {
            Align::Eight => eight,
            Align::Four => four,
        }
    }

    /// The data of block `id`, empty where there is no such block or no data.
    pub fn block_data(&self, id: u8) -> &'a [u8] {
        self.block(id).map_or(&[], |b| b.data(self.record))
    }

    /// The block reference `id`.
    pub fn block(&self, id: u8) -> Option<&'a Block> {
        self.blocks.iter().find(|b| b.reference.id == id)
    }

    /// Main data, to be read from front to back.
    pub fn cursor(&self, from: usize) -> Cursor<'a> {
        Cursor { rest: self.main.get(from..).unwrap_or(&[]), endian: self.endian() }
    }

    /// Other bytes of the record, to be read from front to back.
    pub fn over(&self, bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: bytes, endian: self.endian() }
    }

    pub(super) fn offset(&self, field: &Field) -> usize {
        let [eight, four] = field.at;
        self.aligned(eight.into(), four.into())
    }

    /// A number of those kinds that most fields are, if it is there: what [`Cx::value`] says, sooner.
    #[inline(always)]
    pub(super) fn number(&self, field: &Field) -> Option<u64> {
        let rest = self.main.get(self.offset(field)..)?;
        let e = self.endian();
        match field.kind {
            FieldKind::U8 => rest.first().map(|&n| n.into()),
            FieldKind::U16 => rest.first_chunk().map(|&n| e.u16(n).into()),
            FieldKind::U32 => rest.first_chunk().map(|&n| e.u32(n).into()),
            _ => None,
        }
    }

    pub(super) fn value(&self, field: &Field) -> Result<Value<'a>, Short> {
        read(field, self.main, self.record.layout)
    }
}

/// Reads a field at a fixed place of main data.
pub(crate) fn read<'a>(field: &Field, main: &'a [u8], layout: &Layout) -> Result<Value<'a>, Short> {
    let offset = usize::from(match layout.align {
        Align::Eight => field.at[0],
        Align::Four => field.at[1],
    });
    let mut cursor = Cursor { rest: main.get(offset..).unwrap_or(&[]), endian: layout.endian };
    let name = field.name;
    Ok(match field.kind {
        FieldKind::U8 => Value::Unsigned(cursor.u8(name)?.into()),
        FieldKind::U16 => Value::Unsigned(cursor.u16(name)?.into()),
        FieldKind::U32 => Value::Unsigned(cursor.u32(name)?.into()),
        FieldKind::U64 => Value::Unsigned(cursor.u64(name)?),
        FieldKind::I16 => Value::Signed((cursor.u16(name)? as i16).into()),
        FieldKind::I32 => Value::Signed(cursor.i32(name)?.into()),
        FieldKind::I64 => Value::Signed(cursor.u64(name)? as i64),
        FieldKind::F64 => Value::Float(f64::from_bits(cursor.u64(name)?)),
        FieldKind::Bool => Value::Bool(cursor.u8(name)? != 0),
        FieldKind::Lsn => Value::Lsn(cursor.lsn(name, layout.dialect.generation)?),
        FieldKind::FullXid => Value::FullXid(cursor.u64(name)?),
        FieldKind::Rel => Value::Rel(cursor.rel(name)?),
        FieldKind::Time => Value::Time(cursor.time(name, layout.dialect)?),
        FieldKind::Seconds => Value::Seconds(cursor.u64(name)? as i64),
        FieldKind::WalLevel => Value::Name(layout.dialect.wal_level(cursor.u32(name)?)),
        FieldKind::TidBlock => Value::Unsigned(cursor.tid(name)?.0.into()),
        FieldKind::Tid => {
            let (block, offset) = cursor.tid(name)?;
            Value::Tid(block, offset)
        }
        FieldKind::Text(most) => {
            if cursor.rest.is_empty() {
                return Err(Short(name));
            }
            let bytes = cursor.rest.get(..usize::from(most)).unwrap_or(cursor.rest);
            Value::Text(bytes.split(|&b| b == 0).next().unwrap_or(bytes))
        }
    })
}

/// Reads values one after another. Each answer names the field that the data was too short for.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    /// What was not read yet.
    pub rest: &'a [u8],
    endian: Endian,
}

impl<'a> Cursor<'a> {
    /// So many bytes.
    pub fn bytes(&mut self, name: &'static str, count: usize) -> Result<&'a [u8], Short> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Short(name))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Passes over bytes.
    pub fn skip(&mut self, name: &'static str, count: usize) -> Result<(), Short> {
        self.bytes(name, count).map(|_| ())
    }

    fn array<const N: usize>(&mut self, name: &'static str) -> Result<[u8; N], Short> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Short(name))?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// One byte.
    pub fn u8(&mut self, name: &'static str) -> Result<u8, Short> {
        self.array::<1>(name).map(|[b]| b)
    }

    /// Two bytes.
    pub fn u16(&mut self, name: &'static str) -> Result<u16, Short> {
        Ok(self.endian.u16(self.array(name)?))
    }

    /// Four bytes.
    pub fn u32(&mut self, name: &'static str) -> Result<u32, Short> {
        Ok(self.endian.u32(self.array(name)?))
    }

    /// Four bytes, signed.
    pub fn i32(&mut self, name: &'static str) -> Result<i32, Short> {
        Ok(self.u32(name)? as i32)
    }

    /// Eight bytes.
    pub fn u64(&mut self, name: &'static str) -> Result<u64, Short> {
        Ok(self.endian.u64(self.array(name)?))
    }

    /// A position: two halves up to 9.2.
    pub fn lsn(&mut self, name: &'static str, generation: Generation) -> Result<Lsn, Short> {
        let bytes: [u8; 8] = self.array(name)?;
        Ok(match generation {
            Generation::LegacyA => Lsn::from_halves(self.endian.u32(at(&bytes, 0)), self.endian.u32(at(&bytes, 4))),
            _ => Lsn::new(self.endian.u64(bytes)),
        })
    }

    /// Twelve bytes: tablespace, database, relation.
    pub fn rel(&mut self, name: &'static str) -> Result<RelFileLocator, Short> {
        Ok(RelFileLocator { spc: self.u32(name)?, db: self.u32(name)?, rel: self.u32(name)? })
    }

    /// Six bytes: a block, its high half first, and an offset (`ItemPointerData`).
    pub fn tid(&mut self, name: &'static str) -> Result<(u32, u16), Short> {
        let (high, low, offset) = (self.u16(name)?, self.u16(name)?, self.u16(name)?);
        Ok((u32::from(high) << 16 | u32::from(low), offset))
    }

    /// Unix seconds as the C library's `time_t` had them: eight bytes, four on 4-byte aligned servers.
    pub fn time_t(&mut self, name: &'static str, align: Align) -> Result<i64, Short> {
        match align {
            Align::Eight => Ok(self.u64(name)? as i64),
            Align::Four => Ok(self.i32(name)?.into()),
        }
    }

    /// A `TimestampTz`.
    pub fn time(&mut self, name: &'static str, dialect: &Dialect) -> Result<Timestamp, Short> {
        Ok(timestamp(self.u64(name)?, dialect.float_times))
    }

    /// A count of things of `size` bytes each, all of which must be there.
    pub fn count(&mut self, name: &'static str, size: usize) -> Result<usize, Short> {
        let count = self.i32(name)?;
        self.fits(name, i64::from(count), size)
    }

    /// Whether so many things of `size` bytes are there. A negative number counts as none.
    pub fn fits(&self, name: &'static str, count: i64, size: usize) -> Result<usize, Short> {
        let count = usize::try_from(count.max(0)).map_err(|_| Short(name))?;
        if count.checked_mul(size).is_none_or(|bytes| bytes > self.rest.len()) { Err(Short(name)) } else { Ok(count) }
    }
}
