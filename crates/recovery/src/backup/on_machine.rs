//! What on this machine keeps a server from starting on a directory as it lies. What servers of 11, 15 and 18 did with
//! each was seen by starting them.
//!
//! Settings and copies come from other machines, and what is at hand may be a sample: what a sample lacks is told where
//! most of the directory is there.

use super::Backup;
use super::closed_files;
use super::flaw::{BackupFlaw, FlawKind, StartFlaw, StartObstacle, Weight};
use super::hba::{self, HbaFault};
use super::small::small;
use crate::machine::running::{self, RunningServer};
use crate::values::fault::{PlacedSetting, SettingPlace};
use crate::values::value;
use pgwal_format::recovery::settings::SettingRules;
use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};

/// A longer `pg_hba.conf` is not looked into.
const LONGEST_HBA: u64 = 4 << 20;

/// Looks at a directory and the machine around it. `set`: names of settings that are given otherwise.
pub(super) fn obstacles(backup: &Backup, set: &[&str]) -> Vec<BackupFlaw> {
    let start = StartLook { backup, data: Path::new(&backup.name), set };
    let settings = [start.other_directory(), start.configuration(), start.hba()];
    let mut out: Vec<BackupFlaw> = settings.into_iter().flatten().chain(start.lock_file()).collect();
    out.extend(start.ssl());
    out.extend(start.socket_folder());
    out.extend(start.log_folder());
    out.extend(start.addresses());
    out.extend(start.standbys());
    out.extend(start.shared());
    let closed = closed_files::closed(backup, start.data);
    out.extend(closed.map(|(file, flaw)| FlawKind::Start(flaw).weighed(&file, Weight::Error)));
    out
}

struct StartLook<'a> {
    backup: &'a Backup,
    data: &'a Path,
    set: &'a [&'a str],
}

