//! Block references: behind the description, or on lines of their own.

use super::text::relation;
use crate::filter::FORKS;
use crate::render::digits::decimal;
use pgwal::format::record::{Block, Image, Record, RelFileLocator};
use pgwal::format::{Dialect, Generation};

/// The size of data pages that the dump programs are built for.
const DATA_PAGE: u64 = 8192;

/// `, blkref #0: rel 1663/5/16384 fork vm blk 7 FPW`, for each block.
pub fn short(record: &Record<'_>, blocks: &[Block], out: &mut Vec<u8>) {
    for block in blocks {
        let block = &block.reference;
        out.extend_from_slice(b", blkref #");
        decimal(out, block.id.into(), 0);
        out.extend_from_slice(b": rel ");
        relation(out, &block.rel);
        if block.fork != 0 {
            out.extend_from_slice(b" fork ");
            fork(out, block.fork);
        }
        out.extend_from_slice(b" blk ");
        decimal(out, block.block.into(), 0);
        if let Some(image) = block.image {
            out.push(b' ');
            out.extend_from_slice(purpose(&image, record.layout.dialect));
        }
    }
}

/// A line a block.
pub fn lines(record: &Record<'_>, blocks: &[Block], out: &mut Vec<u8>) {
    let dialect = record.layout.dialect;
    for block in blocks {
        let block = &block.reference;
        if dialect.generation != Generation::Modern {
            out.extend_from_slice(b"\tbackup bkp #");
            decimal(out, block.id.into(), 0);
            out.extend_from_slice(b"; rel ");
            relation(out, &block.rel);
            out.extend_from_slice(b"; fork: ");
            fork(out, block.fork);
            out.extend_from_slice(b"; block: ");
            decimal(out, block.block.into(), 0);
            if let Some(image) = block.image {
                out.extend_from_slice(b"; hole: offset: ");
                decimal(out, image.hole_offset.into(), 0);
                out.extend_from_slice(b", length: ");
                decimal(out, image.hole_length.unwrap_or(0).into(), 0);
            }
            out.push(b'\n');
            continue;
        }
        out.extend_from_slice(b"\tblkref #");
        decimal(out, block.id.into(), 0);
        out.extend_from_slice(b": rel ");
        relation(out, &block.rel);
        out.extend_from_slice(b" fork ");
        fork(out, block.fork);
        out.extend_from_slice(b" blk ");
        decimal(out, block.block.into(), 0);
        if let Some(image) = block.image {
            out.extend_from_slice(b" (");
            out.extend_from_slice(purpose(&image, dialect));
            out.extend_from_slice(b"); hole: offset: ");
            decimal(out, image.hole_offset.into(), 0);
            out.extend_from_slice(b", length: ");
            let hole = image.hole_length.map_or(DATA_PAGE.saturating_sub(image.length.into()), u64::from);
            decimal(out, hole, 0);
            if image.compressed {
                out.extend_from_slice(b", compression saved: ");
                decimal(out, DATA_PAGE.saturating_sub(hole).saturating_sub(image.length.into()), 0);
                if let Some(method) = method(&image, dialect) {
                    out.extend_from_slice(b", method: ");
                    out.extend_from_slice(method.as_bytes());
                }
            }
        }
        out.push(b'\n');
    }
}

fn purpose(image: &Image, _: &Dialect) -> &'static [u8] {
    if image.apply { b"FPW" } else { b"FPW for WAL verification" }
}

/// The compression method, in versions that have several.
fn method(image: &Image, dialect: &Dialect) -> Option<&'static str> {
    let several = dialect.image.methods.iter().filter(|&&bit| bit != 0).count() > 1;
    let found = ["pglz", "lz4", "zstd"].into_iter().zip(dialect.image.methods).find(|(_, bit)| image.info & bit != 0);
    several.then(|| found.map_or("unknown", |(name, _)| name))
}

fn fork(out: &mut Vec<u8>, number: u8) {
    out.extend_from_slice(FORKS.get(usize::from(number)).copied().unwrap_or("unknown").as_bytes());
}

/// The path of a relation's file in the data directory (`relpath`): a tablespace's folder has the name of the version from 9.0 on.
pub fn path(out: &mut Vec<u8>, rel: &RelFileLocator, number: u8, dialect: &Dialect) {
    const DEFAULT: u32 = 1663;
    const GLOBAL: u32 = 1664;
    match rel.spc {
        GLOBAL => out.extend_from_slice(b"global/"),
        DEFAULT => {
            out.extend_from_slice(b"base/");
            decimal(out, rel.db.into(), 0);
            out.push(b'/');
        }
        _ => {
            out.extend_from_slice(b"pg_tblspc/");
            decimal(out, rel.spc.into(), 0);
            out.push(b'/');
            if dialect.relmap_and_standby {
                out.extend_from_slice(format!("PG_{}_{}/", dialect.version, dialect.catalog_version).as_bytes());
            }
            decimal(out, rel.db.into(), 0);
            out.push(b'/');
        }
    }
    decimal(out, rel.rel.into(), 0);
    if number != 0 {
        out.push(b'_');
        fork(out, number);
    }
}
