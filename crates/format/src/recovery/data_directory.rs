//! The folders of a data directory, and what a server does without one (`initdb.c`, `ValidateXLOGDirectoryStructure`,
//! `StartupXLOG`, `CheckPointGuts`): what 12 to 18 did stands in each row.

use crate::version::{V8_2, V8_4, V9_0, V9_4, V9_6, V10, V11, V14, Version};
use crate::versioned::{self, Versioned};

/// A folder that a server does not make anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataFolder {
    /// Its path in the data directory.
    pub name: &'static str,
    /// What a server does without.
    pub without: WithoutFolder,
    /// The first version that has it.
    pub since: Version,
    /// The last one, where it went away or is made anew later.
    pub until: Option<Version>,
}

/// What a server does without a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WithoutFolder {
    /// It ends before it reads WAL; an empty folder of the name is enough.
    Ends,
    /// It replays, and ends at the checkpoint behind; an empty folder of the name is enough.
    EndsLater,
    /// It ends, and what was in it is part of the data.
    Data,
    /// It starts, and has no data.
    Empty,
}

/// Whether a version has `pg_filenode.map` beside the catalogs that have no file numbers of their own (9.0).
pub fn has_maps(version: Version) -> bool {
    version >= V9_0
}

/// Rights of a data directory with which a server does not start, as bits of its mode: those of the group and of all
/// others; from 11 on the group may read (`checkDataDir` in `miscinit.c`, `PG_MODE_MASK_GROUP` in `file_perm.h`).
pub fn refused_rights(version: Version) -> u32 {
    if version >= V11 { 0o027 } else { 0o077 }
}

impl DataFolder {
    /// All there are or were, in the order in which a server that recovers from an archive complains of them (12, 14,
    /// 15, 17 and 18, all folders taken away and given back one by one).
    pub const ALL: &[DataFolder] = &[
        folder("global", WithoutFolder::Data, V8_2),
        folder("pg_notify", WithoutFolder::Ends, V9_0),
        folder("pg_wal", WithoutFolder::Ends, V10),
        folder("pg_xlog", WithoutFolder::Ends, V8_2).until(V9_6),
        folder("pg_replslot", WithoutFolder::Ends, V9_4),
        folder("pg_twophase", WithoutFolder::Ends, V8_2),
        // From 15 on there is no process that could not do without.
        folder("pg_stat_tmp", WithoutFolder::Ends, V8_4).until(V14),
        folder("pg_stat", WithoutFolder::Ends, V9_4).until(V14),
        folder("pg_tblspc", WithoutFolder::Ends, V8_2),
        folder("pg_xact", WithoutFolder::Data, V10),
        folder("pg_clog", WithoutFolder::Data, V8_2).until(V9_6),
        folder("pg_multixact", WithoutFolder::Data, V8_2),
        folder("pg_multixact/offsets", WithoutFolder::Data, V8_2),
        folder("pg_multixact/members", WithoutFolder::Data, V8_2),
        folder("pg_commit_ts", WithoutFolder::EndsLater, V10),
        folder("pg_logical", WithoutFolder::EndsLater, V9_4),
        folder("pg_logical/snapshots", WithoutFolder::EndsLater, V9_4),
        folder("pg_logical/mappings", WithoutFolder::EndsLater, V9_4),
        folder("pg_subtrans", WithoutFolder::EndsLater, V8_2),
        folder("base", WithoutFolder::Empty, V8_2),
    ];

    /// Whether a version has it, and cannot do without.
    pub fn is_of(&self, version: Version) -> bool {
        versioned::holds(DataFolder::ALL, self, version)
    }

    /// What the server says; `None` where it differs from version to version, or it says nothing.
    pub fn says(&self) -> Option<String> {
        let not_there =
            |what: &str, name: &str| Some(format!("could not open {what} \"{name}\": No such file or directory"));
        match (self.without, self.name) {
            (_, name @ ("pg_wal" | "pg_xlog")) => Some(format!("required WAL directory \"{name}\" does not exist")),
            (WithoutFolder::Ends, name) => not_there("directory", name),
            (_, "pg_logical") => not_there("directory", "pg_logical/snapshots"),
            (_, name @ ("pg_logical/snapshots" | "pg_logical/mappings")) => not_there("directory", name),
            (_, name @ ("pg_commit_ts" | "pg_multixact/members")) => not_there("file", name),
            (_, "pg_subtrans" | "pg_xact" | "pg_clog") => Some("could not access status of transaction 0".into()),
            _ => None,
        }
    }

    const fn until(self, last: Version) -> DataFolder {
        DataFolder { until: Some(last), ..self }
    }
}

const fn folder(name: &'static str, without: WithoutFolder, since: Version) -> DataFolder {
    DataFolder { name, without, since, until: None }
}

impl Versioned for DataFolder {
    type Subject = &'static str;

    fn subject(&self) -> &'static str {
        self.name
    }

    fn since(&self) -> Version {
        self.since
    }

    fn until(&self) -> Option<Version> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{V15, V18};

    #[test]
    fn folders_come_and_go() {
        versioned::check(DataFolder::ALL, |folder| folder.name.to_owned());
        let of = |version| DataFolder::ALL.iter().filter(|f| f.is_of(version)).map(|f| f.name).collect::<Vec<_>>();
        assert!(of(V9_6).contains(&"pg_xlog") && !of(V10).contains(&"pg_xlog") && of(V10).contains(&"pg_wal"));
        assert!(of(V14).contains(&"pg_stat_tmp") && !of(V15).contains(&"pg_stat_tmp"));
        assert!(!of(V8_2).contains(&"pg_replslot") && of(V18).contains(&"pg_replslot"));
    }
}