impl StartLook<'_> {
    fn flaw(&self, file: &str, weight: Weight, (obstacle, says): (StartObstacle, Option<String>)) -> BackupFlaw {
        let data = self.backup.name.clone();
        FlawKind::Start(StartFlaw { obstacle, setting: None, data, says }).weighed(file, weight)
    }

    /// One that a setting asks for.
    fn set_by(&self, setting: PlacedSetting, weight: Weight, found: (StartObstacle, Option<String>)) -> BackupFlaw {
        let file = match &setting.place {
            SettingPlace::Line { file, .. } => file.clone(),
            _ => String::new(),
        };
        let mut flaw = self.flaw(&file, weight, found);
        if let FlawKind::Start(start) = &mut flaw.kind {
            start.setting = Some(setting);
        }
        flaw
    }

    /// The line of a setting that counts.
    fn setting(&self, name: &str) -> Option<PlacedSetting> {
        if self.set.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            return None;
        }
        self.backup.settings.iter().rev().find_map(|file| {
            let setting = file.text.settings.iter().rev().find(|s| s.name.eq_ignore_ascii_case(name))?;
            let place = SettingPlace::Line { file: file.name.clone(), line: setting.line };
            Some(PlacedSetting { name: name.to_owned(), value: setting.value.clone(), place })
        })
    }

    /// A server reads the configuration here, and works where that says. It looks for the setting in front of
    /// `postgresql.auto.conf`, where it does not count.
    fn other_directory(&self) -> Option<BackupFlaw> {
        let setting = self.setting("data_directory")?;
        let of_auto = |name: &str| self.backup.settings.iter().any(|f| f.name == name && f.main != "postgresql.conf");
        if matches!(&setting.place, SettingPlace::Line { file, .. } if of_auto(file)) {
            return None;
        }
        let other = Path::new(&setting.value);
        let (own, real) = (self.data.canonicalize().ok()?, other.canonicalize());
        // A relative one begins where the server is started.
        if !other.is_absolute() || real.as_ref().is_ok_and(|real| *real == own) {
            return None;
        }
        let gone = is_gone(other);
        let weight = if self.backup.has_most || !gone { Weight::Error } else { Weight::Warning };
        let says = gone.then(|| format!("data directory \"{}\" does not exist", setting.value));
        let obstacle = StartObstacle::OtherDirectory(setting.value.clone());
        Some(self.set_by(setting, weight, (obstacle, says)))
    }

    /// It may lie elsewhere, as Debian has it; not where the other half of it, or the manifest, says that it lay here.
    fn configuration(&self) -> Option<BackupFlaw> {
        let (name, is_set) = ("postgresql.conf", self.set.iter().any(|set| set.eq_ignore_ascii_case("config_file")));
        let listed = || self.backup.manifest.as_ref().is_some_and(|m| m.files.iter().any(|file| file.path == name));
        let was_here = || self.data.join("pg_hba.conf").is_file() || listed();
        if is_set || !self.backup.has_most || !is_gone(&self.data.join(name)) || !was_here() {
            return None;
        }
        let path = absolute(&self.data.join(name));
        let says =
            format!("postgres: could not access the server configuration file \"{path}\": No such file or directory");
        Some(self.flaw(name, Weight::Error, (StartObstacle::NoConfiguration, Some(says))))
    }

    /// Without `pg_ident.conf` a server starts.
    fn hba(&self) -> Option<BackupFlaw> {
        let setting = self.setting("hba_file");
        let is_set = self.set.iter().any(|set| ["hba_file", "config_file"].contains(set));
        let path = match &setting {
            Some(setting) if Path::new(&setting.value).is_absolute() => PathBuf::from(&setting.value),
            Some(_) => return None,
            None => self.data.join("pg_hba.conf"),
        };
        if is_set || !self.backup.has_most || !self.data.join("postgresql.conf").exists() {
            return None;
        }
        let text = || small(&path, LONGEST_HBA).ok().flatten().filter(|text| text.len() as u64 != LONGEST_HBA);
        let fault = || hba::fault(&text()?, &SettingRules::of(self.backup.version?).hba);
        let obstacle = |shown: String| match is_gone(&path) {
            true => Some(StartObstacle::NoFile(shown)),
            false => fault().map(|fault| match fault {
                HbaFault::Empty => StartObstacle::NoEntries(shown),
                HbaFault::Entry(line) => StartObstacle::BrokenEntry { path: shown, line },
            }),
        };
        let by_path = self.backup.version.is_some_and(|version| SettingRules::of(version).names_hba_path);
        let says = match by_path {
            true => format!("could not load {}", absolute(&path)),
            false => "could not load pg_hba.conf".to_owned(),
        };
        let shown = setting.as_ref().map_or("pg_hba.conf".to_owned(), |_| path.display().to_string());
        let found = (obstacle(shown)?, Some(says));
        Some(match setting {
            Some(setting) => self.set_by(setting, Weight::Error, found),
            None => self.flaw("pg_hba.conf", Weight::Error, found),
        })
    }

    /// A server takes any process of its own user for another server on the directory (`CreateLockFile`).
    fn lock_file(&self) -> Option<BackupFlaw> {
        let name = "postmaster.pid";
        let bytes = small(&self.data.join(name), 8192).ok().flatten()?;
        let text = String::from_utf8_lossy(&bytes);
        let exists = || Some(format!("lock file \"{name}\" already exists"));
        let most = self.backup.has_most;
        let found = match number_of(&text) {
            0 if bytes.is_empty() => (StartObstacle::NoProcess, Some(format!("lock file \"{name}\" is empty"))),
            0 => (StartObstacle::NoProcess, Some(format!("bogus data in lock file \"{name}\": \"{text}\""))),
            pid => match process(pid, self.data)? {
                LivingProcess::InDirectory => (StartObstacle::ServerRuns(pid), exists()),
                LivingProcess::Alive => (StartObstacle::ProcessAlive(pid), exists()),
            },
        };
        (most || matches!(found.0, StartObstacle::ServerRuns(_))).then(|| self.flaw(name, Weight::Error, found))
    }

    /// Certificate and key: a relative one lies in the data directory.
    fn ssl(&self) -> Option<BackupFlaw> {
        let on = self.setting("ssl").filter(|ssl| self.backup.has_most && value::boolean(&ssl.value) == Some(true))?;
        let files = [
            ("ssl_cert_file", Some("server.crt"), "load server certificate file"),
            ("ssl_key_file", Some("server.key"), "access private key file"),
            ("ssl_ca_file", None, "load root certificate file"),
        ];
        files.into_iter().filter(|(name, ..)| !self.set.contains(name)).find_map(|(name, default, verb)| {
            let setting = self.setting(name);
            let path = setting.as_ref().map_or(default.unwrap_or_default(), |own| &own.value).to_owned();
            if path.is_empty() || !is_gone(&self.data.join(&path)) {
                return None;
            }
            let says = format!("could not {verb} \"{path}\": No such file or directory");
            let setting = setting.unwrap_or_else(|| on.clone());
            Some(self.set_by(setting, Weight::Error, (StartObstacle::NoFile(path), Some(says))))
        })
    }

    /// A server makes the folder of its log, and none above it (`SysLogger_Start`).
    fn log_folder(&self) -> Option<BackupFlaw> {
        let is_on = |own: &PlacedSetting| value::boolean(&own.value) == Some(true);
        self.setting("logging_collector").filter(|own| self.backup.has_most && is_on(own))?;
        let setting = self.setting("log_directory")?;
        let folder = self.data.join(&setting.value);
        let above = folder.parent().filter(|above| is_gone(above))?.display().to_string();
        let file = self.setting("log_filename").map_or("postgresql-%Y-%m-%d_%H%M%S.log".to_owned(), |own| own.value);
        let says = format!("could not open log file \"{}/{file}\": No such file or directory", setting.value);
        Some(self.set_by(setting, Weight::Error, (StartObstacle::NoLogFolder(above), Some(says))))
    }

    /// A server that can listen on one of them starts. One that moves from machine to machine may come later.
    fn addresses(&self) -> Option<BackupFlaw> {
        let setting = self.setting("listen_addresses").filter(|_| self.backup.has_most)?;
        let words = || setting.value.split(',').map(|word| word.trim().trim_matches('"'));
        let is_foreign = |word: &str| {
            let refused = |address: IpAddr| UdpSocket::bind((address, 0)).err().map(|error| error.kind());
            word.parse().ok().and_then(refused) == Some(ErrorKind::AddrNotAvailable)
        };
        if !words().all(is_foreign) {
            return None;
        }
        let says = "could not create any TCP/IP sockets".to_owned();
        Some(self.set_by(setting.clone(), Weight::Warning, (StartObstacle::NoAddress, Some(says))))
    }

    /// It opens, and each commit waits for a standby that nobody has made of it (`SyncRepWaitForLSN`).
    fn standbys(&self) -> Option<BackupFlaw> {
        let is_one = |own: &PlacedSetting| self.backup.has_most && !own.value.trim().is_empty();
        let setting = self.setting("synchronous_standby_names").filter(is_one)?;
        let alone = |own: &PlacedSetting| ["local", "off"].contains(&own.value.as_str());
        if self.setting("synchronous_commit").is_some_and(|own| alone(&own))
            || self.data.join("standby.signal").exists()
        {
            return None;
        }
        Some(self.set_by(setting, Weight::Warning, (StartObstacle::AwaitsStandbys, None)))
    }

    /// `pg_wal`, and tablespaces, that a copy has as links into those of a server that runs: it would recycle that
    /// one's WAL, and write into its files.
    fn shared(&self) -> Option<BackupFlaw> {
        let wal = ["pg_wal", "pg_xlog"].map(|name| (name.to_owned(), self.data.join(name), false));
        let spaces = fs::read_dir(self.data.join("pg_tblspc")).into_iter().flatten().flatten();
        let spaces = spaces.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
        let is_mapped = |oid: &str| self.backup.mapped.iter().any(|(mapped, _)| mapped == oid);
        let spaces =
            spaces.filter(|(oid, _)| !is_mapped(oid)).map(|(oid, path)| (format!("pg_tblspc/{oid}"), path, true));
        let linked = wal.into_iter().chain(spaces).filter(|(_, path, _)| path.is_symlink());
        let mapped = self.backup.mapped.iter().map(|(_, place)| ("tablespace_map".to_owned(), place.clone(), true));
        let places: Vec<(String, PathBuf, bool)> = linked.chain(mapped).collect();
        if places.is_empty() {
            return None;
        }
        let others = running::beside(self.data);
        places.iter().find_map(|(name, place, is_space)| {
            let is_its = |other: &&RunningServer| match self.backup.version.filter(|_| *is_space) {
                Some(version) => other.has_tablespace(place, version),
                None => other.works_in(place),
            };
            let obstacle = StartObstacle::OthersPlace {
                server: others.iter().find(is_its)?.data.display().to_string(),
                mapped: name == "tablespace_map",
            };
            Some(self.flaw(name, Weight::Error, (obstacle, None)))
        })
    }

    /// Often made when a machine starts: it may be there where the server will be.
    fn socket_folder(&self) -> Option<BackupFlaw> {
        let setting = self.setting("unix_socket_directories")?;
        let mut folders = setting.value.split(',').map(|folder| folder.trim().trim_matches('"'));
        let missing =
            |folder: &&str| !folder.is_empty() && !folder.starts_with('@') && is_gone(&self.data.join(folder));
        let folder = folders.find(missing)?.to_owned();
        let port = self.setting("port").map_or("5432".to_owned(), |port| port.value);
        let says = format!("could not create lock file \"{folder}/.s.PGSQL.{port}.lock\": No such file or directory");
        Some(self.set_by(setting, Weight::Warning, (StartObstacle::NoSocketFolder(folder), Some(says))))
    }
}

