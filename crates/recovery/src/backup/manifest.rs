//! `backup_manifest` of 13 and later (`src/backend/backup/backup_manifest.c`, `src/common/parse_manifest.c`).
//!
//! ```text
//! { "PostgreSQL-Backup-Manifest-Version": 2,
//! "System-Identifier": 7710829783413848613,                                        version 2 (17)
//! "Files": [ { "Path" or "Encoded-Path" (hexadecimal), "Size", "Last-Modified", "Checksum-Algorithm", "Checksum" } … ],
//! "WAL-Ranges": [ { "Timeline": 1, "Start-LSN": "0/900028", "End-LSN": "0/900100" } … ],
//! "Manifest-Checksum": "71081f…"}                                                   SHA-256 of all lines before this one
//! ```

use pgwal_format::{Lsn, TimelineId};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt;

/// What a manifest says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// Version of the manifest: 1 (13 to 16), 2 (17 and later).
    pub version: u32,
    /// The cluster (version 2).
    pub system_id: Option<u64>,
    /// Every file, in the manifest's order.
    pub files: Vec<ManifestFile>,
    /// The WAL that the backup needs, as the manifest orders it.
    pub wal_ranges: Vec<WalRange>,
    /// Whether the manifest's checksum of itself is right.
    pub checksum: bool,
}

/// A file in a manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestFile {
    /// Relative to the data directory. Names that are no UTF-8 are told with replacement characters.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The checksum of its content, if one was made.
    pub checksum: Option<ManifestChecksum>,
}

/// The checksum of a file's content. Small, because there may be millions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ManifestChecksum {
    /// `CRC32C`, as written.
    Crc32c([u8; 4]),
    /// `SHA224`.
    Sha224(Box<[u8; 28]>),
    /// `SHA256`.
    Sha256(Box<[u8; 32]>),
    /// `SHA384`.
    Sha384(Box<[u8; 48]>),
    /// `SHA512`.
    Sha512(Box<[u8; 64]>),
}

impl ManifestChecksum {
    fn new(algorithm: &str, bytes: &[u8]) -> Result<ManifestChecksum, ManifestFault> {
        let checksum = match algorithm.to_ascii_uppercase().as_str() {
            "CRC32C" => bytes.try_into().ok().map(ManifestChecksum::Crc32c),
            "SHA224" => bytes.try_into().ok().map(|sum| ManifestChecksum::Sha224(Box::new(sum))),
            "SHA256" => bytes.try_into().ok().map(|sum| ManifestChecksum::Sha256(Box::new(sum))),
            "SHA384" => bytes.try_into().ok().map(|sum| ManifestChecksum::Sha384(Box::new(sum))),
            "SHA512" => bytes.try_into().ok().map(|sum| ManifestChecksum::Sha512(Box::new(sum))),
            _ => return Err(ManifestFault::Field("Checksum-Algorithm")),
        };
        checksum.ok_or(ManifestFault::Field("Checksum"))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            ManifestChecksum::Crc32c(sum) => sum,
            ManifestChecksum::Sha224(sum) => &sum[..],
            ManifestChecksum::Sha256(sum) => &sum[..],
            ManifestChecksum::Sha384(sum) => &sum[..],
            ManifestChecksum::Sha512(sum) => &sum[..],
        }
    }
}

/// WAL that a backup needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalRange {
    /// On this timeline.
    pub timeline: TimelineId,
    /// From here.
    pub start: Lsn,
    /// To here.
    pub end: Lsn,
}

/// Why a manifest cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ManifestFault {
    /// It is longer than [`LONGEST`].
    TooLong,
    /// No JSON of the shape of a manifest: what the reader says.
    Shape(String),
    /// A version that is not known.
    Version(u64),
    /// A field whose text is none of its kind.
    Field(&'static str),
    /// No checksum of itself, or more than that, on its last line.
    LastLine,
}

impl fmt::Display for ManifestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestFault::TooLong => write!(f, "is longer than {} MiB, too long to be read", LONGEST >> 20),
            ManifestFault::Shape(what) => write!(f, "is no manifest: {what}"),
            ManifestFault::Version(version) => write!(f, "is of version {version}, which is not known"),
            ManifestFault::Field(name) => write!(f, "has a field {name} that makes no sense"),
            ManifestFault::LastLine => f.write_str("does not end with a line of its own checksum"),
        }
    }
}

/// The longest manifest that is read: some 900,000 files. With what is kept of it, it takes about twice as much memory.
pub const LONGEST: u64 = 128 << 20;

