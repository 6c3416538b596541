//! The contents of a backup's files: what `backup_manifest` says of them, and where it says nothing, the checksums of
//! the data pages themselves (`data_checksums`).
//!
//! A page that was written while the backup was made may be torn, and replay writes it anew: of pages behind the
//! backup's start nothing is said, and of those before it no more than that replay may have to.

use super::flaw::{FlawKind, Weight};
use super::manifest::{ManifestChecksum, ManifestFile};
use super::own_files::{Use, use_of};
use super::relations::place;
use super::{Backup, BackupKind, DataFiles, folder, judge, tarball};
use pgwal_format::Lsn;
use pgwal_format::image::page_checksum;
use pgwal_format::text::control::{ControlFile, ControlImage, members::ControlField};
use pgwal_source::{SourceError, Stored, by_crew, open_file};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// By what contents were judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum JudgedBy {
    /// The checksums of `backup_manifest`.
    Manifest,
    /// Those of the data pages.
    Pages,
    /// There are none.
    #[default]
    Nothing,
}

/// What was read of the files of a backup.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FileContents {
    /// Files that were read.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// By what they were judged.
    pub by: JudgedBy,
    /// Files whose content is another: by how much it matters, in the order of their names.
    pub other: Vec<(Weight, String)>,
    /// Files with data pages whose checksum is wrong, with how many of them, and the first one's block.
    pub pages: Vec<(String, u64, u32)>,
    /// Files that could not be read, and why.
    pub unread: Vec<(String, String)>,
}

/// Reads the files of a backup that lies on this machine's disk, with so many threads, and puts down what is wrong.
/// `start`: where it begins, where its own files do not say it.
pub fn look(backup: &mut Backup, path: &Path, start: Option<Lsn>, jobs: usize) {
    let (kind, root) = (backup.kind, backup.tar_root.clone());
    look_by(backup, start, &mut |own| match kind {
        BackupKind::DataDirectory => Some(in_folder(own, path, jobs)),
        BackupKind::Tar => Some(in_tars(own, path, &root)),
        _ => None,
    });
}

/// The same of a data directory that does not lie on this machine's disk as one.
pub fn look_at(backup: &mut Backup, files: &dyn DataFiles, start: Option<Lsn>, jobs: usize) {
    look_by(backup, start, &mut |own| {
        let names: Vec<String> = files.list().into_iter().map(|(name, _)| name).collect();
        let open = |at: usize| names.get(at).map_or(Ok(None), |name| files.open(name));
        Some(in_files(own, &names, &open, jobs))
    });
}

fn look_by(backup: &mut Backup, start: Option<Lsn>, read: &mut dyn FnMut(&ContentJudge) -> Option<FileContents>) {
    let start = backup.label.as_ref().map(|label| label.start).or(start);
    let Some(own) = ContentJudge::of(backup, start) else {
        backup.contents = Some(FileContents::default());
        return;
    };
    let Some(mut found) = read(&own) else { return };
    found.by = own.by;
    found.other.sort();
    found.pages.sort();
    found.unread.sort();
    put_down(backup, &found);
    backup.not_checked.retain(|what| *what != judge::CONTENT);
    if own.by == JudgedBy::Pages {
        backup.not_checked.push("contents but data pages: there is no backup_manifest with checksums");
    }
    backup.contents = Some(found);
}

fn put_down(backup: &mut Backup, found: &FileContents) {
    for weight in [Weight::Error, Weight::Warning, Weight::Info] {
        let mut files = found.other.iter().filter(|(own, _)| *own == weight).map(|(_, file)| file);
        if let Some(first) = files.next() {
            let count = 1 + files.count() as u64;
            backup.flaws.push(FlawKind::Content { count }.weighed(first, weight));
        }
    }
    if let Some((file, _, block)) = found.pages.first() {
        let pages = found.pages.iter().map(|(_, pages, _)| pages).sum();
        let files = found.pages.len() as u64;
        backup.flaws.push(FlawKind::Pages { block: *block, pages, files }.of(file));
    }
    if let Some((file, why)) = found.unread.first() {
        let count = found.unread.len() as u64;
        backup.flaws.push(FlawKind::Unread { why: why.clone(), count }.of(file));
    }
}

/// What contents are held against.
struct ContentJudge {
    by: JudgedBy,
    files: HashMap<String, ManifestFile>,
    control: Option<ControlFile>,
    /// Blocks of a relation's file.
    whole: u32,
    /// Where the backup began.
    start: Lsn,
}

