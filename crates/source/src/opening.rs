//! How whoever gives a file out of a place opens it.
//!
//! Nobody keeps a restore from unpacking a file by what it holds; but the tool that keeps a repository has its own way,
//! and what it hands to a server is what counts there: by the suffix of the name, and of some formats the first member
//! alone.

use crate::codec::Codec;
use crate::outcome::ReadFault;

/// How a file is opened by whoever gives it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpeningRule {
    /// By what it holds, whatever its name says.
    #[default]
    ByContent,
    /// By what it holds, where it is packed in one of these ways; what is packed otherwise is given out as it is.
    ByContentOf(KnownPackings),
    /// As what its name says, whatever it holds.
    ByName(NamedPacking),
}

/// The ways of packing that a tool tells by their content. A bit each: there may be millions of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPackings(u16);

/// What a file's name says that it is packed in, to a tool that goes by names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedPacking {
    /// In which way; [`Codec::Plain`]: it is given out as it is.
    pub codec: Codec,
    /// The tool unpacks that.
    pub known: bool,
    /// What the tool makes of what follows the first member.
    pub behind: BehindRule,
}

/// What is made of bytes behind the first member of a packed file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BehindRule {
    /// What the program of the format makes of them. Further members are unpacked; `gzip -d` says nothing of zeros and
    /// ends with an error at anything else, `bzip2 -d` passes over whatever is there.
    #[default]
    AsPrograms,
    /// The first member is all.
    Unread,
    /// Further members are unpacked, anything else is passed over.
    PassedOver,
    /// Further members are unpacked, anything else is an error.
    Refused,
}

impl KnownPackings {
    /// These.
    pub fn of(codecs: &[Codec]) -> KnownPackings {
        KnownPackings(codecs.iter().fold(0, |all, codec| all | bit(*codec)))
    }

    fn hold(self, codec: Codec) -> bool {
        self.0 & bit(codec) != 0
    }
}

impl OpeningRule {
    /// As what a file is unpacked that is found to be packed in `found`.
    ///
    /// # Errors
    /// The tool refuses it.
    pub(crate) fn of(self, found: Codec) -> Result<(Codec, BehindRule), ReadFault> {
        match (self, found) {
            (OpeningRule::ByContent, _) => Ok((found, BehindRule::default())),
            // What it is behind its encryption is not known here.
            (_, Codec::Encrypted(_)) => Ok((found, BehindRule::default())),
            (OpeningRule::ByContentOf(known), _) if known.hold(found) => Ok((found, BehindRule::default())),
            (OpeningRule::ByContentOf(_), _) => Ok((Codec::Plain, BehindRule::default())),
            (OpeningRule::ByName(named), _) if !named.known => Err(ReadFault::Otherwise),
            // These have no magic: that it is none says the decoder.
            (OpeningRule::ByName(named), Codec::Plain) if matches!(named.codec, Codec::Brotli | Codec::Lzma) => {
                Ok((named.codec, named.behind))
            }
            (OpeningRule::ByName(named), _) if named.codec == Codec::Plain || named.codec == found => {
                Ok((named.codec, named.behind))
            }
            _ => Err(ReadFault::Otherwise),
        }
    }

    /// What a tool takes it for that does not unpack whatever it holds: what its name says, or what is not packed.
    pub fn named(self) -> Option<Codec> {
        match self {
            OpeningRule::ByContent => None,
            OpeningRule::ByContentOf(_) => Some(Codec::Plain),
            OpeningRule::ByName(named) => Some(named.codec),
        }
    }
}

fn bit(codec: Codec) -> u16 {
    match codec {
        Codec::Plain => 1,
        Codec::Gzip => 1 << 1,
        Codec::Lz4 => 1 << 2,
        Codec::Zstd => 1 << 3,
        Codec::Xz => 1 << 4,
        Codec::Bzip2 => 1 << 5,
        Codec::Lzma => 1 << 6,
        Codec::Brotli => 1 << 7,
        Codec::Snappy => 1 << 8,
        Codec::Lzop => 1 << 9,
        Codec::Lz4Legacy => 1 << 10,
        // What these are is another question.
        Codec::Encrypted(_) | Codec::Unknown(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Encryption;

    #[test]
    fn what_a_name_says_decides_where_a_tool_goes_by_names() {
        let named = |codec, known| OpeningRule::ByName(NamedPacking { codec, known, behind: BehindRule::Unread });
        let some = OpeningRule::ByContentOf(KnownPackings::of(&[Codec::Gzip]));
        for (opening, found, right) in [
            (OpeningRule::ByContent, Codec::Gzip, Ok((Codec::Gzip, BehindRule::AsPrograms))),
            (some, Codec::Gzip, Ok((Codec::Gzip, BehindRule::AsPrograms))),
            (some, Codec::Lzop, Ok((Codec::Plain, BehindRule::AsPrograms))),
            (named(Codec::Gzip, true), Codec::Gzip, Ok((Codec::Gzip, BehindRule::Unread))),
            (named(Codec::Plain, true), Codec::Gzip, Ok((Codec::Plain, BehindRule::Unread))),
            (named(Codec::Lz4, true), Codec::Gzip, Err(ReadFault::Otherwise)),
            (named(Codec::Lz4, true), Codec::Plain, Err(ReadFault::Otherwise)),
            (named(Codec::Xz, false), Codec::Xz, Err(ReadFault::Otherwise)),
            (named(Codec::Brotli, true), Codec::Plain, Ok((Codec::Brotli, BehindRule::Unread))),
            (
                named(Codec::Lz4, true),
                Codec::Encrypted(Encryption::OpenSsl),
                Ok((Codec::Encrypted(Encryption::OpenSsl), BehindRule::AsPrograms)),
            ),
        ] {
            assert_eq!(opening.of(found), right, "{opening:?} {found:?}");
        }
    }
}
