//! The two forms of a connection string.
//!
//! ```text
//! host=db port=5433 user='a b'            words; '' around blanks, \ before a quote
//! postgresql://user@db:5433/?sslmode=verify-full      percent-encoded
//! ```

use super::ConnInfoFault;

/// Keywords and values, in the order in which they stand.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, ConnInfoFault> {
    let rest = ["postgresql://", "postgres://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match rest {
        Some(rest) => uri(rest),
        None => words(text),
    }
}

fn words(text: &str) -> Result<Vec<(String, String)>, ConnInfoFault> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(out);
        }
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_whitespace()) {
            key.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.next() != Some('=') {
            return Err(ConnInfoFault::NoValue(key));
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match chars.next() {
                Some('\\') => value.extend(chars.next()),
                Some('\'') if quoted => break,
                Some(c) if quoted || !c.is_whitespace() => value.push(c),
                None if quoted => return Err(ConnInfoFault::OpenQuote(key)),
                _ => break,
            }
        }
        out.push((key, value));
    }
}

fn uri(rest: &str) -> Result<Vec<(String, String)>, ConnInfoFault> {
    let mut out = Vec::new();
    let mut put = |key: &str, value: &str| -> Result<(), ConnInfoFault> {
        if !value.is_empty() {
            out.push((key.to_owned(), decoded(value)?));
        }
        Ok(())
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, places) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    put("user", user)?;
    put("password", password)?;
    put("dbname", database)?;
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in places.split(',').filter(|place| !place.is_empty()) {
        let (host, port) = match place.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((address, port)) => (address, port.strip_prefix(':').unwrap_or("")),
            None => place.split_once(':').unwrap_or((place, "")),
        };
        hosts.push(host);
        ports.push(port);
    }
    put("host", &hosts.join(","))?;
    if ports.iter().any(|port| !port.is_empty()) {
        put("port", &ports.join(","))?;
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| ConnInfoFault::NoValue(pair.to_owned()))?;
        put(key, value)?;
    }
    Ok(out)
}

/// Without `%XX`.
fn decoded(text: &str) -> Result<String, ConnInfoFault> {
    let fault = || ConnInfoFault::BadEscape(text.to_owned());
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next(), bytes.next()].map(|digit| char::from(digit.unwrap_or(b' ')).to_digit(16));
        let [Some(high), Some(low)] = digits else { return Err(fault()) };
        out.push((high * 16 + low) as u8);
    }
    String::from_utf8(out).map_err(|_| fault())
}
