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
pub struct KnownPackings {
    known: u16,
    short: u16,
}

/// What a file's name says that it is packed in, to a tool that goes by names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedPacking {
    /// In which way; [`Codec::Plain`]: it is given out as it is.
    pub codec: Codec,
    /// The tool unpacks that.
    pub known: bool,
    /// What the tool makes of what follows the first member.
    pub behind: BehindRule,
    /// What it makes of a file that ends too early.
    pub short: ShortRule,
    /// What it gives out is filled up with zeros to a whole segment.
    pub filled: bool,
}

/// What a tool makes of a packed file that ends too early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShortRule {
    /// An error: nothing is given out.
    #[default]
    Refused,
    /// Of one without a byte an empty file is given out; any other is an error.
    EmptyGiven,
    /// What could be unpacked is given out as if it were all.
    Given,
    /// The same, and what is not packed at all as it lies (`gzread` of zlib).
    GivenAsItIs,
}

/// As what a file is unpacked, and what is made of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnpackRule {
    pub(crate) codec: Codec,
    pub(crate) behind: BehindRule,
    pub(crate) short: ShortRule,
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
        KnownPackings { known: codecs.iter().fold(0, |all, codec| all | bit(*codec)), short: 0 }
    }

    /// The same, of which of these what ends too early is given out as far as it goes.
    pub fn giving_short(self, codecs: &[Codec]) -> KnownPackings {
        KnownPackings { short: KnownPackings::of(codecs).known, ..self }
    }

    fn hold(self, codec: Codec) -> bool {
        self.known & bit(codec) != 0
    }

    fn gives_short(self, codec: Codec) -> bool {
        self.short & bit(codec) != 0
    }
}

impl NamedPacking {
    fn unpack(self, codec: Codec) -> UnpackRule {
        UnpackRule { codec, behind: self.behind, short: self.short }
    }

    /// A file that is given out as it is, or unpacked with an error for whatever is wrong with it.
    pub fn of(codec: Codec, behind: BehindRule) -> NamedPacking {
        NamedPacking { codec, known: true, behind, short: ShortRule::Refused, filled: false }
    }
}

impl OpeningRule {
    /// As what a file is unpacked that is found to be packed in `found`.
    ///
    /// # Errors
    /// The tool refuses it.
    pub(crate) fn of(self, found: Codec) -> Result<UnpackRule, ReadFault> {
        let plainly = |codec| Ok(UnpackRule { codec, behind: BehindRule::default(), short: ShortRule::Refused });
        match (self, found) {
            (OpeningRule::ByContent, _) => plainly(found),
            // What it is behind its encryption is not known here.
            (_, Codec::Encrypted(_)) => plainly(found),
            (OpeningRule::ByContentOf(known), _) if known.hold(found) => {
                let given = known.gives_short(found);
                let short = if given { ShortRule::Given } else { ShortRule::Refused };
                Ok(UnpackRule { codec: found, behind: BehindRule::default(), short })
            }
            (OpeningRule::ByContentOf(_), _) => plainly(Codec::Plain),
            (OpeningRule::ByName(named), _) if !named.known => Err(ReadFault::Otherwise),
            // These have no magic: that it is none says the decoder.
            (OpeningRule::ByName(named), Codec::Plain) if matches!(named.codec, Codec::Brotli | Codec::Lzma) => {
                Ok(named.unpack(named.codec))
            }
            (OpeningRule::ByName(named), _) if named.codec == Codec::Plain || named.codec == found => {
                Ok(named.unpack(named.codec))
            }
            (OpeningRule::ByName(named), _) if named.short == ShortRule::GivenAsItIs => Ok(named.unpack(Codec::Plain)),
            _ => Err(ReadFault::Otherwise),
        }
    }

