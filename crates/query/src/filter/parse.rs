//! Reads the values of filters.

use super::{FORKS, RmgrChoice, managers};
use crate::sizes::bytes_of;
use pgwal_format::Generation;
use pgwal_format::record::{RecordHeader, RelFileLocator};
use pgwal_format::rmgr::managers::ALL;
use pgwal_format::rmgr::vocabulary::Vocabulary;

/// A resource manager by its name or, of an extension, `custom128`.
///
/// # Errors
/// There is none of that name.
pub fn rmgr(text: &str) -> Result<RmgrChoice, String> {
    if text.eq_ignore_ascii_case("list") {
        return Ok(RmgrChoice::List);
    }
    id(text).map(RmgrChoice::Id).ok_or_else(|| {
        "no such resource manager; -r list names them, custom128 to custom255 are those of extensions".into()
    })
}

fn id(text: &str) -> Option<u8> {
    let custom =
        text.get(..6).filter(|p| p.eq_ignore_ascii_case("custom")).and_then(|_| text.get(6..)?.parse::<u8>().ok());
    let named = || managers().iter().position(|name| name.eq_ignore_ascii_case(text)).map(|id| id as u8);
    custom.filter(|&id| id >= 128).or_else(named)
}

/// Tablespace, database and file number, with slashes.
///
/// # Errors
/// It is written otherwise.
pub fn relation(text: &str) -> Result<RelFileLocator, String> {
    let mut parts = text.split('/').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten(), parts.next()) {
        (Some(spc), Some(db), Some(rel), None) if spc != 0 && rel != 0 => Ok(RelFileLocator { spc, db, rel }),
        _ => Err("tablespace OID/database OID/file number, as in 1663/5/16384".into()),
    }
}

/// A place in [`FORKS`].
///
/// # Errors
/// There is no such fork.
pub fn fork(text: &str) -> Result<u8, String> {
    FORKS.iter().position(|name| *name == text).map(|fork| fork as u8).ok_or_else(|| "main, fsm, vm or init".into())
}

/// A type of records, as `--record` names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordType {
    /// Of this resource manager.
    rmid: Option<u8>,
    what: TypeName,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum TypeName {
    Named(&'static str),
    /// The high bits of `xl_info`, for what has no name.
    Bits(u8),
}

impl RecordType {
    /// `INSERT`, `Heap/INSERT`, `Heap/0x40`.
    pub fn parse(text: &str) -> Result<RecordType, String> {
        let (rmid, name) = match text.split_once('/') {
            Some((manager, name)) => {
                (Some(id(manager).ok_or_else(|| format!("no such resource manager: {manager}"))?), name)
            }
            None => (None, text),
        };
        let unknown =
            name.strip_prefix("UNKNOWN (").and_then(|rest| rest.strip_suffix(')')).or_else(|| name.strip_prefix("0x"));
        if let Some(bits) = unknown.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            return Ok(RecordType { rmid, what: TypeName::Bits(bits & 0xF0) });
        }
        let rows = ALL
            .iter()
            .enumerate()
            .filter(|(i, _)| rmid.is_none_or(|id| usize::from(id) == *i))
            .map(|(_, manager)| manager);
        let mut ops = rows.flat_map(|m| m.ops(Generation::Modern).iter().chain(m.ops(Generation::LegacyA)));
        let found = ops.find(|op| op.name.eq_ignore_ascii_case(name));
        found
            .map(|op| RecordType { rmid, what: TypeName::Named(op.name) })
            .ok_or_else(|| "no such type of records; walproof fields lists them".into())
    }

    /// Whether a record may be of this type, as far as its header tells without its version.
    pub fn may_be(&self, header: &RecordHeader) -> bool {
        self.rmid.is_none_or(|id| id == header.rmid)
    }

    /// Whether records with this name are of this type.
    pub fn is_named(&self, rmid: u8, name: &str) -> bool {
        self.rmid.is_none_or(|id| id == rmid) && matches!(self.what, TypeName::Named(own) if own == name)
    }

    /// Whether a record is of this type.
    pub fn is(&self, header: &RecordHeader, vocabulary: &Vocabulary) -> bool {
        self.may_be(header)
            && match self.what {
                TypeName::Named(name) => vocabulary.name(header.rmid, header.info) == Some(name),
                TypeName::Bits(bits) => header.operation() == bits,
            }
    }
}

/// A number of bytes, with a unit or without.
pub fn size(text: &str) -> Result<u64, String> {
    let bytes = bytes_of(text);
    bytes.ok_or_else(|| "a number of bytes, as in 8192, 8kB, 1MB".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_are_read_as_pg_waldump_reads_them() {
        assert_eq!(rmgr("heap"), Ok(RmgrChoice::Id(10)));
        assert_eq!(rmgr("LogicalMessage"), Ok(RmgrChoice::Id(21)));
        assert_eq!(rmgr("custom128"), Ok(RmgrChoice::Id(128)));
        assert_eq!(rmgr("List"), Ok(RmgrChoice::List));
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

    #[test]
    fn types_and_sizes() {
        assert_eq!(
            RecordType::parse("storage/create"),
            Ok(RecordType { rmid: Some(2), what: TypeName::Named("CREATE") })
        );
        assert_eq!(RecordType::parse("TRUNCATE").map(|t| t.rmid), Ok(None));
        assert_eq!(RecordType::parse("Heap/0x40"), RecordType::parse("Heap/UNKNOWN (40)"));
        for bad in ["", "/", "Moon/CREATE", "Storage/MOON", "Storage/", "Sequence/TRUNCATE"] {
            assert!(RecordType::parse(bad).is_err(), "{bad}");
        }
        assert_eq!((size("8192"), size("8 kB"), size("1MB")), (Ok(8192), Ok(8192), Ok(1 << 20)));
        assert!(size("-1").is_err() && size("").is_err() && size("1GBs").is_err());
    }
}
