//! The operations of a version.

use super::managers;
use super::table::Op;
use crate::Dialect;
use std::sync::OnceLock;

/// The operations of every resource manager of a version, by id and `xl_info`. Get it once for a run.
#[derive(Debug)]
pub struct Vocabulary {
    /// By id × 16 + high half of `xl_info`: the row that names it, and the row that describes it.
    rows: Vec<(Option<&'static Op>, Option<&'static Op>)>,
    /// The version.
    pub dialect: &'static Dialect,
}

impl Vocabulary {
    /// That of a version.
    pub fn of(dialect: &'static Dialect) -> &'static Vocabulary {
        static ALL: [OnceLock<Vocabulary>; 32] = [const { OnceLock::new() }; 32];
        let place = crate::dialect::DIALECTS.iter().position(|d| d.magic == dialect.magic).unwrap_or(0) % ALL.len();
        ALL[place].get_or_init(|| Vocabulary::new(dialect))
    }

    fn new(dialect: &'static Dialect) -> Vocabulary {
        let mut rows = Vec::new();
        for manager in managers::ALL {
            let ops: Vec<&'static Op> = manager.ops_of(dialect).collect();
            for half in 0..16u8 {
                let row = |code: u8| ops.iter().copied().find(|op| op.code == code);
                let code = half << 4;
                let kind = code & manager.mask(dialect.generation);
                // Where a bit of the half is a flag, it need not change the name.
                let named = row(code).or_else(|| if manager.flag_in_name { None } else { row(kind) });
                rows.push((named, row(code).or_else(|| row(kind))));
            }
        }
        Vocabulary { rows, dialect }
    }

    /// The row that describes a record, `None` where its operation is not known.
    #[inline]
    pub fn op(&self, rmid: u8, info: u8) -> Option<&'static Op> {
        self.rows.get(usize::from(rmid) * 16 + usize::from(info >> 4))?.1
    }

    /// The name of a record's operation, `None` where it is not known.
    #[inline]
    pub fn name(&self, rmid: u8, info: u8) -> Option<&'static str> {
        if managers::ALL.get(usize::from(rmid)).is_some_and(|m| m.whole_info) && info & 0x0F != 0 {
            return None;
        }
        Some(self.rows.get(usize::from(rmid) * 16 + usize::from(info >> 4))?.0?.name)
    }
}
