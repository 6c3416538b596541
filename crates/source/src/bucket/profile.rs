//! The profile files of the aws tools: `~/.aws/config` and `~/.aws/credentials`.
//!
//! ```text
//! [default]                        [profile backup]
//! aws_access_key_id = …            region = eu-central-1
//! aws_secret_access_key = …        endpoint_url = http://127.0.0.1:9000
//!                                  s3 =
//!                                      addressing_style = path
//! ```

use super::settings::BucketSettings;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

/// More than any such file has.
const LIMIT: u64 = 1 << 20;

/// A profile, as both files together have it.
#[derive(Default)]
pub(super) struct Profile {
    name: String,
    values: BTreeMap<String, String>,
}

impl Profile {
    /// That which is asked for, or the default one. `Err`: it was asked for, and is in neither file.
    pub(super) fn of(settings: &BucketSettings) -> Result<Profile, String> {
        match settings.get("AWS_PROFILE").or_else(|| settings.get("AWS_DEFAULT_PROFILE")) {
            Some(name) => Profile::named(name, settings),
            None => Ok(Profile::read("default", settings).0),
        }
    }

    /// That of a name. `Err`: it is in neither file.
    pub(super) fn named(name: &str, settings: &BucketSettings) -> Result<Profile, String> {
        match Profile::read(name, settings) {
            (_, false) => Err(format!("there is no profile {name} in the files of the aws tools")),
            (profile, true) => Ok(profile),
        }
    }

    /// And whether anything is said of it.
    fn read(name: &str, settings: &BucketSettings) -> (Profile, bool) {
        let file = |variable: &str, own: &str| match settings.get(variable) {
            Some(path) => Some(PathBuf::from(path)),
            None => settings.get("HOME").map(|home| PathBuf::from(home).join(".aws").join(own)),
        };
        let read = |path: Option<PathBuf>| {
            let mut text = String::new();
            let opened = path.and_then(|path| fs::File::open(path).ok());
            opened.and_then(|file| file.take(LIMIT).read_to_string(&mut text).ok());
            text
        };
        let config = read(file("AWS_CONFIG_FILE", "config"));
        let credentials = read(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"));
        let mut profile = Profile { name: name.to_owned(), values: BTreeMap::new() };
        let mut found = false;
        for (text, title) in [(&config, "profile "), (&credentials, "")] {
            for (key, value) in section(text, name, title).into_iter().inspect(|_| found = true) {
                profile.values.insert(key, value);
            }
        }
        (profile, found)
    }

    /// What the files call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The lines of a section; keys of a nested one stand behind its name and a dot.
fn section(text: &str, name: &str, title: &str) -> Vec<(String, String)> {
    let (mut inside, mut nested, mut found) = (false, String::new(), Vec::new());
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let header = header.trim();
            let named = header.strip_prefix(title).map_or(header, str::trim);
            inside = named == name && (header == name || !title.is_empty());
            nested.clear();
            continue;
        }
        let Some((key, value)) = trimmed.split_once('=').filter(|_| inside) else { continue };
        let (key, value) = (key.trim(), value.trim());
        if line.starts_with([' ', '\t']) && !nested.is_empty() {
            found.push((format!("{nested}.{key}"), value.to_owned()));
        } else {
            nested = if value.is_empty() { key.to_owned() } else { String::new() };
            found.push((key.to_owned(), value.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_read_as_the_aws_tools_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let (config, credentials) = (folder.path().join("config"), folder.path().join("credentials"));
        fs::write(
            &config,
            "[default]\nregion=us-east-1\n\n[profile backup]\n# a comment\nregion = eu-central-1\ns3 =\n  addressing_style = path\nendpoint_url = http://h:1\n[profile other]\nregion = x\n",
        )
        .unwrap();
        fs::write(&credentials, "[backup]\naws_access_key_id = A\naws_secret_access_key = S=1\n").unwrap();
        let settings = BucketSettings::default()
            .with("AWS_CONFIG_FILE", config.to_str().unwrap())
            .with("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap());
        let default = Profile::of(&settings).unwrap();
        assert_eq!((default.get("region"), default.get("aws_access_key_id")), (Some("us-east-1"), None));
        let backup = Profile::of(&settings.clone().with("AWS_PROFILE", "backup")).unwrap();
        for (key, value) in [
            ("region", "eu-central-1"),
            ("endpoint_url", "http://h:1"),
            ("s3.addressing_style", "path"),
            ("aws_access_key_id", "A"),
            ("aws_secret_access_key", "S=1"),
        ] {
            assert_eq!(backup.get(key), Some(value), "{key}");
        }
        assert!(Profile::of(&settings.with("AWS_PROFILE", "gone")).is_err());
    }
}