/// Reads a manifest.
///
/// # Errors
/// It is no manifest. One whose checksum of itself is wrong is read, and says so.
pub fn parse(bytes: &[u8]) -> Result<Manifest, ManifestFault> {
    if bytes.len() as u64 > LONGEST {
        return Err(ManifestFault::TooLong);
    }
    let raw: RawManifest<'_> =
        serde_json::from_slice(bytes).map_err(|error| ManifestFault::Shape(error.to_string()))?;
    let version = number(raw.version).ok_or(ManifestFault::Field("PostgreSQL-Backup-Manifest-Version"))?;
    if !(1..=2).contains(&version) {
        return Err(ManifestFault::Version(version));
    }
    let system_id = match raw.system_id {
        Some(value) => Some(number(value).ok_or(ManifestFault::Field("System-Identifier"))?),
        None if version == 1 => None,
        None => return Err(ManifestFault::Field("System-Identifier")),
    };
    let files = raw.files.0?;
    let wal_ranges = raw.wal_ranges.into_iter().map(range).collect::<Result<_, _>>()?;
    let own = raw.manifest_checksum.as_deref().and_then(hex).ok_or(ManifestFault::LastLine)?;
    let covered = before_last_line(bytes).ok_or(ManifestFault::LastLine)?;
    let checksum = Sha256::digest(covered).as_slice() == own.as_slice();
    Ok(Manifest { version: version as u32, system_id, files, wal_ranges, checksum })
}

/// All lines but the last, which must be complete.
fn before_last_line(bytes: &[u8]) -> Option<&[u8]> {
    let lines = bytes.strip_suffix(b"\n")?;
    let end = lines.iter().rposition(|&b| b == b'\n')?;
    bytes.get(..=end)
}

#[derive(Deserialize)]
struct RawManifest<'a> {
    #[serde(borrow, rename = "PostgreSQL-Backup-Manifest-Version")]
    version: &'a RawValue,
    #[serde(borrow, rename = "System-Identifier")]
    system_id: Option<&'a RawValue>,
    #[serde(rename = "Files")]
    files: ManifestFiles,
    #[serde(borrow, rename = "WAL-Ranges", default)]
    wal_ranges: Vec<RawRange<'a>>,
    #[serde(rename = "Manifest-Checksum")]
    manifest_checksum: Option<String>,
}

/// Each file is taken as it comes: no second list of them.
struct ManifestFiles(Result<Vec<ManifestFile>, ManifestFault>);

impl<'de> Deserialize<'de> for ManifestFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ManifestFiles, D::Error> {
        deserializer.deserialize_seq(FilesVisitor)
    }
}

struct FilesVisitor;

impl<'de> Visitor<'de> for FilesVisitor {
    type Value = ManifestFiles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ManifestFiles, A::Error> {
        let mut files = Ok(Vec::new());
        while let Some(raw) = list.next_element::<RawFile<'_>>()? {
            match (&mut files, file(raw)) {
                (Ok(files), Ok(file)) => files.push(file),
                (Ok(_), Err(fault)) => files = Err(fault),
                (Err(_), _) => {}
            }
        }
        Ok(ManifestFiles(files))
    }
}

#[derive(Deserialize)]
struct RawFile<'a> {
    #[serde(rename = "Path")]
    path: Option<String>,
    #[serde(rename = "Encoded-Path")]
    encoded_path: Option<String>,
    #[serde(borrow, rename = "Size")]
    size: &'a RawValue,
    #[serde(rename = "Last-Modified")]
    _modified: Option<IgnoredAny>,
    #[serde(rename = "Checksum-Algorithm")]
    algorithm: Option<String>,
    #[serde(rename = "Checksum")]
    checksum: Option<String>,
}

#[derive(Deserialize)]
struct RawRange<'a> {
    #[serde(borrow, rename = "Timeline")]
    timeline: &'a RawValue,
    #[serde(rename = "Start-LSN")]
    start: String,
    #[serde(rename = "End-LSN")]
    end: String,
}

/// The server's reader takes numbers as strings, too.
fn number(value: &RawValue) -> Option<u64> {
    value.get().trim_matches('"').parse().ok()
}

fn file(raw: RawFile<'_>) -> Result<ManifestFile, ManifestFault> {
    let path = match (raw.path, raw.encoded_path) {
        (Some(path), None) => path,
        (None, Some(encoded)) => {
            String::from_utf8_lossy(&hex(&encoded).ok_or(ManifestFault::Field("Encoded-Path"))?).into_owned()
        }
        _ => return Err(ManifestFault::Field("Path")),
    };
    let size = number(raw.size).ok_or(ManifestFault::Field("Size"))?;
    let checksum = match (raw.algorithm, raw.checksum) {
        (Some(algorithm), Some(digits)) => {
            Some(ManifestChecksum::new(&algorithm, &hex(&digits).ok_or(ManifestFault::Field("Checksum"))?)?)
        }
        (None, None) => None,
        _ => return Err(ManifestFault::Field("Checksum")),
    };
    Ok(ManifestFile { path, size, checksum })
}

