//! Names of WAL files as they lie in archives: the server's name, and what other tools put behind it.
//!
//! ```text
//! 000000010000000000000002.gz                    archive scripts, pg_receivewal, WAL-G (.lz4 .lzma .zst .br .gz)
//! 000000010000000000000002.gz.partial            pg_receivewal, unfinished
//! 000000010000000000000002.partial.gz            barman-cloud
//! 000000010000000000000002-<40 digits>[.zst]     pgBackRest: SHA-1 of the plain content
//! 000000010000000000000002.partial-<40 digits>   pgBackRest
//! 00000002.history.gz                            WAL-G, barman-cloud
//! 000000010000000000000002                       also Barman, whatever it is packed in
//! ```

use pgwal_format::FileName;

/// What walproof itself writes beside WAL has names that end so, and is not listed.
pub const OWN_SUFFIX: &str = ".walproof";

/// What stands behind the name of a segment in a note that it was stored although it is damaged.
pub const DAMAGED: &str = ".damaged";

/// Where a name belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePlace<'a> {
    /// A file of WAL.
    Wal(Placed<'a>),
    /// A temporary or a record of a tool: nothing to judge.
    Temporary,
    /// Neither.
    Unknown,
}

/// The parts of the name of a file of WAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The server's name for it.
    pub name: FileName,
    /// SHA-1 of the plain content (pgBackRest).
    pub sha1: Option<[u8; 20]>,
    /// What tools added, from its dot on, without a checksum: `.gz`. A `.gz` before `.partial` is not part of it.
    pub suffix: &'a str,
}

/// Suffixes of packed or encrypted files.
const SUFFIXES: [&str; 22] = [
    ".gz", ".lz4", ".zst", ".zstd", ".xz", ".bz2", ".lzma", ".br", ".lzo", ".Z", ".z", ".snappy", ".sz", ".zip", ".7z",
    ".gpg", ".pgp", ".asc", ".age", ".aes", ".enc", ".gzip",
];

/// Where the name of a file belongs; `file` without folder.
pub fn place(file: &str) -> NamePlace<'_> {
    match placed(file) {
        Some(placed) => NamePlace::Wal(placed),
        None if is_temporary(file) => NamePlace::Temporary,
        None => NamePlace::Unknown,
    }
}

/// Under which names a file may lie in a folder: the server's own first, then packed, encrypted, both. pgBackRest's
/// have a checksum in them, which nobody knows before.
pub(crate) fn spellings(name: FileName) -> impl Iterator<Item = String> {
    let own = name.to_string();
    let inner = if let FileName::Partial(segment) = name { Some(segment.to_string()) } else { None };
    let seals = move || SUFFIXES.into_iter().filter(move |suffix| is_seal(suffix));
    let packed = SUFFIXES.into_iter().filter(move |suffix| !is_seal(suffix));
    let twice = packed.flat_map(move |inner| seals().map(move |outer| format!("{inner}{outer}")));
    let suffixes = SUFFIXES.into_iter().map(str::to_owned).chain(twice);
    std::iter::once(String::new()).chain(suffixes).flat_map(move |suffix| {
        let before = inner.as_ref().filter(|_| !suffix.is_empty()).map(|stem| format!("{stem}{suffix}.partial"));
        std::iter::once(format!("{own}{suffix}")).chain(before)
    })
}

/// Whether a name is one of the [`spellings`] of its file.
pub(crate) fn is_spelling(placed: &Placed<'_>) -> bool {
    let is_one = |suffix: &str| suffix.is_empty() || SUFFIXES.contains(&suffix);
    let twice = || {
        let (inner, outer) = placed.suffix.split_at(placed.suffix.rfind('.').unwrap_or(0));
        SUFFIXES.contains(&inner) && !is_seal(inner) && is_seal(outer)
    };
    placed.sha1.is_none() && (is_one(placed.suffix) || twice())
}

/// A suffix of encrypted files.
fn is_seal(suffix: &str) -> bool {
    matches!(suffix, ".gpg" | ".pgp" | ".asc" | ".age" | ".aes" | ".enc")
}

