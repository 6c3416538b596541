//! An archive, a backup and a control file whose every text is hostile, and its tame twin.

use pgwal::format::rmgr::{self, xact::Timestamp};
use pgwal::format::text::control::members::Abi;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::control::control_file;
use pgwal_craft::{Builder, Opening, Rec};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a text from outside is made of.
pub struct Texts {
    /// A name of a file or folder.
    pub name: OsString,
    /// A restore point, a label, a reason, a message.
    pub words: Vec<u8>,
    /// The same in one line.
    pub line: Vec<u8>,
    /// What a spreadsheet would run.
    pub formula: Vec<u8>,
}

/// Colours, a title for the window, another direction of writing, C1 as UTF-8 and as a byte, lines of its own.
pub fn hostile() -> Texts {
    let line =
        "\u{1b}[31mEVIL\u{1b}]0;EVIL\u{7}\u{9b}31mEVIL\u{202e}\r\u{8}\t\u{2066}\u{200f}\u{2028}\u{7f}".as_bytes();
    let line = [line, b"\x9b1m\xff"].concat();
    let words = "\u{1b}[31mEVIL\u{1b}]0;\u{7}\u{9b}31mEVIL\u{202e}\r\u{8}\t\u{2066}\u{7f}\nFORGED";
    assert!(words.len() < 64, "a restore point has no more");
    let words = words.as_bytes().to_vec();
    let name = [b"x\nFORGED VERDICT  PROVEN\n", &line[..]].concat();
    Texts { name: OsString::from_vec(name), words, line, formula: b"=cmd|' /C calc'!A0".to_vec() }
}

/// The same places with nothing in them that does harm.
pub fn tame() -> Texts {
    let plain = |text: &str| text.as_bytes().to_vec();
    Texts { name: "x".into(), words: plain("words"), line: plain("line"), formula: plain("formula") }
}

/// A place for all of it.
pub struct Place {
    _folder: TempDir,
    pub archive: PathBuf,
    pub backup: PathBuf,
    pub control: PathBuf,
    /// Where nothing is, and things can be put.
    pub empty: PathBuf,
    /// Where the restore point lies.
    pub point: String,
}

/// Makes it.
pub fn make(texts: &Texts) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let inside = |place: &str| {
        let path = folder.path().join(place).join(&texts.name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    let (archive, backup, empty) = (inside("archive"), inside("backup"), inside("empty"));
    let (point, checkpoint, stop) = wal(texts, &archive);
    let label = |path: &Path, end: &str| {
        let text = format!(
            "START WAL LOCATION: {checkpoint} (file 000000010000000000000001)\n{end}CHECKPOINT LOCATION: {checkpoint}\n\
             BACKUP METHOD: streamed\nBACKUP FROM: primary\nSTART TIME: 2026-11-22 03:17:01 UTC\nLABEL: "
        );
        fs::write(path, [text.as_bytes(), &texts.line, b"\nSTART TIMELINE: 1\n"].concat()).unwrap();
    };
    label(&backup.join("backup_label"), "");
    label(
        &archive.join("000000010000000000000001.00000028.backup"),
        &format!("STOP WAL LOCATION: {stop} (file 000000010000000000000001)\n"),
    );
    let control = folder.path().join("control").join(&texts.name);
    fs::create_dir_all(control.parent().unwrap()).unwrap();
    fs::write(&control, locale(&texts.line)).unwrap();
    Place { archive, backup, control, empty, point, _folder: folder }
}

/// WAL with restore points, a message, a tablespace and a second timeline, and files whose names are made up.
fn wal(texts: &Texts, archive: &Path) -> (String, String, String) {
    let layout = Layout {
        dialect: Version::new(15, 0).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
    let checkpoint = wal.checkpoint_shutdown();
    let stop = wal.position();
    wal.filler(20_000);
    let time = Timestamp::from_unix_seconds(1_763_780_000);
    let point = |name: &[u8]| {
        let mut main = time.0.to_le_bytes().to_vec();
        main.extend_from_slice(&name[..name.len().min(63)]);
        main.resize(8 + 64, 0);
        main
    };
    let at = wal.record(&Rec { rmid: rmgr::XLOG, info: 0x70, main: &point(&texts.words), ..Rec::default() });
    wal.record(&Rec { rmid: rmgr::XLOG, info: 0x70, main: &point(&texts.formula), ..Rec::default() });
    let prefix = [&texts.words[..], b"\0"].concat();
    let sizes = [&prefix, &texts.words].map(|text| (text.len() as u64).to_le_bytes());
    let message = [&5u32.to_le_bytes()[..], &[0; 4], &sizes[0], &sizes[1], &prefix, &texts.words].concat();
    wal.record(&Rec { rmid: 21, info: 0, main: &message, ..Rec::default() });
    let path = [&16_400u32.to_le_bytes()[..], &texts.words, b"\0"].concat();
    wal.record(&Rec { rmid: 5, info: 0, main: &path, ..Rec::default() });
    wal.commit(700, time.0 + 1_000_000);
    wal.filler(1_200_000);
    wal.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    wal.commit(701, time.0 + 2_000_000);
    wal.finish().write_to(archive).unwrap();
    let history = archive.join("00000002.history");
    let line = fs::read_to_string(&history).unwrap();
    let (place, _) = line.rsplit_once('\t').unwrap();
    fs::write(history, [place.as_bytes(), b"\t", &texts.line, b"\n"].concat()).unwrap();
    // Files that say nothing, are no WAL, or are another history.
    fs::write(archive.join(&texts.name), "no WAL").unwrap();
    let mut segment = OsString::from("000000010000000000000009-");
    segment.push(&texts.name);
    fs::write(archive.join(segment), "no WAL").unwrap();
    fs::write(archive.join("00000009.history"), [b"moon\t", &texts.words[..]].concat()).unwrap();
    (at.to_string(), checkpoint.to_string(), stop.to_string())
}

/// A control file of 8.2, which holds the names of two locales.
fn locale(line: &[u8]) -> Vec<u8> {
    let abi = Abi { align: Align::Eight, time_t: 8 };
    let mut bytes = control_file(Version::new(8, 2).dialect().unwrap(), abi, Endian::Little, &[]);
    let at = bytes.windows(11).position(|window| window == b"de_DE.UTF-8").unwrap();
    bytes[at..at + line.len()].copy_from_slice(line);
    bytes
}