impl ContentJudge {
    /// `None`: there is nothing to hold them against, or a server was started on them.
    fn of(backup: &Backup, start: Option<Lsn>) -> Option<ContentJudge> {
        let control = backup.control;
        let image = backup.control_bytes.as_ref().and_then(|bytes| ControlImage::read(bytes).ok());
        let whole = image.map_or(0, |image| image.number(ControlField::RelsegSize));
        let mut judge = ContentJudge {
            by: JudgedBy::Manifest,
            files: HashMap::new(),
            control,
            whole: u32::try_from(whole).ok().filter(|blocks| *blocks > 0).unwrap_or(131_072),
            start: start.unwrap_or_default(),
        };
        let sums = backup.manifest.as_ref().filter(|_| backup.compares_files);
        judge.files = sums.map_or_else(HashMap::new, |manifest| {
            let summed = manifest.files.iter().filter(|file| file.checksum.is_some());
            summed.map(|file| (file.path.clone(), file.clone())).collect()
        });
        if judge.files.is_empty() {
            judge.by = JudgedBy::Pages;
            control.filter(|control| control.data_checksum_version.is_some_and(|version| version > 0))?;
            // Only in front of the first start: later, pages change while they are read.
            if start.is_none() || backup.lived_in {
                return None;
            }
        }
        Some(judge)
    }

    /// What is to be done with a file; `None`: nothing.
    fn begin(&self, path: &str) -> Option<FileSum> {
        match self.by {
            JudgedBy::Manifest => Some(FileSum::of(self.files.get(path)?.checksum.as_ref()?)),
            JudgedBy::Pages => {
                let (_, _, segment) = place(path)?;
                let control = self.control?;
                let first = segment.saturating_mul(self.whole);
                Some(FileSum::Pages(PageSums {
                    size: usize::try_from(control.page_size.bytes()).unwrap_or(8192),
                    control,
                    start: self.start,
                    block: first,
                    page: Vec::new(),
                    wrong: 0,
                    first: None,
                }))
            }
            JudgedBy::Nothing => None,
        }
    }

    fn end(&self, path: &str, size: u64, sum: FileSum, found: &mut FileContents) {
        found.files += 1;
        found.bytes += size;
        match sum {
            FileSum::Pages(pages) => {
                found.pages.extend(pages.first.map(|first| (path.to_owned(), pages.wrong, first)));
            }
            sum => {
                let expected = self.files.get(path);
                let right = expected.and_then(|file| file.checksum.as_ref()).is_none_or(|own| sum.is(own));
                // Another size is told by its name.
                if !right && expected.is_some_and(|file| file.size == size) {
                    found.other.extend(weight(path).map(|weight| (weight, path.to_owned())));
                }
            }
        }
    }
}

/// How much it matters that a file has another content; `None`: people and servers change it before the first start.
fn weight(path: &str) -> Option<Weight> {
    match use_of(path) {
        Use::Needed => Some(Weight::Error),
        Use::Configuration | Use::Changes => None,
        // A control file is judged by itself, and a server makes maps of free space anew.
        Use::Aside => Some(if place(path).is_some() { Weight::Warning } else { Weight::Info }),
    }
}

/// A checksum on its way.
enum FileSum {
    Crc32c(u32),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Box<Sha384>),
    Sha512(Box<Sha512>),
    Pages(PageSums),
}

impl FileSum {
    fn of(kind: &ManifestChecksum) -> FileSum {
        match kind {
            ManifestChecksum::Crc32c(_) => FileSum::Crc32c(0),
            ManifestChecksum::Sha224(_) => FileSum::Sha224(Sha224::new()),
            ManifestChecksum::Sha256(_) => FileSum::Sha256(Sha256::new()),
            ManifestChecksum::Sha384(_) => FileSum::Sha384(Box::new(Sha384::new())),
            ManifestChecksum::Sha512(_) => FileSum::Sha512(Box::new(Sha512::new())),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            FileSum::Crc32c(sum) => *sum = pgwal_crc::castagnoli::append(*sum, bytes),
            FileSum::Sha224(sum) => sum.update(bytes),
            FileSum::Sha256(sum) => sum.update(bytes),
            FileSum::Sha384(sum) => sum.update(bytes),
            FileSum::Sha512(sum) => sum.update(bytes),
            FileSum::Pages(pages) => pages.update(bytes),
        }
    }

    /// The manifest has a CRC in the order of bytes of the server's machine.
    fn is(self, expected: &ManifestChecksum) -> bool {
        let expected = expected.bytes();
        match self {
            FileSum::Crc32c(sum) => sum.to_le_bytes() == *expected || sum.to_be_bytes() == *expected,
            FileSum::Sha224(sum) => sum.finalize().as_slice() == expected,
            FileSum::Sha256(sum) => sum.finalize().as_slice() == expected,
            FileSum::Sha384(sum) => sum.finalize().as_slice() == expected,
            FileSum::Sha512(sum) => sum.finalize().as_slice() == expected,
            FileSum::Pages(_) => true,
        }
    }
}