/// Names of subfolders that belong to the server or a tool and hold no WAL.
pub(crate) fn is_known_subfolder(name: &str) -> bool {
    matches!(name, "archive_status" | "summaries" | "lost+found") || name.starts_with('.')
}

/// A subfolder of 256 segments, as pgBackRest and Barman make them: timeline and log, 16 digits.
pub fn is_log_folder(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
}

/// Names under which a file of WAL may be stored: its own, and with each suffix of packed and encrypted files.
pub fn stored_names(name: FileName) -> impl Iterator<Item = String> {
    let own = name.to_string();
    let packed: Vec<String> = SUFFIXES.iter().map(|suffix| format!("{own}{suffix}")).collect();
    std::iter::once(own).chain(packed)
}

/// What is left of the name of an unfinished copy without what its tool put behind it: the name of the whole file.
pub fn finished(file: &str) -> Option<&str> {
    let mut name = file;
    while !matches!(place(name), NamePlace::Wal(_)) {
        name = name.get(..name.rfind('.')?)?;
    }
    Some(name)
}

fn placed(file: &str) -> Option<Placed<'_>> {
    let mut stem = without_suffixes(file);
    let suffix = &file[stem.len()..];
    let mut sha1 = None;
    if let Some((before, digits)) = stem.rsplit_once('-') {
        sha1 = Some(sha1_of(digits)?);
        stem = before;
    }
    if let Some(name) = FileName::parse(stem) {
        return Some(Placed { name, sha1, suffix });
    }
    match FileName::parse(without_suffixes(stem.strip_suffix(".partial")?))? {
        FileName::Segment(segment) => Some(Placed { name: FileName::Partial(segment), sha1, suffix }),
        _ => None,
    }
}

fn without_suffixes(file: &str) -> &str {
    let mut stem = file;
    // Packed, then encrypted: two at most.
    for _ in 0..2 {
        match SUFFIXES.iter().find_map(|suffix| stem.strip_suffix(suffix)) {
            Some(rest) => stem = rest,
            None => break,
        }
    }
    stem
}

