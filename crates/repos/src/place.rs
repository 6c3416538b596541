//! What lies at a place: repositories of backup tools.

use crate::candidate::Candidate;
use crate::layout;
use crate::store::{Items, Store, join};
use pgwal_source::SourceError;

/// How deep below the place that was named a repository is looked for.
const DEPTH: usize = 3;
/// Folders that are looked into before the search is given up.
const BUDGET: usize = 2_000;

/// Everything that lies at a place, by name: what is nearest, and nothing below what was recognised.
///
/// # Errors
/// The place cannot be looked at. A folder below it that cannot is left out.
pub fn candidates(store: &dyn Store) -> Result<Vec<Candidate>, SourceError> {
    let mut found = Vec::new();
    let mut level = vec![String::new()];
    let mut budget = BUDGET;
    for depth in 0..=DEPTH {
        let mut below = Vec::new();
        for folder in level {
            if budget == 0 {
                break;
            }
            budget -= 1;
            let items = match Items::of(store, &folder) {
                Ok(items) => items,
                Err(error) if depth == 0 => return Err(error),
                Err(_) => continue,
            };
            let here = layout::here(store, &folder, &items)?;
            if here.is_empty() {
                let inside = items.folders().filter(|name| !is_aside(name));
                below.extend(inside.map(|name| join(&folder, name)));
            }
            found.extend(here);
        }
        level = below;
    }
    found.sort();
    Ok(found)
}

/// Hidden folders, and what the kernel shows of itself where a whole disk is named.
fn is_aside(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "lost+found" | "proc" | "sys" | "dev")
}