fn range(raw: RawRange<'_>) -> Result<WalRange, ManifestFault> {
    let timeline = number(raw.timeline).and_then(|t| u32::try_from(t).ok()).ok_or(ManifestFault::Field("Timeline"))?;
    let start = raw.start.parse().map_err(|_| ManifestFault::Field("Start-LSN"))?;
    let end = raw.end.parse().map_err(|_| ManifestFault::Field("End-LSN"))?;
    Ok(WalRange { timeline: TimelineId(timeline), start, end })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_checksum(body: &str) -> String {
        let digest: String = Sha256::digest(body.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        format!("{body}\"Manifest-Checksum\": \"{digest}\"}}\n")
    }

    const BODY: &str = "{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"System-Identifier\": 18446744073709551615,\n\"Files\": [\n{ \"Path\": \"backup_label\", \"Size\": 208, \"Last-Modified\": \"2026-11-22 03:17:01 GMT\", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"d3c6f997\" },\n{ \"Encoded-Path\": \"fc62\", \"Size\": 0, \"Last-Modified\": \"2026-11-22 03:17:01 GMT\" }\n],\n\"WAL-Ranges\": [\n{ \"Timeline\": 1, \"Start-LSN\": \"0/900028\", \"End-LSN\": \"0/900100\" }\n],\n";

    #[test]
    fn both_versions() {
        let manifest = parse(with_checksum(BODY).as_bytes()).unwrap();
        assert_eq!((manifest.version, manifest.system_id, manifest.checksum), (2, Some(u64::MAX), true));
        assert_eq!((manifest.files[0].size, manifest.files[1].path.as_str()), (208, "\u{fffd}b"));
        assert_eq!(manifest.files[0].checksum.as_ref().unwrap().bytes(), [0xD3, 0xC6, 0xF9, 0x97]);
        assert_eq!(manifest.wal_ranges[0].end.to_string(), "0/00900100");
        let first =
            BODY.replace("Version\": 2", "Version\": 1").replace("\"System-Identifier\": 18446744073709551615,\n", "");
        assert_eq!(parse(with_checksum(&first).as_bytes()).map(|m| (m.version, m.system_id)), Ok((1, None)));
    }

    #[test]
    fn a_changed_manifest_is_read_and_says_so() {
        let changed = with_checksum(BODY).replace("208", "209");
        assert_eq!(parse(changed.as_bytes()).map(|m| (m.checksum, m.files[0].size)), Ok((false, 209)));
    }

    #[test]
    fn hostile_manifests_are_refused() {
        let fault = |body: &str| parse(with_checksum(body).as_bytes()).unwrap_err();
        assert!(matches!(fault("{\n"), ManifestFault::Shape(_)));
        assert_eq!(fault(&BODY.replace("Version\": 2", "Version\": 3")), ManifestFault::Version(3));
        assert_eq!(fault(&BODY.replace("d3c6f997", "d3c6f99")), ManifestFault::Field("Checksum"));
        assert_eq!(fault(&BODY.replace("CRC32C", "MD5")), ManifestFault::Field("Checksum-Algorithm"));
        assert_eq!(fault(&BODY.replace("fc62", "zz")), ManifestFault::Field("Encoded-Path"));
        assert_eq!(fault(&BODY.replace("208", "-1")), ManifestFault::Field("Size"));
        assert!(matches!(fault(&BODY.replace("\"Size\": 208", "\"Size\": 208, \"Size\": 1")), ManifestFault::Shape(_)));
        assert_eq!(parse(with_checksum(BODY).trim_end().as_bytes()), Err(ManifestFault::LastLine));
        let deep = format!("{{\n\"Files\": {}", "[".repeat(1_000_000));
        assert!(matches!(parse(deep.as_bytes()), Err(ManifestFault::Shape(_))));
        let deep = BODY.replace("208", &"[".repeat(1_000_000));
        assert!(matches!(fault(&deep), ManifestFault::Shape(_)));
        let whole = with_checksum(BODY);
        for length in 0..whole.len() {
            assert!(parse(&whole.as_bytes()[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        assert_eq!(parse(&vec![b' '; LONGEST as usize + 1]), Err(ManifestFault::TooLong));
        // A line of a manifest has 130 bytes and more.
        assert!(size_of::<ManifestFile>() <= 48);
    }
}
