//! Where pgBackRest's configuration says that its repositories are.
//!
//! ```text
//! --pgbackrest-conf FILE, else PGBACKREST_CONFIG, else /etc/pgbackrest/pgbackrest.conf, else /etc/pgbackrest.conf
//! and behind it, where no file was named, the files *.conf of /etc/pgbackrest/conf.d (PGBACKREST_CONFIG_INCLUDE_PATH)
//!
//! [global]               for every stanza                    PGBACKREST_REPO1_PATH goes before all of them
//! [global:restore]       for every stanza, at a restore
//! [main]                 for the stanza
//! [main:restore]         for the stanza, at a restore; it goes before the others
//! ```

use super::ini::ConfigLines;
use super::{ConfigError, ConfiguredPlace, conf_files, needed, text};
use crate::choice::RepoChoice;
use crate::command::ToolConfiguration;
use crate::repo_layout::RepoLayout;
use crate::shell::{command as shell, quoted};
use pgwal_source::Keys;
use std::collections::BTreeSet;
use std::iter;
use std::path::{Path, PathBuf};

/// Where a repository lies if nothing says otherwise.
const DEFAULT_PATH: &str = "/var/lib/pgbackrest";
/// No pgBackRest has more repositories.
const MOST: u32 = 256;

/// What of the environment is asked for, by name.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The repositories of a stanza, by their numbers. `conf`: the file of configuration, where one was named.
///
/// # Errors
/// A file of the configuration cannot be read, or none of the repositories is on this machine or in a bucket.
pub fn places(
    stanza: &str,
    conf: Option<&Path>,
    environment: Environment<'_>,
) -> Result<Vec<ConfiguredPlace>, ConfigError> {
    let config = StanzaConfig { stanza, conf, options: read(conf, environment)?, environment };
    let (mut out, mut refused) = (Vec::new(), None);
    for number in config.numbers() {
        match config.place(number) {
            Ok(place) => out.push(place),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) if out.is_empty() => Err(error),
        _ => Ok(out),
    }
}

/// A file that is named stands alone, unless folders are named as well.
fn read(conf: Option<&Path>, environment: Environment<'_>) -> Result<ConfigLines, ConfigError> {
    let mut options = ConfigLines::default();
    let variable = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("PGBACKREST_CONFIG_PATH");
    let base = folder.clone().unwrap_or_else(|| PathBuf::from("/etc/pgbackrest"));
    let named = conf.map(Path::to_path_buf).or_else(|| variable("PGBACKREST_CONFIG"));
    match &named {
        Some(file) => options.add(file, &needed(file)?)?,
        None => {
            for file in [base.join("pgbackrest.conf"), PathBuf::from("/etc/pgbackrest.conf")] {
                if let Some(text) = text(&file)? {
                    options.add(&file, &text)?;
                    break;
                }
            }
        }
    }
    let included = variable("PGBACKREST_CONFIG_INCLUDE_PATH");
    if named.is_none() || included.is_some() || folder.is_some() && conf.is_none() {
        for file in conf_files(&included.unwrap_or_else(|| base.join("conf.d"))) {
            if let Some(text) = text(&file)? {
                options.add(&file, &text)?;
            }
        }
    }
    Ok(options)
}

struct StanzaConfig<'a> {
    stanza: &'a str,
    conf: Option<&'a Path>,
    options: ConfigLines,
    environment: Environment<'a>,
}

