//! Sections of options with their values, as both tools write them.
//!
//! ```text
//! [global]
//! repo1-path = /var/lib/pgbackrest      # a line that begins with # or ; says nothing
//! ```

use super::ConfigError;
use std::path::Path;

/// ConfigLines of a configuration, in the order of its files.
#[derive(Debug, Default)]
pub(super) struct ConfigLines(Vec<(String, String, String)>);

impl ConfigLines {
    /// Adds those of a file.
    pub(super) fn add(&mut self, file: &Path, text: &str) -> Result<(), ConfigError> {
        let mut section = None;
        for (at, line) in text.lines().enumerate() {
            let wrong = || ConfigError::Form { file: file.to_path_buf(), line: at + 1 };
            // What is indented goes on with the value above it.
            if line.starts_with([' ', '\t']) && section.is_some() && !line.contains('=') {
                if let Some((_, _, value)) = self.0.last_mut() {
                    *value = format!("{value} {}", line.trim()).trim().to_owned();
                }
                continue;
            }
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                section = Some(name.strip_suffix(']').ok_or_else(wrong)?.trim().to_owned());
                continue;
            }
            let (key, value) = line.split_once(['=', ':']).ok_or_else(wrong)?;
            let section = section.clone().ok_or_else(wrong)?;
            self.0.push((section, key.trim().to_owned(), value.trim().to_owned()));
        }
        Ok(())
    }

    /// The value of an option of a section: the last one.
    pub(super) fn get(&self, section: &str, key: &str) -> Option<&str> {
        let own = self.0.iter().rev().find(|(own, name, _)| own == section && name == key);
        own.map(|(_, _, value)| value.as_str())
    }

    /// Sections, in order, each once.
    pub(super) fn sections(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for (section, ..) in &self.0 {
            if !out.contains(&section.as_str()) {
                out.push(section);
            }
        }
        out
    }

    /// Names of options in a section.
    pub(super) fn keys<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, ..)| own == section).map(|(_, key, _)| key.as_str())
    }
}
