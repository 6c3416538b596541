//! Files outside of `walk` and `archive` that read or join WAL themselves: one reader, one place that joins.

use std::collections::BTreeMap;

use super::Count;
use crate::code::{Crate, paths};

/// What reads and joins, in `walk`.
const OWN: [&str; 4] = ["seam", "scan", "Stream", "headers"];

pub fn count(crates: &BTreeMap<String, Crate>) -> Count {
    let mut found = Vec::new();
    for one in crates.values().filter(|one| !matches!(one.name.as_str(), "walk" | "archive")) {
        for (place, module) in &one.modules {
            let names =
                paths(module).into_iter().filter(|path| path.first().is_some_and(|first| first == "pgwal_walk"));
            let mut own: Vec<String> = names.flatten().filter(|name| OWN.contains(&name.as_str())).collect();
            own.sort();
            own.dedup();
            if !own.is_empty() {
                found.push(format!("{}/{}: {}", one.name, place.join("/"), own.join(", ")));
            }
        }
    }
    Count { what: "seams", title: "files outside of walk and archive that scan or join", found }
}