impl StanzaConfig<'_> {
    fn sections(&self) -> [String; 4] {
        let stanza = self.stanza;
        [format!("{stanza}:restore"), stanza.to_owned(), "global:restore".to_owned(), "global".to_owned()]
    }

    /// The value of a repository's option. Before there were several, the first had no number.
    fn get(&self, number: u32, option: &str) -> Option<String> {
        let spelled = [Some(format!("repo{number}-{option}")), (number == 1).then(|| format!("repo-{option}"))];
        for name in spelled.into_iter().flatten() {
            let variable = format!("PGBACKREST_{}", name.to_ascii_uppercase().replace('-', "_"));
            if let Some(value) = (self.environment)(&variable).filter(|value| !value.is_empty()) {
                return Some(value);
            }
            let sections = self.sections();
            let own = sections.iter().find_map(|section| self.options.get(section, &name));
            if let Some(value) = own.filter(|value| !value.is_empty()) {
                return Some(value.to_owned());
            }
        }
        None
    }

    fn numbers(&self) -> BTreeSet<u32> {
        let number = |key: &str| {
            let digits = key.strip_prefix("repo")?.split_once('-')?.0;
            if digits.is_empty() { Some(1) } else { digits.parse().ok().filter(|number| (1..=MOST).contains(number)) }
        };
        let sections = self.sections();
        let mut all: BTreeSet<u32> =
            sections.iter().flat_map(|section| self.options.keys(section)).filter_map(number).collect();
        let told = |number: &u32| {
            ["PATH", "TYPE", "HOST"]
                .iter()
                .any(|end| (self.environment)(&format!("PGBACKREST_REPO{number}_{end}")).is_some())
        };
        all.extend((1..=MOST).filter(told));
        if all.is_empty() {
            all.insert(1);
        }
        all
    }

    fn place(&self, number: u32) -> Result<ConfiguredPlace, ConfigError> {
        let get = |option: &str| self.get(number, option);
        let path = get("path").unwrap_or_else(|| DEFAULT_PATH.to_owned());
        let stanza = self.stanza;
        let kind = get("type").unwrap_or_else(|| "posix".to_owned());
        if let Some(host) = get("host") {
            let user = get("host-user").unwrap_or_else(|| "pgbackrest".to_owned());
            let conf = get("host-config").map(|file| vec!["--pgbackrest-conf".to_owned(), file]).unwrap_or_default();
            let words = ["verify", "--stanza", stanza].map(str::to_owned).into_iter().chain(conf);
            return Err(ConfigError::Elsewhere {
                what: format!("repo{number}-host={host}"),
                command: over_ssh(&user, &host, words),
            });
        }
        let key = |option: &str| get(option).unwrap_or_default();
        let in_bucket =
            |scheme: &str, bucket: &str| PathBuf::from(format!("{scheme}://{bucket}/{}", path.trim_matches('/')));
        let mut variables = Vec::new();
        let mut set = |name: &str, value: Option<String>| variables.extend(value.map(|value| (name.to_owned(), value)));
        let place = match kind.as_str() {
            "posix" | "cifs" => PathBuf::from(&path),
            "s3" => {
                set("AWS_ACCESS_KEY_ID", get("s3-key"));
                set("AWS_SECRET_ACCESS_KEY", get("s3-key-secret"));
                set("AWS_SESSION_TOKEN", get("s3-token"));
                set("AWS_REGION", get("s3-region"));
                set("AWS_ENDPOINT_URL", self.endpoint(number, get("s3-endpoint")));
                set("AWS_CA_BUNDLE", get("storage-ca-file").or_else(|| get("s3-ca-file")));
                in_bucket("s3", &key("s3-bucket"))
            }
            "azure" => {
                set("AZURE_STORAGE_ACCOUNT", get("azure-account"));
                let sas = get("azure-key-type").is_some_and(|kind| kind == "sas");
                set(if sas { "AZURE_STORAGE_SAS_KEY" } else { "AZURE_STORAGE_KEY" }, get("azure-key"));
                in_bucket("az", &key("azure-container"))
            }
            "gcs" => {
                set("GOOGLE_SERVICE_ACCOUNT", get("gcs-key"));
                in_bucket("gs", &key("gcs-bucket"))
            }
            "sftp" => {
                let (host, user) = (key("sftp-host"), key("sftp-host-user"));
                return Err(ConfigError::Elsewhere {
                    what: format!("repo{number}-type=sftp"),
                    command: over_ssh(&user, &host, ["verify", &path, "--stanza", stanza].map(str::to_owned)),
                });
            }
            other => return Err(ConfigError::Unknown { what: format!("repo{number}-type={other}") }),
        };
        let mut keys = Keys::default();
        if get("cipher-type").is_none_or(|kind| kind != "none")
            && let Some(pass) = get("cipher-pass")
        {
            keys.add_passphrase(pass.into_bytes());
        }
        let choice = RepoChoice {
            layout: Some(RepoLayout::PgBackRest),
            stanza: Some(stanza.to_owned()),
            ..RepoChoice::default()
        };
        // Where there are several, it has to be said.
        let configuration = ToolConfiguration {
            // pgBackRest takes a relative one from `/`.
            file: self.conf.map(|conf| std::path::absolute(conf).unwrap_or_else(|_| conf.to_path_buf())),
            number: (self.numbers().len() > 1).then_some(number),
            server: None,
        };
        let by = format!("repo{number} of pgBackRest's configuration");
        Ok(ConfiguredPlace { place, by, number: Some(number), choice, keys, configuration, variables })
    }

    /// A host is asked by TLS; where another one is named to be asked in its place, that one is.
    fn endpoint(&self, number: u32, endpoint: Option<String>) -> Option<String> {
        let host = self.get(number, "storage-host").or_else(|| self.get(number, "s3-host")).or(endpoint)?;
        let port = self.get(number, "storage-port").or_else(|| self.get(number, "s3-port"));
        let whole = if host.contains("://") { host } else { format!("https://{host}") };
        Some(match port {
            Some(port) if !whole.trim_start_matches("https://").contains(':') => format!("{whole}:{port}"),
            _ => whole,
        })
    }
}