    /// What becomes of a file without a byte whose name says that it is packed; `None`: it is given out as it lies.
    pub(crate) fn of_nothing(self, file: &str) -> Option<(Codec, ShortRule)> {
        match self {
            OpeningRule::ByContent => {
                let codec = Codec::of_suffix(file)?;
                // The program of this one takes nothing for the packed form of nothing.
                Some((codec, if codec == Codec::Lz4 { ShortRule::EmptyGiven } else { ShortRule::Refused }))
            }
            OpeningRule::ByContentOf(_) => None,
            OpeningRule::ByName(named) => Some((named.codec, named.short)).filter(|(codec, _)| *codec != Codec::Plain),
        }
    }

    /// Whether what is given out is filled up with zeros to a whole segment.
    pub fn fills(self) -> bool {
        matches!(self, OpeningRule::ByName(named) if named.filled)
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
        let of = |codec| NamedPacking::of(codec, BehindRule::Unread);
        let named = |codec, known| OpeningRule::ByName(NamedPacking { known, ..of(codec) });
        let as_it_is = OpeningRule::ByName(NamedPacking { short: ShortRule::GivenAsItIs, ..of(Codec::Gzip) });
        let some = OpeningRule::ByContentOf(KnownPackings::of(&[Codec::Gzip]));
        for (opening, found, right) in [
            (OpeningRule::ByContent, Codec::Gzip, Ok((Codec::Gzip, BehindRule::AsPrograms))),
            (some, Codec::Gzip, Ok((Codec::Gzip, BehindRule::AsPrograms))),
            (some, Codec::Lzop, Ok((Codec::Plain, BehindRule::AsPrograms))),
            (named(Codec::Gzip, true), Codec::Gzip, Ok((Codec::Gzip, BehindRule::Unread))),
            (named(Codec::Plain, true), Codec::Gzip, Ok((Codec::Plain, BehindRule::Unread))),
            (named(Codec::Lz4, true), Codec::Gzip, Err(ReadFault::Otherwise)),
            (named(Codec::Lz4, true), Codec::Plain, Err(ReadFault::Otherwise)),
            (as_it_is, Codec::Plain, Ok((Codec::Plain, BehindRule::Unread))),
            (named(Codec::Xz, false), Codec::Xz, Err(ReadFault::Otherwise)),
            (named(Codec::Brotli, true), Codec::Plain, Ok((Codec::Brotli, BehindRule::Unread))),
            (
                named(Codec::Lz4, true),
                Codec::Encrypted(Encryption::OpenSsl),
                Ok((Codec::Encrypted(Encryption::OpenSsl), BehindRule::AsPrograms)),
            ),
        ] {
            let unpack = opening.of(found).map(|unpack| (unpack.codec, unpack.behind));
            assert_eq!(unpack, right, "{opening:?} {found:?}");
        }
    }

    #[test]
    fn what_is_given_out_of_nothing() {
        let file = |suffix: &str| format!("000000010000000000000003{suffix}");
        let of = |opening: OpeningRule, suffix: &str| opening.of_nothing(&file(suffix));
        assert_eq!(of(OpeningRule::ByContent, ""), None);
        assert_eq!(of(OpeningRule::ByContent, ".gz"), Some((Codec::Gzip, ShortRule::Refused)));
        assert_eq!(of(OpeningRule::ByContent, ".lz4"), Some((Codec::Lz4, ShortRule::EmptyGiven)));
        assert_eq!(of(OpeningRule::ByContentOf(KnownPackings::of(&[Codec::Gzip])), ".gz"), None);
        let named = |codec| OpeningRule::ByName(NamedPacking::of(codec, BehindRule::AsPrograms));
        assert_eq!(of(named(Codec::Zstd), ".zst"), Some((Codec::Zstd, ShortRule::Refused)));
        assert_eq!(of(named(Codec::Plain), ""), None);
    }

    #[test]
    fn a_short_file_is_given_out_where_the_tool_does_so() {
        let known = KnownPackings::of(&[Codec::Gzip, Codec::Zstd]).giving_short(&[Codec::Zstd]);
        let short = |codec| OpeningRule::ByContentOf(known).of(codec).unwrap().short;
        assert_eq!((short(Codec::Gzip), short(Codec::Zstd)), (ShortRule::Refused, ShortRule::Given));
    }
}
