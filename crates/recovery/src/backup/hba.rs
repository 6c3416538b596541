//! `pg_hba.conf`: whether a server loads it (`load_hba` in `hba.c`). With an entry that makes no sense, or none at all,
//! it does not start. Files that it includes are not looked at.

use pgwal_format::recovery::settings::HbaRules;
use std::net::IpAddr;

/// What keeps a server from loading it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HbaFault {
    /// There is no entry.
    Empty,
    /// The entry that begins on this line makes no sense.
    Entry(usize),
}

/// Ways to prove who one is, in every version.
const METHODS: [&str; 13] =
    ["trust", "reject", "md5", "password", "ident", "peer", "gss", "sspi", "pam", "bsd", "ldap", "cert", "radius"];

/// The first thing that is wrong with it.
pub(super) fn fault(text: &[u8], rules: &HbaRules) -> Option<HbaFault> {
    let mut entries = 0;
    let mut lines = text.split(|byte| *byte == b'\n').enumerate();
    while let Some((at, line)) = lines.next() {
        let mut line = ended(line);
        // Also at the end of a comment: what follows is comment, too.
        while rules.continues_lines && line.last() == Some(&b'\\') {
            line.pop();
            let Some((_, more)) = lines.next() else { break };
            line.extend(ended(more));
        }
        let fields = fields(&line);
        if fields.is_empty() {
            continue;
        }
        if rules.names_options && !is_entry(&fields, rules) {
            return Some(HbaFault::Entry(at + 1));
        }
        entries += 1;
    }
    (entries == 0).then_some(HbaFault::Empty)
}

/// A line ends with a byte of zero, too: a crash leaves blocks of them.
fn ended(line: &[u8]) -> Vec<u8> {
    let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line).to_vec()
}

/// The fields of a line; one that is a list has several words.
fn fields(line: &[u8]) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    let (mut word, mut quoted, mut is_word, mut goes_on) = (Vec::new(), false, false, false);
    let mut end = |word: &mut Vec<u8>, is_word: &mut bool, goes_on: &mut bool, comma: bool| {
        if std::mem::take(is_word) {
            let word = String::from_utf8_lossy(&std::mem::take(word)).into_owned();
            match out.last_mut().filter(|_| *goes_on) {
                Some(list) => list.push(word),
                None => out.push(vec![word]),
            }
            *goes_on = comma;
        }
    };
    for &byte in line {
        match byte {
            b'"' => (quoted, is_word) = (!quoted, true),
            b'#' if !quoted => break,
            b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c' if !quoted => end(&mut word, &mut is_word, &mut goes_on, false),
            b',' if !quoted => end(&mut word, &mut is_word, &mut goes_on, true),
            _ => {
                word.push(byte);
                is_word = true;
            }
        }
    }
    end(&mut word, &mut is_word, &mut goes_on, false);
    out
}

fn is_entry(fields: &[Vec<String>], rules: &HbaRules) -> bool {
    let one = |at: usize| fields.get(at).and_then(|field| <&[String; 1]>::try_from(field.as_slice()).ok());
    let Some([kind]) = one(0) else { return false };
    let is_include = matches!(kind.as_str(), "include" | "include_if_exists" | "include_dir");
    if rules.includes && is_include {
        return fields.len() == 2;
    }
    let method_at = match kind.as_str() {
        "local" => 3,
        "host" | "hostssl" | "hostnossl" => match after_address(fields) {
            Some(at) => at,
            None => return false,
        },
        "hostgssenc" | "hostnogssenc" if rules.gss_encryption => match after_address(fields) {
            Some(at) => at,
            None => return false,
        },
        _ => return false,
    };
    let Some([method]) = one(method_at) else { return false };
    let is_method = METHODS.iter().chain(rules.methods).any(|known| known == method);
    is_method && fields.iter().skip(method_at + 1).flatten().all(|option| option.contains('='))
}

/// Where the method stands behind an address and its mask; `None` where they make no sense.
fn after_address(fields: &[Vec<String>]) -> Option<usize> {
    let [address] = fields.get(3)?.as_slice() else { return None };
    if matches!(address.as_str(), "all" | "samehost" | "samenet") {
        return Some(4);
    }
    if let Some((ip, bits)) = address.split_once('/') {
        let most = match ip.parse::<IpAddr>() {
            Ok(ip) if ip.is_ipv4() => 32,
            // Short ones (`10/8`), and those with a zone.
            _ if ip.starts_with(|c: char| c.is_ascii_digit()) || ip.contains(':') => 128,
            _ => return None,
        };
        return (bits.parse::<u32>().ok()? <= most).then_some(4);
    }
    if address.parse::<IpAddr>().is_err() {
        return Some(4);
    }
    let [mask] = fields.get(4)?.as_slice() else { return None };
    mask.parse::<IpAddr>().is_ok().then_some(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal_format::recovery::settings::SettingRules;
    use pgwal_format::version::{V8_3, V11, V15, V17, V18, Version};

    fn fault(text: &[u8], version: Version) -> Option<HbaFault> {
        super::fault(text, &SettingRules::of(version).hba)
    }

    #[test]
    fn what_a_server_loads() {
        let good = "# comment\nlocal all all trust\nhost a,b \"x y\",c 10.0.0.0 255.0.0.0 md5 # more\n\
                    host all all ::1/128 scram-sha-256\r\nhostssl all all .example.com cert clientcert=verify-full\n";
        assert_eq!(fault(good.as_bytes(), V15), None);
        for (text, version, expected) in [
            ("", V15, Some(HbaFault::Empty)),
            ("#local all all trust\n\n", V15, Some(HbaFault::Empty)),
            ("# continued \\\nlocal all all trust\n", V15, Some(HbaFault::Empty)),
            ("# continued \\\nlocal all all trust\n", V11, None),
            ("local all \\\n all trust\n", V15, None),
            ("local all \\\n all trust\n", V11, Some(HbaFault::Entry(1))),
            ("local all all trust\nlocal all all trsut\n", V15, Some(HbaFault::Entry(2))),
            ("local all all\n", V15, Some(HbaFault::Entry(1))),
            ("hots all all all trust\n", V15, Some(HbaFault::Entry(1))),
            ("host all all 10.0.0.1 trust\n", V15, Some(HbaFault::Entry(1))),
            ("host all all 10.0.0.1/33 trust\n", V15, Some(HbaFault::Entry(1))),
            ("host all all all ldap ldapserver\n", V15, Some(HbaFault::Entry(1))),
            ("host all all 10/8 trust\n", V15, None),
            ("host all all example.com/8 trust\n", V15, Some(HbaFault::Entry(1))),
            ("local all all ident sameuser\n", V8_3, None),
            ("include other.conf\n", V17, None),
            ("include other.conf\n", V15, Some(HbaFault::Entry(1))),
            ("local all all trust\0\0\0", V15, None),
            ("host all all all oauth issuer=x\n", V17, Some(HbaFault::Entry(1))),
            ("host all all all oauth issuer=x\n", V18, None),
            ("hostgssenc all all all gss\n", V11, Some(HbaFault::Entry(1))),
        ] {
            assert_eq!(fault(text.as_bytes(), version), expected, "{text:?} {version}");
        }
    }
}
