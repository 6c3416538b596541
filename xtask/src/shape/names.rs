//! Names of types that mean two things or more in the workspace.

use std::collections::BTreeMap;

use syn::Item;

use super::Count;
use crate::code::Crate;

pub fn count(crates: &BTreeMap<String, Crate>) -> Count {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in crates.values() {
        for (name, place) in of_crate(one) {
            places.entry(name).or_default().push(place);
        }
    }
    let double = places.into_iter().filter(|(_, places)| places.len() > 1);
    let found = double.map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    Count { what: "names", title: "type names with two meanings", found }
}

/// Every type of a crate, and where it is.
pub fn of_crate(one: &Crate) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (place, module) in &one.modules {
        let place = std::iter::once(one.name.clone()).chain(place.iter().cloned()).collect::<Vec<_>>().join("/");
        out.extend(module.items.iter().filter_map(name).map(|name| (name, place.clone())));
    }
    out
}

fn name(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Union(item) => Some(item.ident.to_string()),
        Item::Trait(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}
