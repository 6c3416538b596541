//! Files of the catalogs without which no connection comes to a database: those that `pg_filenode.map` names
//! (`RelationCacheInitializePhase3` in `relcache.c`). Each cluster has rows in them from the beginning on. A server
//! starts without them, and ends every connection.

use super::Backup;
use super::Fork;
use super::flaw::{BackupFlaw, FlawKind, StateFileFlaw, Weight};
use super::relations::{DEFAULT, GLOBAL};
use super::small::small;
use pgwal_catalog::file_map;
use pgwal_format::record::RelFileLocator;
use pgwal_format::version::V9_0;
use std::collections::BTreeSet;
use std::path::Path;

/// `pg_database`, `pg_authid`, and their indexes.
const SHARED: [u32; 6] = [1262, 1260, 2671, 2672, 2676, 2677];
/// `pg_class`, `pg_attribute`, `pg_proc`, `pg_type`, and their indexes.
const OF_EACH: [u32; 12] = [1259, 1249, 1255, 1247, 2662, 2663, 2658, 2659, 2690, 2691, 2703, 2704];
/// `FirstNormalObjectId`: what came later may come while a backup is taken.
const FIRST_OF_USERS: u32 = 16384;
/// More than a map has.
const MAP: u64 = 4096;
/// Databases that are looked at.
const MOST: usize = 10_000;

/// The first of them that is empty or gone. With a manifest every file is compared.
pub(super) fn empty(backup: &Backup, data: &Path) -> Option<BackupFlaw> {
    let is_old = backup.version.is_none_or(|version| version < V9_0);
    if is_old || !backup.has_most || !backup.relations.is_known() || backup.compares_files && backup.manifest.is_some()
    {
        return None;
    }
    let of_default = backup.relations.forks().filter(|(rel, _)| rel.spc == DEFAULT).map(|(rel, _)| rel.db);
    let databases: BTreeSet<u32> = of_default.collect();
    let whole = backup.relations.whole_databases();
    let each = databases.into_iter().take(MOST).map(|db| (DEFAULT, db, OF_EACH.as_slice()));
    let all = std::iter::once((GLOBAL, 0, SHARED.as_slice())).chain(each);
    all.into_iter().find_map(|(spc, db, wanted)| {
        let folder = if spc == GLOBAL { "global".to_owned() } else { format!("base/{db}") };
        let bytes = small(&data.join(&folder).join("pg_filenode.map"), MAP).ok().flatten()?;
        let map = file_map(&bytes)?;
        let mut mapped = map.into_iter().filter(|(oid, _)| wanted.contains(oid));
        mapped.find_map(|(oid, file)| {
            let rel = RelFileLocator { spc, db, rel: file };
            let blocks = backup.relations.blocks(rel, Fork::Main, 1);
            // A database that was made, or a catalog that was written anew, while the backup was taken.
            let may_be_new = backup.label.is_some() && (file != oid || db >= FIRST_OF_USERS);
            let weight = if may_be_new { Weight::Warning } else { Weight::Error };
            let flaw = StateFileFlaw::Catalog { gone: blocks.is_none() };
            // In a sample of a directory most files are not there.
            let is_lost = blocks.map_or(whole.contains(&db), |bytes| bytes == 0);
            is_lost.then(|| FlawKind::StateFile(flaw).weighed(&format!("{folder}/{file}"), weight))
        })
    })
}
