//! What lies in files of the user: services, and passwords.

use super::{ConnInfoFault, Surroundings};
use std::path::{Path, PathBuf};

/// More than any of these files has.
const LIMIT: u64 = 1 << 20;

/// The settings of a service: the user's file, else that of the system.
pub(super) fn service(name: &str, environment: &Surroundings<'_>) -> Result<Vec<(String, String)>, ConnInfoFault> {
    let own = environment.get("PGSERVICEFILE").map(PathBuf::from);
    let own = own.or_else(|| Some(environment.home()?.join(".pg_service.conf")));
    let system = environment.get("PGSYSCONFDIR").map(|folder| Path::new(&folder).join("pg_service.conf"));
    for file in own.into_iter().chain(system) {
        let Ok(text) = small(&file) else { continue };
        if let Some(found) = section(&text, name) {
            return Ok(found);
        }
    }
    Err(ConnInfoFault::NoService(name.to_owned()))
}

fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut own = lines.skip_while(|line| *line != format!("[{name}]"));
    own.next()?;
    let pairs = own.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('='));
    Some(pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
}

/// The password for a server: lines of `host:port:database:user:password`, `*` for any.
pub(super) fn password(file: &Path, (host, port, user): (&str, &str, &str)) -> Result<Option<String>, ConnInfoFault> {
    let Ok(found) = std::fs::metadata(file) else { return Ok(None) };
    if !found.is_file() {
        return Ok(None);
    }
    if is_open_to_others(&found) {
        return Err(ConnInfoFault::OpenPassfile(file.display().to_string()));
    }
    let Ok(text) = small(file) else { return Ok(None) };
    // A walsender has no database: its entry is `replication`.
    let wanted = [host, port, "replication", user];
    let fits = |fields: &[String]| fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
    let lines = text.lines().filter(|line| !line.starts_with('#')).map(fields);
    let found = lines.filter(|fields| fields.len() == 5).find(|fields| fields.get(..4).is_some_and(fits));
    Ok(found.and_then(|mut fields| fields.pop()))
}

/// Five fields; `\` in front of a colon or of itself.
fn fields(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let last = out.len();
        match c {
            ':' if last < 5 => out.push(String::new()),
            '\\' => out.last_mut().into_iter().for_each(|field| field.extend(chars.next())),
            c => out.last_mut().into_iter().for_each(|field| field.push(c)),
        }
    }
    out
}

fn small(file: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(unix)]
fn is_open_to_others(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}
