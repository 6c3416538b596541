//! Who runs the server: PostgreSQL refuses to run as root, so root lends it another user.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

/// The unprivileged user in whose name the server runs; `None` where we are one ourselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(Option<(u32, u32)>);

impl User {
    /// Us, or where we are root: `postgres`, else `nobody`.
    pub(crate) fn unprivileged(own_folder: &Path) -> io::Result<Self> {
        if fs::metadata(own_folder)?.uid() != 0 {
            return Ok(Self(None));
        }
        let passwd = fs::read_to_string("/etc/passwd")?;
        let found = ["postgres", "nobody"].iter().find_map(|name| ids(&passwd, name));
        found
            .map(|ids| Self(Some(ids)))
            .ok_or_else(|| io::Error::other("we are root, and there is no user postgres or nobody to run a server as"))
    }

    /// What /etc/passwd calls this user; his number where it does not.
    pub(crate) fn name(self) -> String {
        let uid = self.0.map(|(uid, _)| uid).or_else(|| fs::metadata("/proc/self").map(|own| own.uid()).ok());
        let uid = uid.unwrap_or_default().to_string();
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()));
        line.and_then(|line| line.split(':').next()).map_or(uid.clone(), str::to_owned)
    }

    /// Run the command as this user.
    pub(crate) fn runs(self, command: &mut Command) -> &mut Command {
        match self.0 {
            Some((uid, gid)) => command.uid(uid).gid(gid),
            None => command,
        }
    }

    /// Give the folder to this user.
    pub(crate) fn owns(self, folder: &Path) -> io::Result<()> {
        self.0.map_or(Ok(()), |(uid, gid)| chown(folder, Some(uid), Some(gid)))
    }
}

/// `name:password:uid:gid:…`
fn ids(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = passwd.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_user() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgresql:x:7:8::/:/bin/sh\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(ids(passwd, "postgres"), Some((101, 104)));
        assert_eq!(ids(passwd, "nobody"), None);
    }
}
