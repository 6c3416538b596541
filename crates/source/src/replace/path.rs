//! From a path to the folder of a file, step by step: no link is followed unseen, and what was looked at is what is
//! used, whoever renames folders meanwhile.

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path};

/// Links on one way; as many as Linux follows.
const LINKS: usize = 40;

/// Where a path leads: a name in a folder.
pub(super) struct ReplaceTarget {
    /// The folder.
    pub(super) folder: OwnedFd,
    /// The name.
    pub(super) name: OsString,
    /// What lies there.
    pub(super) before: Option<Stat>,
    /// It is a link of the kernel's own, to something that has no other name.
    follow: bool,
}

impl ReplaceTarget {
    /// Opens what lies there, to write into it.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        let flags = if self.follow { OFlags::WRONLY } else { OFlags::WRONLY | OFlags::NOFOLLOW };
        Ok(rustix::fs::openat(&self.folder, &self.name, flags | OFlags::CLOEXEC, Mode::empty())?)
    }
}

/// Where a path leads.
pub(super) fn find(path: &Path) -> io::Result<ReplaceTarget> {
    let mut folder = open_folder(&CWD, OsStr::new("."))?;
    let mut ahead: Vec<OsString> = Vec::new();
    push(&mut ahead, path);
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        if name == "/" {
            folder = open_folder(&CWD, &name)?;
            continue;
        }
        if name == ".." {
            folder = open_folder(&folder, &name)?;
            continue;
        }
        let stat = match rustix::fs::statat(&folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) if ahead.is_empty() => {
                return Ok(ReplaceTarget { folder, name, before: None, follow: false });
            }
            Err(error) => return Err(error.into()),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => {
                links += 1;
                if links > LINKS {
                    return Err(Errno::LOOP.into());
                }
                refuse_others(&name, &stat)?;
                if let Some(stat) = nameless(&folder, &name).filter(|_| ahead.is_empty()) {
                    return Ok(ReplaceTarget { folder, name, before: Some(stat), follow: true });
                }
                let to = rustix::fs::readlinkat(&folder, &name, Vec::new())?.into_bytes();
                push(&mut ahead, Path::new(&OsString::from_vec(to)));
            }
            FileType::Directory if ahead.is_empty() => break,
            FileType::Directory => folder = open_folder(&folder, &name)?,
            _ if ahead.is_empty() => {
                return Ok(ReplaceTarget { folder, name, before: Some(stat), follow: false });
            }
            _ => return Err(Errno::NOTDIR.into()),
        }
    }
    Err(io::ErrorKind::IsADirectory.into())
}

/// Puts the parts of a path in front of those that are ahead, last first.
fn push(ahead: &mut Vec<OsString>, path: &Path) {
    let parts = path.components().rev().filter(|part| *part != Component::CurDir);
    ahead.extend(parts.map(|part| part.as_os_str().to_os_string()));
}

/// Only to look further from there, which needs no right to read it.
fn open_folder(from: &impl std::os::fd::AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let way = OFlags::PATH;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let way = OFlags::RDONLY;
    let flags = way | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(from, name, flags, Mode::empty())?)
}

fn refuse_others(name: &OsStr, link: &Stat) -> io::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    if link.st_uid == own || link.st_uid == 0 {
        return Ok(());
    }
    let name = name.as_bytes().escape_ascii();
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{name} is a link that another user made")))
}

/// What a link of /proc leads to that has no other name: the pipe or terminal behind /dev/stdout.
fn nameless(folder: &OwnedFd, name: &OsStr) -> Option<Stat> {
    #[cfg(target_os = "linux")]
    {
        let of_proc = rustix::fs::fstatfs(folder).is_ok_and(|fs| fs.f_type == rustix::fs::PROC_SUPER_MAGIC);
        let stat = rustix::fs::statat(folder, name, AtFlags::empty()).ok().filter(|_| of_proc)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        (!kind.is_file() && !kind.is_dir()).then_some(stat)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (folder, name);
        None
    }
}
