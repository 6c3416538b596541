//! Indexes and TOAST tables under their tables.

use crate::events::words::{name, named_file};
use pgwal_forensics::{TopList, TopRelation};
use std::cmp::Reverse;
use std::collections::HashMap;

/// An index of a TOAST table of a table, and one more.
const DEEPEST: usize = 4;

/// The order in which groups are told, by their places in the list: tables with most bytes first, those of what belongs
/// to them included, which comes behind, the largest first, and of which it is said that it is under one. What belongs
/// to a table that is not in the list stands alone.
pub fn under_tables(list: &TopList<TopRelation>) -> Vec<(usize, bool)> {
    let own = |group: &TopRelation| Some((group.file?.0.db, group.name.as_ref()?.oid));
    let table = |group: &TopRelation| Some((group.file?.0.db, group.of.as_ref()?.oid));
    let mut first: HashMap<(u32, u32), usize> = HashMap::new();
    for (at, (group, _)) in list.groups.iter().enumerate() {
        if let Some(key) = own(group) {
            first.entry(key).or_insert(at);
        }
    }
    let above = |at: usize| {
        let (group, _) = list.groups.get(at)?;
        first.get(&table(group)?).copied().filter(|above| *above != at)
    };
    // The index of a TOAST table is under the table of that. Catalogs may say anything: what goes round stands alone.
    let top = |at: usize| {
        let mut own = at;
        for _ in 0..DEEPEST {
            match above(own) {
                Some(above) => own = above,
                None => return own,
            }
        }
        at
    };
    let mut under: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut alone = Vec::new();
    for at in 0..list.groups.len() {
        match top(at) {
            own if own == at => alone.push(at),
            table => under.entry(table).or_default().push(at),
        }
    }
    let bytes = |at: &usize| list.groups.get(*at).map_or(0, |(_, sum)| sum.bytes);
    let family = |at: &usize| bytes(at) + under.get(at).into_iter().flatten().map(bytes).sum::<u64>();
    alone.sort_by_key(|at| Reverse(family(at)));
    let with = |at: usize| {
        let parts = under.get(&at).into_iter().flatten().map(|part| (*part, true));
        std::iter::once((at, false)).chain(parts).collect::<Vec<_>>()
    };
    alone.into_iter().flat_map(with).collect()
}

/// A relation in its line; `key`: its files, with the fork.
pub fn relation(relation: &TopRelation, key: &str, is_under: bool) -> String {
    let own = match relation.file {
        Some((file, 0)) => named_file(relation.name.as_ref(), file),
        Some((file, _)) => format!("{key} of {}", named_file(relation.name.as_ref(), file)),
        None => "no relation".to_owned(),
    };
    match &relation.of {
        _ if is_under => format!("  {own}"),
        Some(table) => format!("{own} of {}", name(table)),
        None => own,
    }
}