/// This program on another machine, where a second shell takes its words.
fn over_ssh(user: &str, host: &str, words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = iter::once("walproof".to_owned()).chain(words).collect();
    let (bare, line) = (words.join(" "), shell(words));
    let there = if line == bare { line } else { quoted(&line) };
    format!("ssh {} {there}", quoted(&format!("{user}@{host}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn of(text: &str, variables: &[(&str, &str)]) -> Result<Vec<ConfiguredPlace>, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgbackrest.conf");
        fs::write(&file, text).unwrap();
        let find = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        places("main", Some(&file), &find)
    }

    fn shown(places: &[ConfiguredPlace]) -> Vec<(u32, String)> {
        places.iter().map(|one| (one.number.unwrap(), one.place.display().to_string())).collect()
    }

    #[test]
    fn repositories_are_where_the_nearest_section_says() {
        let text = "[global]\nrepo1-path=/a\nrepo2-type=s3\nrepo2-path=/p\nrepo2-s3-bucket=b\nrepo2-s3-endpoint=e.org\n\
                    repo2-storage-port=9000\nrepo2-s3-key=k\nrepo2-cipher-pass=x=y\n# repo3-path=/no\n\n[main]\n\
                    repo1-path=/b # of the stanza\n[other]\nrepo1-path=/c\n";
        let found = of(&text.replace(" # of the stanza", ""), &[]).unwrap();
        assert_eq!(shown(&found), [(1, "/b".to_owned()), (2, "s3://b/p".to_owned())]);
        let variables: Vec<&str> = found[1].variables.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(variables, ["k", "https://e.org:9000"]);
        assert!(found[0].keys.is_empty() && !found[1].keys.is_empty());
        let found = of(text, &[("PGBACKREST_REPO1_PATH", "/d"), ("PGBACKREST_REPO4_PATH", "/e")]).unwrap();
        assert_eq!(shown(&found)[0], (1, "/d".to_owned()));
        assert_eq!(shown(&found)[2], (4, "/e".to_owned()));
        assert_eq!(shown(&of("[global]\nrepo-path=/old\n", &[]).unwrap()), [(1, "/old".to_owned())]);
        assert_eq!(shown(&of("", &[]).unwrap()), [(1, DEFAULT_PATH.to_owned())]);
    }

    #[test]
    fn another_machine_is_told_with_the_line_to_type() {
        let error = |text: &str| of(text, &[]).map(|_| ()).unwrap_err().to_string();
        let host = error("[global]\nrepo1-host=backup\nrepo1-host-user=pg\n");
        assert!(host.ends_with("ssh pg@backup walproof verify --stanza main"), "{host}");
        let sftp = error("[global]\nrepo1-type=sftp\nrepo1-path=/r\nrepo1-sftp-host=h\nrepo1-sftp-host-user=u\n");
        assert!(sftp.ends_with("ssh u@h walproof verify /r --stanza main"), "{sftp}");
        assert!(error("[global]\nrepo1-type=tape\n").contains("repo1-type=tape"));
        // One that can be looked at is.
        let both = of("[global]\nrepo1-host=backup\nrepo2-path=/b\n", &[]).unwrap();
        assert_eq!(shown(&both), [(2, "/b".to_owned())]);
    }

    #[test]
    fn what_is_no_configuration_is_told() {
        assert!(matches!(of("[global\n", &[]), Err(ConfigError::Form { line: 1, .. })));
        assert!(matches!(of("repo1-path=/a\n", &[]), Err(ConfigError::Form { line: 1, .. })));
        assert!(matches!(of("[global]\nnothing\n", &[]), Err(ConfigError::Form { line: 2, .. })));
        let none = places("main", Some(Path::new("/nowhere/x.conf")), &|_| None);
        assert!(matches!(none, Err(ConfigError::Source(_))));
    }
}
