//! Sections of options with their values, as both tools write them.
//!
//! ```text
//! [global]
//! repo1-path = /var/lib/pgbackrest      # a line that begins with # or ; says nothing
//! ```

use super::ConfigError;
use std::collections::HashMap;
use std::path::Path;

/// Lines of a configuration: of several files, and of several lines for an option, the last counts.
#[derive(Debug, Default)]
pub(super) struct ConfigLines {
    /// Options with their values, by section.
    options: HashMap<String, HashMap<String, String>>,
    /// The sections in order, each once, whether anything stands in them or not.
    sections: Vec<String>,
}

impl ConfigLines {
    /// Adds those of a file.
    pub(super) fn add(&mut self, file: &Path, text: &str) -> Result<(), ConfigError> {
        let mut section = None;
        let mut last: Option<String> = None;
        for (at, line) in text.lines().enumerate() {
            let wrong = || ConfigError::Form { file: file.to_path_buf(), line: at + 1 };
            // What is indented goes on with the value above it.
            if line.starts_with([' ', '\t']) && section.is_some() && !line.contains('=') {
                let options = section.as_ref().and_then(|section| self.options.get_mut(section));
                if let Some(value) = options.zip(last.as_ref()).and_then(|(options, last)| options.get_mut(last)) {
                    value.push(' ');
                    value.push_str(line.trim());
                    value.truncate(value.trim_end().len());
                }
                continue;
            }
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                let name = name.strip_suffix(']').ok_or_else(wrong)?.trim().to_owned();
                if !self.options.contains_key(&name) {
                    self.options.insert(name.clone(), HashMap::new());
                    self.sections.push(name.clone());
                }
                (section, last) = (Some(name), None);
                continue;
            }
            let (key, value) = line.split_once(['=', ':']).ok_or_else(wrong)?;
            let options = section.as_ref().and_then(|section| self.options.get_mut(section)).ok_or_else(wrong)?;
            last = Some(key.trim().to_owned());
            options.insert(key.trim().to_owned(), value.trim().to_owned());
        }
        Ok(())
    }

    /// The value of an option of a section.
    pub(super) fn get(&self, section: &str, key: &str) -> Option<&str> {
        Some(self.options.get(section)?.get(key)?.as_str())
    }

    /// Sections, in order, each once.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(String::as_str)
    }

    /// Names of options in a section.
    pub(super) fn keys<'a>(&'a self, section: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.options.get(section).into_iter().flat_map(|options| options.keys().map(String::as_str))
    }
}