fn sha1_of(digits: &str) -> Option<[u8; 20]> {
    if digits.len() != 40 {
        return None;
    }
    let mut sha1 = [0; 20];
    for (byte, pair) in sha1.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(sha1)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

fn is_temporary(file: &str) -> bool {
    /// Unfinished copies, and what tools note beside the files.
    const ENDS: [&str; 13] = [
        ".tmp",
        ".part",
        ".ready",
        ".done",
        ".json",
        ".metadata",
        ".compressed",
        ".uncompressed",
        "xlog.db",
        "_delta",
        ".summary",
        ".backup.sha1",
        DAMAGED,
    ];
    /// Of the server, and hidden files.
    const STARTS: [&str; 4] = [".", "xlogtemp.", "RECOVERYXLOG", "RECOVERYHISTORY"];
    let stem = without_suffixes(file);
    ENDS.iter().any(|end| stem.ends_with(end)) || STARTS.iter().any(|start| file.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: &str = "000000010000000000000002";

    fn wal(file: &str) -> (String, bool, &str) {
        match place(file) {
            NamePlace::Wal(p) => (p.name.to_string(), p.sha1.is_some(), p.suffix),
            other => panic!("{file}: {other:?}"),
        }
    }

    #[test]
    fn names_of_every_tool_are_placed() {
        let sha1 = "0123456789abcdef0123456789abcdef01234567";
        let partial = format!("{SEGMENT}.partial");
        for (file, name, hashed, suffix) in [
            (SEGMENT.to_string(), SEGMENT, false, ""),
            (format!("{SEGMENT}.gz"), SEGMENT, false, ".gz"),
            (format!("{SEGMENT}.zst.gpg"), SEGMENT, false, ".zst.gpg"),
            (format!("{SEGMENT}.partial"), &partial, false, ""),
            (format!("{SEGMENT}.gz.partial"), &partial, false, ""),
            (format!("{SEGMENT}.lz4.partial"), &partial, false, ""),
            (format!("{SEGMENT}.partial.gz"), &partial, false, ".gz"),
            (format!("{SEGMENT}-{sha1}"), SEGMENT, true, ""),
            (format!("{SEGMENT}-{sha1}.lz4"), SEGMENT, true, ".lz4"),
            (format!("{SEGMENT}.partial-{sha1}.zst"), &partial, true, ".zst"),
            (format!("{SEGMENT}.00000028.backup.gz"), "000000010000000000000002.00000028.backup", false, ".gz"),
            ("0000000A.history.br".to_string(), "0000000A.history", false, ".br"),
        ] {
            assert_eq!(wal(&file), (name.to_string(), hashed, suffix), "{file}");
        }
    }

    #[test]
    fn spellings_of_a_name_are_placed_under_it() {
        for own in [SEGMENT, "000000010000000000000002.partial", "0000000A.history"] {
            let name = FileName::parse(own).unwrap();
            let all: Vec<String> = spellings(name).collect();
            assert!(all.iter().all(|spelling| wal(spelling).0 == own), "{all:?}");
            let is_one = |spelling: &String| matches!(place(spelling), NamePlace::Wal(placed) if is_spelling(&placed));
            assert!(all.iter().all(is_one), "{all:?}");
            let sha1 = "0123456789abcdef0123456789abcdef01234567";
            assert!(![format!("{own}-{sha1}"), format!("{own}.gpg.gz"), format!("{own}.gz.gz")].iter().any(is_one));
            assert_eq!((all[0].as_str(), all.contains(&format!("{own}.zst.gpg"))), (own, true));
        }
        assert!(
            spellings(FileName::parse("000000010000000000000002.partial").unwrap())
                .any(|name| name == "000000010000000000000002.gz.partial")
        );
    }

    #[test]
    fn the_checksum_in_a_name_is_read() {
        let NamePlace::Wal(placed) = place("000000010000000000000002-00ff456789abcdef0123456789abcdef01234567.gz")
        else {
            panic!()
        };
        assert_eq!(placed.sha1.unwrap()[..3], [0x00, 0xFF, 0x45]);
        // As its archive-get takes them.
        let NamePlace::Wal(placed) = place("000000010000000000000002-00FF456789ABCDEF0123456789ABCDEF01234567.gz")
        else {
            panic!()
        };
        assert_eq!(placed.sha1.unwrap()[..3], [0x00, 0xFF, 0x45]);
    }

    #[test]
    fn temporaries_are_no_wal() {
        for file in [
            "000000010000000000000002.pgbackrest.tmp",
            "000000010000000000000002-0123456789abcdef0123456789abcdef01234567.gz.pgbackrest.tmp",
            "000000010000000000000002.tmp",
            "000000010000000000000002.gz.part",
            "000000010000000000000002.json",
            "000000010000000000000002.ready",
            "000000010000000000000002.damaged",
            "000000010000000000000000_delta.lz4",
            "xlogtemp.4711",
            "RECOVERYXLOG",
            "RECOVERYHISTORY",
            "xlog.db",
            "main-xlog.db",
            ".barman-cron.lock",
        ] {
            assert_eq!(place(file), NamePlace::Temporary, "{file}");
        }
    }

    #[test]
    fn an_unfinished_copy_has_the_name_of_the_whole_file_in_it() {
        let hashed = "000000010000000000000002-0123456789abcdef0123456789abcdef01234567.zst";
        for (left, whole) in [
            (format!("{hashed}.pgbackrest.tmp"), Some(hashed)),
            ("000000010000000000000002.tmp".to_owned(), Some(SEGMENT)),
            ("000000010000000000000002.lz4.tmp.20261128T152000Z-00ff".to_owned(), Some("000000010000000000000002.lz4")),
            (format!("{SEGMENT}.gz"), Some("000000010000000000000002.gz")),
            ("xlogtemp.4711".to_owned(), None),
        ] {
            assert_eq!(finished(&left), whole, "{left}");
        }
    }

    #[test]
    fn other_names_are_unknown() {
        for file in [
            "",
            "README",
            "000000010000000000000002x",
            "00000001000000000000002",
            "000000010000000000000002-abc",
            "000000010000000000000002.old",
            "00000002.history.partial",
            "00000001000000000000000a",
            "é",
            "000000010000000000000002.gz.gz.gz",
        ] {
            assert_eq!(place(file), NamePlace::Unknown, "{file}");
        }
    }
}
