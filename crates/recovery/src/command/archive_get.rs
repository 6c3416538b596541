//! `walproof archive-get` as `restore_command`: what it answers, as far as its options say it.
//!
//! | the file | the command ends with | archive recovery | a standby |
//! |---|---|---|---|
//! | is there, and right | 0 | goes on | goes on |
//! | is not there, and nothing behind it | 1 | ends | waits |
//! | is not there, and WAL goes on behind it | 126; `--on-hole end`: 1 | FATAL | waits |
//! | is damaged, short, another's | 126 | FATAL | waits |
//!
//! With `--wait` it answers none of the last three before somebody ends that.

use crate::command::words;
use std::path::PathBuf;

/// The options of `walproof archive-get` that decide what it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ArchiveGet {
    /// `--on-hole end`: what is not there is the end, whatever lies behind it.
    pub ends_at_hole: bool,
    /// `--partial`: unfinished segments count where there is no whole one.
    pub partial: bool,
    /// `--wait` without `--timeout`: what is not there is waited for until somebody ends that.
    pub waits: bool,
}

impl ArchiveGet {
    /// Of a command, as the configuration has it. `None` where it is another, or one beside others: what a server gets
    /// of that is not known.
    pub fn of(command: &str) -> Option<ArchiveGet> {
        if command.contains([';', '|', '&']) {
            return None;
        }
        let words = words(command);
        let program = |word: &String| word.rsplit('/').next() == Some("walproof");
        let at = words.iter().position(program)?;
        let (name, options) = words.get(at + 1..)?.split_first()?;
        let has = |option: &str| options.iter().any(|word| word == option || word.starts_with(&format!("{option}=")));
        let on_hole =
            options.windows(2).any(|pair| pair == ["--on-hole", "end"]) || options.contains(&"--on-hole=end".into());
        (name == "archive-get").then(|| ArchiveGet {
            ends_at_hole: on_hole,
            partial: has("--partial"),
            waits: has("--wait") && !has("--timeout"),
        })
    }
}

/// The places from which a `walproof archive-get` takes files, as far as they are folders of this machine, by whole
/// paths. `None` where one is something else.
pub fn own_places(command: &str) -> Option<Vec<PathBuf>> {
    ArchiveGet::of(command)?;
    let words = words(command);
    let behind = words.windows(2).filter(|pair| pair.first().is_some_and(|word| word == "--from"));
    let named = behind.filter_map(|pair| pair.get(1).map(String::as_str));
    let joined = words.iter().filter_map(|word| word.strip_prefix("--from="));
    let is_plain = |place: &str| place.starts_with('/') && !place.contains(['$', '`', '%', '~', '*', '?']);
    let places: Vec<&str> = named.chain(joined).collect();
    places.iter().all(|place| is_plain(place)).then(|| places.into_iter().map(PathBuf::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_its_words_say() {
        let plain = ArchiveGet::default();
        for (command, found) in [
            ("walproof archive-get %f \"%p\" --from /srv/wal", Some(plain)),
            ("/usr/bin/walproof archive-get --from s3://a/b %f %p --grace 5m", Some(plain)),
            (
                "AWS_REGION=x walproof archive-get %f %p --from /a --partial",
                Some(ArchiveGet { partial: true, ..plain }),
            ),
            ("walproof archive-get %f %p --from /a --on-hole=end", Some(ArchiveGet { ends_at_hole: true, ..plain })),
            ("walproof archive-get --on-hole end %f %p --from /a", Some(ArchiveGet { ends_at_hole: true, ..plain })),
            ("walproof archive-get %f %p --from /a --wait", Some(ArchiveGet { waits: true, ..plain })),
            ("walproof archive-get %f %p --from /a --wait --timeout 2h", Some(plain)),
            ("walproof archive-get %f %p --from /a || cp /b/%f %p", None),
            ("cp /srv/walproof/archive-get/%f %p", None),
            ("walproof verify /srv/wal", None),
        ] {
            assert_eq!(ArchiveGet::of(command), found, "{command}");
        }
    }
}
