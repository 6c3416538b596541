//! Which cluster something says that it is of.

use pgwal_format::Version;
use std::fmt;

/// A cluster, as far as something says which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ToldCluster {
    /// Its system identifier.
    pub system_id: Option<u64>,
    /// Its major version.
    pub version: Option<Version>,
}

impl ToldCluster {
    /// Whether both may be one.
    pub(crate) fn may_be(self, other: ToldCluster) -> bool {
        fn differ<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
            a.zip(b).is_some_and(|(a, b)| a != b)
        }
        !differ(self.system_id, other.system_id) && !differ(self.version, other.version)
    }
}

impl fmt::Display for ToldCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.system_id, self.version) {
            (Some(id), Some(version)) => write!(f, "cluster {id} (PostgreSQL {version})"),
            (Some(id), None) => write!(f, "cluster {id}"),
            (None, Some(version)) => write!(f, "PostgreSQL {version}"),
            (None, None) => f.write_str("some cluster"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal_format::version::{V15, V16};

    #[test]
    fn clusters_differ_by_what_both_say() {
        let told = |system_id, version| ToldCluster { system_id, version };
        let own = told(Some(7), Some(V15));
        for (other, same) in [
            (told(Some(7), None), true),
            (told(None, Some(V15)), true),
            (told(None, None), true),
            (told(Some(8), Some(V15)), false),
            (told(Some(7), Some(V16)), false),
            (told(None, Some(V16)), false),
        ] {
            assert_eq!((own.may_be(other), other.may_be(own)), (same, same), "{other:?}");
        }
        assert_eq!(own.to_string(), "cluster 7 (PostgreSQL 15)");
    }
}
