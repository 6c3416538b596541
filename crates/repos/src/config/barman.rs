//! Where Barman's configuration says that its servers' folders are.
//!
//! ```text
//! [barman]
//! barman_home = /var/lib/barman
//! configuration_files_directory = /etc/barman.d          its files *.conf are read behind this one
//! [main]
//! backup_directory = %(barman_home)s/main                 if nothing says otherwise
//! ```

use super::ini::ConfigLines;
use super::{ConfigError, ConfiguredPlace, conf_files, needed, text};
use crate::choice::RepoChoice;
use crate::command::ToolConfiguration;
use crate::repo_layout::RepoLayout;
use pgwal_source::Keys;
use std::path::{Path, PathBuf};

/// The section of what holds for every server.
const GLOBAL: &str = "barman";

/// The servers of a configuration, or the one of that name.
///
/// # Errors
/// A file of the configuration cannot be read, or it has no such server.
pub fn places(conf: &Path, server: Option<&str>) -> Result<Vec<ConfiguredPlace>, ConfigError> {
    let mut options = ConfigLines::default();
    options.add(conf, &needed(conf)?)?;
    if let Some(folder) = options.get(GLOBAL, "configuration_files_directory").map(PathBuf::from) {
        for file in conf_files(&folder) {
            if let Some(text) = text(&file)? {
                options.add(&file, &text)?;
            }
        }
    }
    let is_server = |name: &&str| {
        // Models and the tool's own section are none.
        *name != GLOBAL && !name.contains(':') && options.get(name, "model").is_none_or(|model| model != "true")
    };
    let there: Vec<&str> = options.sections().filter(is_server).collect();
    let asked: Vec<&str> = there.iter().copied().filter(|name| server.is_none_or(|asked| asked == *name)).collect();
    if asked.is_empty() {
        let there = there.into_iter().map(str::to_owned).collect();
        return Err(ConfigError::NoServer { file: conf.to_path_buf(), asked: server.map(str::to_owned), there });
    }
    asked.into_iter().map(|name| place(conf, &options, name)).collect()
}

fn place(conf: &Path, options: &ConfigLines, server: &str) -> Result<ConfiguredPlace, ConfigError> {
    let own = |key: &str| {
        let value = options.get(server, key).or_else(|| options.get(GLOBAL, key))?;
        Some(expanded(options, server, value))
    };
    let home = own("barman_home").unwrap_or_else(|| "/var/lib/barman".to_owned());
    let folder = options.get(server, "backup_directory").map(|value| expanded(options, server, value));
    let folder = PathBuf::from(folder.unwrap_or_else(|| format!("{home}/{server}")));
    // A layout of one's own is none that is known by its folders.
    for (key, usual) in [("wals_directory", "wals"), ("basebackups_directory", "base")] {
        let named = options.get(server, key).map(|value| expanded(options, server, value));
        if let Some(other) = named.filter(|named| Path::new(named) != folder.join(usual)) {
            return Err(ConfigError::Unknown { what: format!("{server}: {key} = {other}") });
        }
    }
    let choice = RepoChoice { layout: Some(RepoLayout::Barman), ..RepoChoice::default() };
    let configuration =
        ToolConfiguration { file: Some(conf.to_path_buf()), server: Some(server.to_owned()), number: None };
    Ok(ConfiguredPlace {
        place: folder,
        by: format!("section [{server}] of {}", conf.display()),
        number: None,
        choice,
        keys: Keys::default(),
        configuration,
        variables: Vec::new(),
    })
}

/// With the values of other options in the place of their names: `%(barman_home)s`.
fn expanded(options: &ConfigLines, server: &str, value: &str) -> String {
    let mut out = value.to_owned();
    // A value may name another one, and that a third.
    for _ in 0..8 {
        let Some((before, rest)) = out.split_once("%(") else { break };
        let Some((key, after)) = rest.split_once(")s") else { break };
        let value = options.get(server, key).or_else(|| options.get(GLOBAL, key)).unwrap_or_default();
        out = format!("{before}{value}{after}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn servers_are_where_their_sections_say() {
        let folder = tempfile::tempdir().unwrap();
        let (file, more) = (folder.path().join("barman.conf"), folder.path().join("barman.d"));
        fs::create_dir(&more).unwrap();
        let head = format!(
            "[barman]\nbarman_home = /srv/barman\nconfiguration_files_directory = {}\n; a remark\n",
            more.display()
        );
        fs::write(&file, head).unwrap();
        fs::write(more.join("a.conf"), "[main]\ndescription = x\n[near]\nbackup_directory = %(barman_home)s/n\n")
            .unwrap();
        fs::write(more.join("b.conf"), "[odd]\nwals_directory = /w\n[old:x]\nmodel=true\n").unwrap();
        fs::write(more.join("c.template"), "[none]\n").unwrap();
        let place = |server: &str| places(&file, Some(server)).map(|all| all[0].place.display().to_string());
        assert_eq!(place("main").as_deref(), Ok("/srv/barman/main"));
        assert_eq!(place("near").as_deref(), Ok("/srv/barman/n"));
        assert!(matches!(place("odd"), Err(ConfigError::Unknown { .. })));
        let none = place("none").unwrap_err().to_string();
        assert!(none.contains("no server none") && none.contains("main, near, odd"), "{none}");
    }
}
