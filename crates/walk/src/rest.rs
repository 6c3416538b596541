//! What lies behind the last record of a segment.

/// The bytes behind the last record or switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Leftover {
    /// Offset of the first page of an older segment, as a recycled file holds them.
    pub recycled: Option<u64>,
    /// Offset of the first byte that is neither zero nor on such a page.
    pub junk: Option<u64>,
}

/// Where and how reading stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rest {
    /// The last record is whole and nothing is begun behind it: zeros, or a page never written, come next.
    pub clean: bool,
    /// What lies behind.
    pub leftover: Leftover,
}

impl Rest {
    pub(crate) const NOTHING: Rest = Rest { clean: false, leftover: Leftover { recycled: None, junk: None } };
}