/// The pages of a relation's file.
struct PageSums {
    control: ControlFile,
    size: usize,
    start: Lsn,
    block: u32,
    page: Vec<u8>,
    wrong: u64,
    first: Option<u32>,
}

impl PageSums {
    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let take = (self.size - self.page.len()).min(bytes.len());
            let (now, later) = bytes.split_at(take);
            self.page.extend_from_slice(now);
            bytes = later;
            if self.page.len() == self.size {
                if !self.is_right() {
                    self.wrong += 1;
                    self.first.get_or_insert(self.block);
                }
                self.block = self.block.wrapping_add(1);
                self.page.clear();
            }
        }
    }

    fn is_right(&self) -> bool {
        let endian = self.control.endian;
        let u16_at = |at: usize| self.page.get(at..at + 2).and_then(|b| b.try_into().ok()).map(|b| endian.u16(b));
        let u32_at = |at: usize| self.page.get(at..at + 4).and_then(|b| b.try_into().ok()).map(|b| endian.u32(b));
        let (Some(high), Some(low), Some(sum), Some(upper)) = (u32_at(0), u32_at(4), u16_at(8), u16_at(14)) else {
            return true;
        };
        // A page that was never written.
        if upper == 0 && self.page.iter().all(|&byte| byte == 0) {
            return true;
        }
        let lsn = Lsn::new(u64::from(high) << 32 | u64::from(low));
        lsn >= self.start || page_checksum(&self.page, self.block, endian) == sum
    }
}

fn in_folder(judge: &ContentJudge, path: &Path, jobs: usize) -> FileContents {
    let (names, paths): (Vec<String>, Vec<PathBuf>) =
        folder::files(path).into_iter().map(|(name, path, _)| (name, path)).unzip();
    let open = |at: usize| -> Result<Option<Box<dyn Stored>>, SourceError> {
        paths.get(at).map(|path| open_file(path, None)).transpose()
    };
    in_files(judge, &names, &open, jobs)
}

/// Opens a file by its place among all of them; `None`: it is not there.
type OpenData<'a> = dyn Fn(usize) -> Result<Option<Box<dyn Stored + 'a>>, SourceError> + Sync + 'a;

fn in_files(judge: &ContentJudge, names: &[String], open: &OpenData<'_>, jobs: usize) -> FileContents {
    let begin = || (FileContents::default(), vec![0; 256 << 10]);
    let look = |at: usize, (found, window): &mut (FileContents, Vec<u8>)| {
        let Some((name, mut sum)) = names.get(at).and_then(|name| Some((name, judge.begin(name)?))) else { return };
        let size = open(at).and_then(|stored| stored.map(|mut s| read(&mut *s, window, &mut sum, name)).transpose());
        match size {
            Ok(Some(size)) => judge.end(name, size, sum, found),
            // That it is not there is told by its name.
            Ok(None) => {}
            Err(error) if error.is_gone() => {}
            Err(error) => found.unread.push((name.clone(), error.to_string())),
        }
    };
    by_crew(names.len(), jobs, &begin, &look, &mut |(all, _), (found, _)| all.merge(found)).0
}

fn read(stored: &mut dyn Stored, window: &mut [u8], sum: &mut FileSum, file: &str) -> Result<u64, SourceError> {
    let mut size = 0;
    loop {
        let count = match stored.read(window) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            count => count.map_err(|error| SourceError::io(Path::new(file), &error))?,
        };
        if count == 0 {
            return Ok(size);
        }
        sum.update(window.get(..count).unwrap_or_default());
        size += count as u64;
    }
}

fn in_tars(judge: &ContentJudge, path: &Path, root: &str) -> FileContents {
    let mut found = FileContents::default();
    let mut open: Option<(String, u64, FileSum)> = None;
    let read = tarball::each_member(path, root, &mut |part| match part {
        tarball::MemberPart::Begin(name) => {
            if let Some((name, size, sum)) = open.take() {
                judge.end(&name, size, sum, &mut found);
            }
            open = name.and_then(|name| Some((name.clone(), 0, judge.begin(&name)?)));
        }
        tarball::MemberPart::Bytes(bytes) => {
            if let Some((_, size, sum)) = &mut open {
                *size += bytes.len() as u64;
                sum.update(bytes);
            }
        }
    });
    if let Some((name, size, sum)) = open {
        judge.end(&name, size, sum, &mut found);
    }
    if let Err((file, error)) = read {
        found.unread.push((file, error.to_string()));
    }
    found
}

impl FileContents {
    fn merge(&mut self, other: FileContents) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.other.extend(other.other);
        self.pages.extend(other.pages);
        self.unread.extend(other.unread);
    }
}
