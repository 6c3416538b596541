//! What pgBackRest's files say of a stanza.
//!
//! ```text
//! archive/STANZA/archive.info[.copy]      which clusters (ids) archived here, and which is the current one
//! backup/STANZA/backup.info[.copy]        the same, and each backup by its label
//! backup/STANZA/LABEL/backup.manifest[.copy]
//! ```
//! `archive-get` gives out what lies under an id whose version and system identifier are the server's; without its
//! information it gives out nothing, and `restore` nothing without `backup.info` and the manifest.

use super::manifest::{self, ManifestFound};
use super::manifest_contents;
use super::stanza::{StanzaFolders, is_archive_id};
use super::{Reading, RepoContents};
use crate::backup::{BackupDefect, BackupMode, ListedBackup, judge_parents};
use crate::candidate::Candidate;
use crate::choice::RepoChoice;
use crate::defect::{DefectKind, RepoDefect};
use crate::error::RepoError;
use crate::info::{FORMAT, Info, InfoFault};
use crate::store::{Items, Store, join};
use pgwal_format::SegmentName;
use pgwal_source::SourceError;
use serde_json::Value;

/// No file of information is larger.
const LONGEST: u64 = 64 << 20;
/// No more backups of a stanza are looked at.
const MOST: usize = 10_000;

