//! A message: its wordings, and what walproof has to say of it.

use super::MessageKind;
use pgwal_format::Version;
use std::fmt;

/// A message of the server or its tools, whatever its numbers.
#[derive(Debug, PartialEq)]
pub struct MessageRow {
    /// Which message.
    pub kind: MessageKind,
    /// Its name in JSON.
    pub name: &'static str,
    /// Whether it is good news.
    pub nature: Nature,
    /// The findings that walproof would report in this case.
    pub family: Option<Family>,
    /// Its wordings, in the order in which they are tried.
    pub wordings: &'static [Wording],
    /// What it means.
    pub meaning: &'static str,
    /// When it is nothing to worry about.
    pub normal_when: Option<&'static str>,
    /// When it tells of damage or loss.
    pub damage_when: Option<&'static str>,
    /// What the server does next.
    pub server_does: &'static [ServerDoes],
    /// Commands to run next; `{place}` and the names of slots stand for values of the message.
    pub next: &'static [&'static str],
}

/// One wording of a message.
#[derive(Debug, PartialEq)]
pub struct Wording {
    /// The first major that writes so.
    pub from: Version,
    /// The last one.
    pub to: Version,
    /// The text, with `{slot}` for values.
    pub pattern: &'static str,
}

/// What the server does after the message, in some versions.
#[derive(Debug, PartialEq)]
pub struct ServerDoes {
    /// The first major.
    pub from: Version,
    /// The last one.
    pub to: Version,
    /// What it does.
    pub text: &'static str,
}

/// Whether a message is good news.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Nature {
    /// Progress and information.
    Normal,
    /// Good or bad: it depends on where it is said.
    Depends,
    /// Something is wrong: damage, loss, or a setting that cannot work.
    Damage,
}

/// The hundreds of walproof's finding codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Family {
    /// WP1xx: gaps, sizes, duplicates, foreign files.
    Archive,
    /// WP2xx: page headers, checksums, prev-links, continuations.
    Bytes,
    /// WP3xx: timelines and their history files.
    Timelines,
    /// WP4xx: backups and recovery targets.
    BackupAndTarget,
    /// WP5xx: what cannot be looked at.
    Unreadable,
}

/// As `WP2xx`.
impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Archive => "WP1xx",
            Family::Bytes => "WP2xx",
            Family::Timelines => "WP3xx",
            Family::BackupAndTarget => "WP4xx",
            Family::Unreadable => "WP5xx",
        })
    }
}

/// A version as tables write it: `(9, 2)`, `(15, 0)`.
pub(super) type V = (u8, u8);

/// The first version known.
pub(super) const FIRST: V = (8, 2);
/// The last version known: the message is still so.
pub(super) const LAST: V = (Version::NEWEST.major, Version::NEWEST.minor);

pub(super) const fn said(from: V, to: V, pattern: &'static str) -> Wording {
    Wording { from: Version::new(from.0, from.1), to: Version::new(to.0, to.1), pattern }
}

pub(super) const fn does(from: V, to: V, text: &'static str) -> ServerDoes {
    ServerDoes { from: Version::new(from.0, from.1), to: Version::new(to.0, to.1), text }
}
