//! How names of relations are said.

use crate::outside::shown;
use pgwal_catalog::RelationName;

/// `shop.public.orders`, as far as it is known.
pub fn full(name: &RelationName) -> String {
    let parts = [name.database.as_deref(), name.schema.as_deref(), Some(name.name.as_slice())];
    // A part without the one before it would be taken for that.
    let known = parts.iter().rposition(Option::is_none).map_or(0, |unknown| unknown + 1);
    parts.iter().skip(known).flatten().map(|part| shown(part)).collect::<Vec<_>>().join(".")
}

/// `shop.public.orders (1663/5/16393)`; the file alone where it has no name.
pub fn with_file(name: Option<&RelationName>, file: String) -> String {
    match name {
        Some(name) => format!("{} ({file})", full(name)),
        None => file,
    }
}