/// A server works in this directory, as far as this machine can tell.
pub(crate) fn is_in_use(data: &Path) -> bool {
    let bytes = small(&data.join("postmaster.pid"), 8192).ok().flatten();
    bytes.is_some_and(|bytes| process(number_of(&String::from_utf8_lossy(&bytes)), data).is_some())
}

/// The process that a lock file names; 0 where it names none.
fn number_of(text: &str) -> u32 {
    let first = text.trim_start().trim_start_matches('-');
    first.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().parse().unwrap_or(0)
}

/// Nothing is there. Whoever may not look does not know.
fn is_gone(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}

/// A process that lives.
enum LivingProcess {
    /// Its directory is the one that is looked at.
    InDirectory,
    /// It is of the same user.
    Alive,
}

/// A process of the user of the directory; `None` where there is none, or it is another's, whom a server passes over.
#[cfg(unix)]
fn process(pid: u32, data: &Path) -> Option<LivingProcess> {
    use std::os::unix::fs::MetadataExt;
    let own = fs::metadata(data).ok()?;
    let place = PathBuf::from(format!("/proc/{pid}"));
    let there = fs::metadata(&place).ok()?;
    if fs::metadata(place.join("cwd")).is_ok_and(|cwd| (cwd.dev(), cwd.ino()) == (own.dev(), own.ino())) {
        return Some(LivingProcess::InDirectory);
    }
    (there.uid() == own.uid()).then_some(LivingProcess::Alive)
}

/// Which processes live is not known.
#[cfg(not(unix))]
fn process(_: u32, _: &Path) -> Option<LivingProcess> {
    None
}