pub(super) fn read(
    reading: &Reading<'_>,
    candidate: &Candidate,
    choice: &RepoChoice,
) -> Result<RepoContents, RepoError> {
    let (store, folders) = (reading.store, StanzaFolders::of(candidate));
    let mut out = RepoContents::default();
    let mut archive_info = info(reading, &folders.archive, "archive.info", false, &mut out.defects)?;
    let kept = Items::of(store, &folders.backup)?;
    let holds_backups = kept.folders().any(|name| name.contains('F') && name.starts_with(|c: char| c.is_ascii_digit()));
    let backup_info = match holds_backups || kept.has_file("backup.info") || kept.has_file("backup.info.copy") {
        true => info(reading, &folders.backup, "backup.info", archive_info.opened(), &mut out.defects)?,
        false => InfoFile::Absent,
    };
    if backup_info.opened() && matches!(archive_info, InfoFile::Closed) {
        archive_info = info(reading, &folders.archive, "archive.info", true, &mut out.defects)?;
    }
    let there = archive_ids(store, candidate)?;
    let of_cluster = |file| reading.cluster.and_then(|cluster| InfoCluster::of(file, cluster));
    let meant = of_cluster(&archive_info).or_else(|| of_cluster(&backup_info)).filter(|id| there.contains(id));
    let current = meant.clone().or_else(|| current(&archive_info, &backup_info));
    let id = choose_id(store, candidate, choice, &there, current)?;
    for other in there.iter().filter(|other| **other != id) {
        let labels: Vec<String> =
            listed(&backup_info, &folders.backup, number_of(other)).into_iter().map(|backup| backup.label).collect();
        let backups = if labels.is_empty() { String::new() } else { format!(" (its backups: {})", labels.join(", ")) };
        let what = format!("archive id {other}, of another cluster of the stanza: --archive-id {other}{backups}");
        out.left_out.push(what);
    }
    out.by.push(match (&choice.archive_id, archive_info.is_read()) {
        (Some(_), _) => format!("archive id {id} by --archive-id"),
        (None, _) if meant.is_some() => format!("archive id {id}, of the cluster of the data directory"),
        (None, true) => format!("archive id {id} by archive.info"),
        (None, false) => format!("archive id {id}, the newest"),
    });
    out.wal.push(join(&folders.archive, &id));
    out.keys_of_wal = archive_info.get().and_then(Info::subkey);
    if reading.without_backups {
        out.archive_id = Some(id);
        return Ok(out);
    }
    let keys = backup_info.get().and_then(Info::subkey);
    let inner = Reading { keys: keys.as_ref().unwrap_or(reading.keys), ..*reading };
    let named = InfoCluster::named(&backup_info, &id).or_else(|| InfoCluster::named(&archive_info, &id));
    let unknown = archive_info.get().filter(|info| !knows(info, &id, named));
    if unknown.is_some() {
        out.defects.push(RepoDefect {
            file: join(&folders.archive, "archive.info"),
            kind: DefectKind::Contradicts(format!("does not know {id}: pgBackRest gives out none of its WAL")),
            fatal: true,
        });
    } else if let (Some(a), Some(b)) = (InfoCluster::current(&archive_info), InfoCluster::current(&backup_info))
        && a != b
    {
        let what = format!("names {} as the current cluster, backup.info {}", a.shown(), b.shown());
        let kind = DefectKind::Contradicts(what);
        out.defects.push(RepoDefect { file: join(&folders.archive, "archive.info"), kind, fatal: false });
    }
    let mut backups = listed(&backup_info, &folders.backup, number_of(&id));
    let known: Vec<String> = listed(&backup_info, &folders.backup, None).into_iter().map(|b| b.label).collect();
    for label in kept.folders().filter(|name| is_label(name) && !known.iter().any(|label| label == name)) {
        let mut found = unlisted(&inner, &folders.backup, label, number_of(&id))?;
        // Its manifest is closed for want of what would open it there.
        if let Some(backup) = found.as_mut().filter(|backup| backup.restores() && backup_info.is_lost()) {
            backup.put_down(BackupDefect::Undescribed {
                file: format!("its entry in {}", join(&folders.backup, "backup.info")),
            });
        }
        // The tool knows only those of its list.
        backups.extend(found.map(|backup| ListedBackup { not_taken: true, ..backup }));
    }
    backups.truncate(MOST);
    let labels: Vec<String> = kept.folders().filter(|name| is_label(name)).map(str::to_owned).collect();
    for backup in &mut backups {
        backup.system_id = named.map(|cluster| cluster.system_id);
        backup.version = named.and_then(|cluster| cluster.version.parse().ok());
        manifest::compare(&inner, &folders.backup, &labels, backup)?;
        if unknown.is_some() {
            backup.put_down(BackupDefect::NoWalFor(format!("archive.info does not know {id}, where its WAL is")));
        } else if archive_info.is_lost() {
            let why = "archive.info cannot be used, and pgBackRest gives out nothing without it";
            backup.put_down(BackupDefect::NoWalFor(why.to_owned()));
        }
    }
    out.keys_of_backups.clone_from(&keys);
    judge_parents(&mut backups);
    backups.sort_by(|a, b| (a.stopped, &a.label).cmp(&(b.stopped, &b.label)));
    if let Some(how) = reading.contents {
        manifest_contents::look(&inner, &folders.backup, &mut backups, how)?;
    }
    out.archive_id = Some(id);
    out.backups = backups;
    Ok(out)
}

/// The clusters whose WAL lies in a stanza, oldest first.
pub(crate) fn archive_ids(store: &dyn Store, candidate: &Candidate) -> Result<Vec<String>, SourceError> {
    let items = Items::of(store, &StanzaFolders::of(candidate).archive)?;
    let mut ids: Vec<String> = items.folders().filter(|name| is_archive_id(name)).map(str::to_owned).collect();
    ids.sort_by_key(|id| number_of(id));
    Ok(ids)
}

/// A file of information and its copy.
enum InfoFile {
    Read(Info),
    /// It is encrypted.
    Closed,
    /// Neither can be used.
    Unusable,
    Absent,
}

impl InfoFile {
    fn get(&self) -> Option<&Info> {
        match self {
            InfoFile::Read(info) => Some(info),
            _ => None,
        }
    }

    fn is_read(&self) -> bool {
        self.get().is_some()
    }

    /// It was encrypted, and is read.
    fn opened(&self) -> bool {
        self.get().is_some_and(|info| info.subkey().is_some())
    }

    /// Nothing can be had of it, whatever the key.
    fn is_lost(&self) -> bool {
        matches!(self, InfoFile::Absent | InfoFile::Unusable)
    }
}

