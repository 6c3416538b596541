//! The zone of this machine, before anybody asks for it.

use std::path::Path;

/// More than any file of a zone has.
const LONGEST: u64 = 1 << 20;

/// Why `TZ` must not be looked up: it names a file that is none of a zone, and could be read for ever.
pub fn unusable() -> Option<String> {
    let zone = std::env::var_os("TZ")?;
    let name = zone.to_str().map_or_else(|| zone.clone(), |text| text.strip_prefix(':').unwrap_or(text).into());
    let found = Path::new(&name).is_absolute().then(|| std::fs::metadata(&name).ok())??;
    let is_zone = found.is_file() && found.len() <= LONGEST;
    (!is_zone).then(|| format!("TZ names {}, which is no file of a time zone", Path::new(&name).display()))
}
