//! Programs that unpack, and what each does with a file that is not packed.

/// A program that unpacks.
pub(super) struct Unpacker {
    pub name: &'static str,
    /// It does so without being told.
    always: bool,
    /// It writes to standard output without being told.
    pub to_output: bool,
    /// When it lets pass what is not packed.
    pub passes: Passes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Passes {
    Never,
    Always,
    /// With `-f`, on standard output.
    Forced,
    /// With `-f` and `-c`.
    ForcedToOutput,
}

const fn unpacker(name: &'static str, always: bool, to_output: bool, passes: Passes) -> Unpacker {
    Unpacker { name, always, to_output, passes }
}

const UNPACKERS: [Unpacker; 20] = [
    unpacker("gunzip", true, false, Passes::Forced),
    unpacker("zcat", true, true, Passes::Forced),
    unpacker("gzip", false, false, Passes::Forced),
    unpacker("pigz", false, false, Passes::Forced),
    unpacker("unpigz", true, false, Passes::Forced),
    unpacker("bunzip2", true, false, Passes::Forced),
    unpacker("bzcat", true, true, Passes::Forced),
    unpacker("bzip2", false, false, Passes::Forced),
    unpacker("pbzip2", false, false, Passes::Forced),
    unpacker("lbzip2", false, false, Passes::Forced),
    unpacker("unxz", true, false, Passes::ForcedToOutput),
    unpacker("xzcat", true, true, Passes::ForcedToOutput),
    unpacker("xz", false, false, Passes::ForcedToOutput),
    unpacker("unzstd", true, false, Passes::ForcedToOutput),
    unpacker("zstdcat", true, true, Passes::Always),
    unpacker("zstd", false, false, Passes::ForcedToOutput),
    unpacker("lz4cat", true, true, Passes::Always),
    unpacker("unlz4", true, false, Passes::ForcedToOutput),
    unpacker("lz4", false, false, Passes::ForcedToOutput),
    unpacker("lzop", false, false, Passes::Never),
];

/// Those that look for other names where there is none of the one they are given.
pub(super) const OF_GZIP: [&str; 5] = ["gunzip", "zcat", "gzip", "pigz", "unpigz"];
/// Those that fail on nothing at all, as it comes from a `cat` without its file.
pub(super) const REFUSE_NOTHING: [&str; 6] = ["gunzip", "gzip", "unxz", "xz", "zstd", "bunzip2"];

/// The one of this name, where its options (letter by letter) have it unpack.
pub(super) fn unpacks(program: &str, letters: &str) -> Option<&'static Unpacker> {
    UNPACKERS.iter().find(|own| own.name == program && (own.always || letters.contains('d')))
}
