//! Which records to show: the options of `pg_waldump`, with its letters and its meaning.

use pgwal::format::dialect::DIALECTS;
use pgwal::format::record::{Block, BlockRef, RecordHeader, RelFileLocator};
use pgwal::format::rmgr::{Rmgr, RmgrName};

/// The forks of a relation, by number (`src/common/relpath.c`).
pub const FORKS: [&str; 4] = ["main", "fsm", "vm", "init"];

/// The options.
#[derive(clap::Args)]
pub struct Filter {
    /// Only records of this resource manager; may be repeated. "list" prints their names
    #[arg(short, long, value_name = "RMGR", value_parser = rmgr)]
    pub rmgr: Vec<Manager>,
    /// Only records with this transaction in their header
    #[arg(short, long, value_name = "XID")]
    xid: Option<u32>,
    /// Only records that touch this relation: tablespace OID/database OID/file number
    #[arg(short = 'R', long, value_name = "T/D/R", value_parser = relation)]
    relation: Option<RelFileLocator>,
    /// Only records that touch this block of the relation
    #[arg(short = 'B', long, value_name = "N", requires = "relation")]
    block: Option<u32>,
    /// Only records that touch this fork: main, fsm, vm or init
    #[arg(short = 'F', long, value_name = "FORK", value_parser = fork)]
    fork: Option<u8>,
    /// Only records with a page image
    #[arg(short = 'w', long)]
    fullpage: bool,
}

/// A resource manager as -r names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manager {
    /// Its id.
    Id(u8),
    /// The names of all are asked for.
    List,
}

impl Filter {
    /// What the header alone tells.
    #[inline]
    pub fn wants(&self, header: &RecordHeader) -> bool {
        self.xid.is_none_or(|xid| xid == header.xid) && (self.rmgr.is_empty() || self.rmgr.contains(&Manager::Id(header.rmid)))
    }

    /// What the blocks tell.
    #[inline]
    pub fn wants_blocks(&self, blocks: &[Block]) -> bool {
        let touches = self.relation.is_some() || self.fork.is_some();
        let references = || blocks.iter().map(|b| &b.reference);
        (!touches || references().any(|b| self.touches(b))) && (!self.fullpage || references().any(|b| b.image.is_some()))
    }

    fn touches(&self, block: &BlockRef) -> bool {
        self.fork.is_none_or(|fork| fork == block.fork)
            && self.relation.is_none_or(|rel| rel == block.rel)
            && self.block.is_none_or(|n| n == block.block)
    }

    /// The names are asked for.
    pub fn lists_managers(&self) -> bool {
        self.rmgr.contains(&Manager::List)
    }
}

/// The names of the built-in resource managers, by id.
pub fn managers() -> Vec<&'static str> {
    let newest = DIALECTS.last().expect("the table of versions is not empty");
    let name = |id: u8| if let RmgrName::BuiltIn(name) = Rmgr(id).name(newest) { Some(name) } else { None };
    (0..=newest.rmgr_max).filter_map(name).collect()
}

fn rmgr(text: &str) -> Result<Manager, String> {
    if text.eq_ignore_ascii_case("list") {
        return Ok(Manager::List);
    }
    let custom = text.get(..6).filter(|p| p.eq_ignore_ascii_case("custom")).and_then(|_| text.get(6..)?.parse::<u8>().ok());
    if let Some(id) = custom.filter(|&id| id >= 128) {
        return Ok(Manager::Id(id));
    }
    let found = managers().iter().position(|name| name.eq_ignore_ascii_case(text));
    found
        .map(|id| Manager::Id(id as u8))
        .ok_or_else(|| "no such resource manager; -r list names them, custom128 to custom255 are those of extensions".into())
}

fn relation(text: &str) -> Result<RelFileLocator, String> {
    let mut parts = text.split('/').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten(), parts.next()) {
        (Some(spc), Some(db), Some(rel), None) if spc != 0 && rel != 0 => Ok(RelFileLocator { spc, db, rel }),
        _ => Err("tablespace OID/database OID/file number, as in 1663/5/16384".into()),
    }
}

fn fork(text: &str) -> Result<u8, String> {
    FORKS.iter().position(|name| *name == text).map(|fork| fork as u8).ok_or_else(|| "main, fsm, vm or init".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_are_read_as_pg_waldump_reads_them() {
        assert_eq!(rmgr("heap"), Ok(Manager::Id(10)));
        assert_eq!(rmgr("LogicalMessage"), Ok(Manager::Id(21)));
        assert_eq!(rmgr("custom128"), Ok(Manager::Id(128)));
        assert_eq!(rmgr("List"), Ok(Manager::List));
        for bad in ["", "custom", "custom127", "custom256", "moon", "é"] {
            assert!(rmgr(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn relations_and_forks() {
        assert_eq!(relation("1663/5/16384"), Ok(RelFileLocator { spc: 1663, db: 5, rel: 16384 }));
        assert_eq!(relation("1664/0/1262").map(|r| r.db), Ok(0));
        for bad in ["", "1663/5", "0/5/1", "1663/5/0", "1663/5/1/2", "a/b/c", "-1/5/1"] {
            assert!(relation(bad).is_err(), "{bad}");
        }
        assert_eq!((fork("vm"), fork("VM").is_err()), (Ok(2), true));
    }
}