/// Reads a file of information, or its copy where that is the better one. `opens`: the key opened another one, so that
/// what it does not open is damaged.
fn info(
    reading: &Reading<'_>,
    folder: &str,
    name: &str,
    opens: bool,
    defects: &mut Vec<RepoDefect>,
) -> Result<InfoFile, SourceError> {
    let (file, copy) = (join(folder, name), join(folder, &format!("{name}.copy")));
    let read = |file: &str| -> Result<Option<Result<Info, InfoFault>>, SourceError> {
        Ok(reading.store.read(file, LONGEST + 1)?.map(|bytes| match bytes.len() as u64 > LONGEST {
            true => Err(InfoFault::Large),
            false => Info::open(&bytes, reading.keys),
        }))
    };
    let (mut main, mut spare) = (read(&file)?, read(&copy)?);
    let is_open = |read: &Option<Result<Info, InfoFault>>| matches!(read, Some(Ok(info)) if info.subkey().is_some());
    if opens || is_open(&main) || is_open(&spare) {
        for read in [&mut main, &mut spare] {
            if matches!(read, Some(Err(InfoFault::Closed))) {
                *read = Some(Err(InfoFault::Ciphertext));
            }
        }
    }
    let kind = |fault: Option<&InfoFault>| match fault {
        None => DefectKind::Missing,
        Some(fault) => DefectKind::Damaged(fault.says().to_owned()),
    };
    let fault = |read: &Option<Result<Info, InfoFault>>| match read {
        Some(Ok(_)) => None,
        Some(Err(fault)) => Some(kind(Some(fault))),
        None => Some(kind(None)),
    };
    let closed = |read: &Option<Result<Info, InfoFault>>| matches!(read, Some(Err(InfoFault::Closed)));
    if closed(&main) || closed(&spare) {
        return Ok(InfoFile::Closed);
    }
    let of_main = fault(&main);
    let (info, defect) = match (main, spare) {
        (Some(Ok(info)), spare) => (Some(info), fault(&spare).map(|kind| (copy, kind, false))),
        (_, Some(Ok(info))) => (Some(info), of_main.map(|kind| (file.clone(), kind, false))),
        _ => (None, of_main.map(|kind| (file.clone(), kind, true))),
    };
    defects.extend(defect.map(|(file, kind, fatal)| RepoDefect { file, kind, fatal }));
    let Some(info) = info else { return Ok(InfoFile::Unusable) };
    if let Some(format) = info.format().filter(|format| *format != FORMAT) {
        defects.push(RepoDefect { file, kind: DefectKind::Newer(format), fatal: false });
    }
    Ok(InfoFile::Read(info))
}

impl InfoFault {
    fn says(self) -> &'static str {
        match self {
            InfoFault::Form => "is not of the form that pgBackRest writes",
            InfoFault::Checksum => "is not what its own checksum says",
            InfoFault::Closed => "is encrypted",
            InfoFault::Ciphertext => "is encrypted, and its encrypted bytes are damaged or cut off",
            InfoFault::Large => "is larger than 64 MiB, and was not read",
        }
    }
}

/// A cluster of a stanza.
#[derive(Clone, Copy, PartialEq, Eq)]
struct InfoCluster<'a> {
    version: &'a str,
    system_id: u64,
    number: u64,
}

