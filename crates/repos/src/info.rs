//! pgBackRest's files of information: sections of keys whose values are JSON, with a SHA-1 over all of them.
//!
//! ```text
//! [backrest]
//! backrest-format=5
//! backrest-version="2.55.1"
//!
//! [db]
//! db-id=2
//!
//! [backrest]
//! backrest-checksum="453a84df…"     over {"backrest":{"backrest-format":5,…},"db":{…}}, without itself
//! ```

use pgwal_source::Keys;
use pgwal_source::key::KeyFault;
use serde_json::Value;
use sha1::{Digest, Sha1};

/// The format that is known.
pub(crate) const FORMAT: u64 = 5;

/// With what an encrypted file begins.
pub(crate) const ENCRYPTED: &[u8] = b"Salted__";

/// A file of information.
pub(crate) struct Info {
    sections: Vec<(String, Vec<(String, Value)>)>,
}

/// Why a file of information cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InfoFault {
    /// It is not of that form.
    Form,
    /// Its checksum is another.
    Checksum,
    /// It is encrypted, and no key for it is here.
    Closed,
    /// What is encrypted is damaged.
    Ciphertext,
    /// It is larger than is read.
    Large,
}

impl Info {
    /// Reads one, encrypted or not.
    pub(crate) fn open(stored: &[u8], keys: &Keys) -> Result<Info, InfoFault> {
        if !stored.starts_with(ENCRYPTED) {
            return Info::parse(stored);
        }
        match keys.decrypt(stored) {
            Ok(clear) => Info::parse(&clear),
            Err(KeyFault::CutOff | KeyFault::Damaged) => Err(InfoFault::Ciphertext),
            Err(_) => Err(InfoFault::Closed),
        }
    }

    /// The passphrase of what it describes.
    pub(crate) fn subkey(&self) -> Option<Keys> {
        self.text("cipher", "cipher-pass").map(|pass| Keys::sole(pass.as_bytes().to_vec()))
    }

    /// Reads one, and holds it against its checksum.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Info, InfoFault> {
        let mut sections: Vec<(String, Vec<(String, Value)>)> = Vec::new();
        summed(bytes, &mut |section, key, value| {
            if sections.last().is_none_or(|(name, _)| name != section) {
                sections.push((section.to_owned(), Vec::new()));
            }
            if let Some((_, entries)) = sections.last_mut() {
                entries.push((key.to_owned(), value));
            }
        })?;
        Ok(Info { sections })
    }

    /// The value of a key.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&Value> {
        let named = self.sections.iter().filter(|(name, _)| name == section);
        named.flat_map(|(_, entries)| entries).find(|(found, _)| found == key).map(|(_, value)| value)
    }

    /// A number.
    pub(crate) fn number(&self, section: &str, key: &str) -> Option<u64> {
        self.get(section, key)?.as_u64()
    }

    /// A text.
    pub(crate) fn text(&self, section: &str, key: &str) -> Option<&str> {
        self.get(section, key)?.as_str()
    }

    /// Keys and values of a section, in order.
    pub(crate) fn section<'a>(&'a self, section: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let named = self.sections.iter().filter(move |(name, _)| name == section);
        named.flat_map(|(_, entries)| entries).map(|(key, value)| (key.as_str(), value))
    }

    /// The format of the file.
    pub(crate) fn format(&self) -> Option<u64> {
        self.number("backrest", "backrest-format")
    }
}

/// Whether a file of that form, of whatever size, is what its own checksum says.
pub(crate) fn is_what_it_says(bytes: &[u8]) -> bool {
    summed(bytes, &mut |_, _, _| ()).is_ok()
}

/// Hands on section, key and value of each line; the checksum of all of them must be the one that is told.
fn summed(bytes: &[u8], each: &mut dyn FnMut(&str, &str, Value)) -> Result<(), InfoFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| InfoFault::Form)?;
    let mut sum = InfoSum { sum: Sha1::new(), section: None, first: true };
    let (mut section, mut told) = (None, None);
    // To pgBackRest a carriage return is part of its line, and such a file of no form.
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = Some(name);
            continue;
        }
        let (key, value) = pair(line).ok_or(InfoFault::Form)?;
        let section = section.ok_or(InfoFault::Form)?;
        if key == "backrest-checksum" {
            told = value.as_str().map(str::to_owned);
            continue;
        }
        sum.add(section, key, line.get(key.len() + 1..).unwrap_or_default());
        each(section, key, value);
    }
    match told {
        Some(told) if told == sum.end() => Ok(()),
        Some(_) => Err(InfoFault::Checksum),
        None => Err(InfoFault::Form),
    }
}

/// Key and value of a line. A key may hold an equals sign: it ends where JSON begins.
fn pair(line: &str) -> Option<(&str, Value)> {
    let ends = line.match_indices('=').map(|(at, _)| at).take(64);
    ends.into_iter().find_map(|at| {
        let (key, value) = (line.get(..at)?, line.get(at + 1..)?);
        Some((key, serde_json::from_str(value).ok()?))
    })
}

/// The checksum on its way.
struct InfoSum {
    sum: Sha1,
    section: Option<String>,
    first: bool,
}

impl InfoSum {
    fn add(&mut self, section: &str, key: &str, value: &str) {
        if self.section.as_deref() != Some(section) {
            let before = if self.section.is_some() { "}," } else { "{" };
            self.sum.update(format!("{before}\"{section}\":{{"));
            self.section = Some(section.to_owned());
            self.first = true;
        }
        if !self.first {
            self.sum.update(",");
        }
        self.first = false;
        self.sum.update(format!("\"{key}\":"));
        self.sum.update(value);
    }

    fn end(mut self) -> String {
        self.sum.update(if self.section.is_some() { "}}" } else { "{}" });
        self.sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHIVE_INFO: &str = "[backrest]\nbackrest-format=5\nbackrest-version=\"2.45\"\n\n[db]\ndb-id=1\n\
        db-system-id=7713242831709431955\ndb-version=\"15\"\n\n[db:history]\n\
        1={\"db-id\":7713242831709431955,\"db-version\":\"15\"}\n\n[backrest]\n\
        backrest-checksum=\"ed959969b7f500a9e446ab29b212cc611aa559c1\"\n";

    #[test]
    fn a_file_that_pgbackrest_wrote_is_what_its_checksum_says() {
        let info = Info::parse(ARCHIVE_INFO.as_bytes()).unwrap_or_else(|fault| panic!("{fault:?}"));
        assert_eq!((info.number("db", "db-id"), info.text("db", "db-version")), (Some(1), Some("15")));
        assert_eq!(info.section("db:history").count(), 1);
        assert_eq!(info.format(), Some(FORMAT));
    }

    #[test]
    fn what_is_changed_or_cut_is_told_apart() {
        let fault = |text: &str| Info::parse(text.as_bytes()).err();
        assert_eq!(fault(&ARCHIVE_INFO.replace("db-id=1", "db-id=2")), Some(InfoFault::Checksum));
        assert_eq!(fault(&ARCHIVE_INFO[..100]), Some(InfoFault::Form));
        assert_eq!(fault("key=1"), Some(InfoFault::Form));
        assert_eq!(fault(""), Some(InfoFault::Form));
        assert_eq!(fault(&"=".repeat(100_000)), Some(InfoFault::Form));
    }
}