impl<'a> InfoCluster<'a> {
    fn current(file: &'a InfoFile) -> Option<InfoCluster<'a>> {
        let info = file.get()?;
        let number = info.number("db", "db-id")?;
        Some(InfoCluster {
            version: info.text("db", "db-version")?,
            system_id: info.number("db", "db-system-id")?,
            number,
        })
    }

    fn all(info: &'a Info) -> impl Iterator<Item = InfoCluster<'a>> {
        info.section("db:history").filter_map(|(key, value)| {
            // In archive.info the key `db-id` holds the system identifier.
            let system_id = value.get("db-system-id").or_else(|| value.get("db-id"))?.as_u64()?;
            Some(InfoCluster { version: value.get("db-version")?.as_str()?, system_id, number: key.parse().ok()? })
        })
    }

    fn named(file: &'a InfoFile, id: &str) -> Option<InfoCluster<'a>> {
        InfoCluster::all(file.get()?).find(|cluster| cluster.id() == id)
    }

    /// The id of a cluster: of several versions of one, as pg_upgrade makes none, the newest.
    fn of(file: &InfoFile, system_id: u64) -> Option<String> {
        let own = InfoCluster::all(file.get()?).filter(|cluster| cluster.system_id == system_id);
        own.max_by_key(|cluster| cluster.number).map(|cluster| cluster.id())
    }

    fn id(&self) -> String {
        format!("{}-{}", self.version, self.number)
    }

    fn shown(&self) -> String {
        format!("{} ({})", self.id(), self.system_id)
    }
}

/// Whether an id is in `archive.info`, as `backup.info` has it.
fn knows(info: &Info, id: &str, named: Option<InfoCluster<'_>>) -> bool {
    let same = |cluster: &InfoCluster<'_>| {
        cluster.id() == id
            && named.is_none_or(|named| (named.system_id, named.version) == (cluster.system_id, cluster.version))
    };
    InfoCluster::all(info).any(|cluster| same(&cluster))
}

/// The current archive id: of the two files, what the one says that knows more clusters.
fn current(archive: &InfoFile, backup: &InfoFile) -> Option<String> {
    let (a, b) = (InfoCluster::current(archive), InfoCluster::current(backup));
    match (a, b) {
        (Some(a), Some(b)) if b.number > a.number => Some(b.id()),
        (a, b) => a.or(b).map(|cluster| cluster.id()),
    }
}

/// The cluster's number in its stanza.
fn number_of(id: &str) -> Option<u64> {
    id.rsplit_once('-')?.1.parse().ok()
}

fn choose_id(
    store: &dyn Store,
    candidate: &Candidate,
    choice: &RepoChoice,
    there: &[String],
    current: Option<String>,
) -> Result<String, RepoError> {
    let asked = choice.archive_id.is_some();
    let wanted = choice.archive_id.clone().or(current);
    let place = match candidate.base.as_str() {
        "" => store.describe(),
        base => format!("{}: {base}", store.describe()),
    };
    match wanted {
        Some(id) if there.contains(&id) => Ok(id),
        // A stanza without any WAL: what lies there is nothing, and that is told.
        Some(id) if there.is_empty() && !asked => Ok(id),
        Some(id) => Err(RepoError::NoArchiveId { place, id, asked, there: there.to_vec() }),
        None => there.last().cloned().ok_or(RepoError::NoArchiveId {
            place,
            id: "of any cluster".to_owned(),
            asked: true,
            there: Vec::new(),
        }),
    }
}

/// `20261128-155648F`, `20261128-155648F_20261128-155723D`.
fn is_label(name: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let stamp = |text: &str| text.split_once('-').is_some_and(|(day, time)| digits(day, 8) && digits(time, 6));
    let mut parts = name.split('_');
    let full = parts.next().and_then(|full| full.strip_suffix('F')).is_some_and(stamp);
    full && parts.all(|part| part.strip_suffix(['D', 'I']).is_some_and(stamp))
}

/// The backups that `backup.info` lists: of the cluster of this number, or of all.
fn listed(file: &InfoFile, folder: &str, number: Option<u64>) -> Vec<ListedBackup> {
    let Some(info) = file.get() else { return Vec::new() };
    let of = |value: &Value| number.is_none() || value.get("db-id").and_then(Value::as_u64) == number;
    let current = info.section("backup:current").filter(|(_, value)| of(value)).take(MOST);
    let one = |(label, value): (&str, &Value)| {
        let mut backup = backup(folder, label, |key| value.get(key));
        // Newer releases do not restore such a file, older ones restore the page as it is.
        if value.get("backup-error").and_then(Value::as_bool) == Some(true) {
            let what = "backup-error: pages of it were invalid already when it was taken";
            backup.put_down(BackupDefect::Status(what.to_owned()));
        }
        backup
    };
    current.map(one).collect()
}

/// A backup by its values, under the names that `backup.info` and manifests share.
fn backup<'a>(folder: &str, label: &str, get: impl Fn(&str) -> Option<&'a Value>) -> ListedBackup {
    let text = |key: &str| get(key).and_then(Value::as_str);
    let number = |key: &str| get(key).and_then(Value::as_u64);
    let lsn = |key: &str| text(key).and_then(|text| text.parse().ok());
    let segment = |key: &str| text(key).and_then(SegmentName::parse);
    let time = |key: &str| get(key).and_then(Value::as_i64);
    ListedBackup {
        label: label.to_owned(),
        file: join(folder, label),
        mode: match text("backup-type") {
            Some("full") => BackupMode::Full,
            Some("diff") => BackupMode::Differential,
            Some("incr") => BackupMode::Incremental,
            _ => BackupMode::Unknown,
        },
        parent: text("backup-prior").map(str::to_owned),
        start: lsn("backup-lsn-start"),
        start_file: segment("backup-archive-start"),
        stop: lsn("backup-lsn-stop"),
        stop_file: segment("backup-archive-stop"),
        started: time("backup-timestamp-start"),
        stopped: time("backup-timestamp-stop"),
        size: number("backup-info-size"),
        stored: number("backup-info-repo-size-delta"),
        ..ListedBackup::default()
    }
}

/// A backup that `backup.info` does not list: what its own manifest says of it. `None`: of another cluster.
fn unlisted(
    reading: &Reading<'_>,
    folder: &str,
    label: &str,
    number: Option<u64>,
) -> Result<Option<ListedBackup>, SourceError> {
    let head = match manifest::head(reading, &join(folder, label))? {
        ManifestFound::Read(head) => head,
        // Which backups there are can be told without a key, and nothing more.
        ManifestFound::Closed => {
            let mut backup = backup(folder, label, |_| None);
            backup.not_checked.push("its manifest, which is encrypted");
            return Ok(Some(backup));
        }
        ManifestFound::Damaged(why) => {
            let mut backup = backup(folder, label, |_| None);
            let file = join(&backup.file, "backup.manifest");
            backup.put_down(BackupDefect::Unreadable { file, why: why.to_owned() });
            return Ok(Some(backup));
        }
        ManifestFound::Absent => {
            let mut backup = backup(folder, label, |_| None);
            backup.put_down(BackupDefect::Undescribed { file: join(&backup.file, "backup.manifest") });
            return Ok(Some(backup));
        }
    };
    let of =
        |section: &str, key: &str| head.iter().find(|(s, k, _)| s == section && k == key).map(|(_, _, value)| value);
    if of("backup:db", "db-id").and_then(Value::as_u64).zip(number).is_some_and(|(of, asked)| of != asked) {
        return Ok(None);
    }
    let mut backup = backup(folder, label, |key| of("backup", key));
    let finished = reading.store.list(&backup.file)?.iter().any(|item| item.name == "backup.manifest");
    backup.put_down(match finished {
        true => BackupDefect::Undescribed { file: format!("its entry in {}", join(folder, "backup.info")) },
        false => BackupDefect::Unfinished("it has no backup.manifest yet".to_owned()),
    });
    Ok(Some(backup))
}

#[cfg(test)]
mod tests {
    use super::{is_label, number_of};

    #[test]
    fn labels_and_numbers() {
        for label in ["20261128-155648F", "20261128-155648F_20261128-155723D", "20261128-155648F_20261128-155725I"] {
            assert!(is_label(label), "{label}");
        }
        for name in ["latest", "backup.history", "20261128-155648", "20261128-155648D", "20261128-155648F_x"] {
            assert!(!is_label(name), "{name}");
        }
        assert_eq!((number_of("9.6-12"), number_of("x")), (Some(12), None));
    }
}
