//! What `restore_command` delivers, as far as its words say it.
//!
//! A shell runs it; whatever is not plain here is taken for one that delivers.

mod amiss;
pub(crate) mod archive_get;
mod by_name;
mod copy;
mod fetch;
mod runnable;
mod shell_call;
mod statements;
mod tokens;
mod unpackers;

pub(crate) use by_name::CommandRead;
pub use copy::{FileTaking, NamedCopy};
pub(crate) use runnable::code_without;
pub use runnable::is_runnable;
use std::path::{Path, PathBuf};

/// Where a command takes files from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// It delivers no file, whatever is asked for.
    Nothing,
    /// From these folders, with what it puts behind a file's name.
    From(Vec<(PathBuf, String)>),
    /// Its words do not say.
    Unknown,
}

impl Delivery {
    /// Of a command, as the configuration has it.
    pub fn of(command: &str) -> Delivery {
        let words = words(command);
        // Without `%f` a program may still know what to do: fill `pg_wal` itself, say.
        if is_for_archiving(&words)
            || asks_amiss(&words)
            || is_torn(command, &words)
            || amiss::is_amiss(command)
            || words.iter().all(|word| is_idle(word))
        {
            return Delivery::Nothing;
        }
        let from: Vec<(PathBuf, String)> = words.iter().filter_map(|word| named(word)).collect();
        if from.is_empty() { Delivery::Unknown } else { Delivery::From(from) }
    }

    /// Whether it has a `%` that stands for nothing (`replace_percent_placeholders`).
    pub fn has_wrong_placeholder(command: &str) -> bool {
        let mut chars = command.chars();
        while chars.any(|c| c == '%') {
            if !matches!(chars.next(), Some('%' | 'f' | 'p' | 'r')) {
                return true;
            }
        }
        false
    }

    /// Whether it takes files out of the archive.
    pub fn moves(command: &str) -> bool {
        fetch::moves(command)
    }

    /// Whether what it delivers is a file of the archive itself, by a second name.
    pub fn links(command: &str) -> bool {
        fetch::links(command)
    }

    /// Whether it ends with 0 where it leaves an empty file for one that is missing.
    pub fn leaves_empty_files(command: &str) -> bool {
        fetch::leaves_empty_files(command)
    }

    /// Whether it takes what a web server says of a missing file for the file.
    pub fn takes_error_pages(command: &str) -> bool {
        fetch::takes_error_pages(command)
    }

    /// The program of a command that is one alone: without it, a shell delivers nothing. `None` where a shell reads
    /// more in it, and for what the shell does by itself.
    pub fn program(command: &str) -> Option<String> {
        by_name::program_alone(command)
    }

    /// Of a command that consists of known programs and plain paths: what it takes, in the order of its words. `None`
    /// for all others.
    pub fn by_name(command: &str) -> Option<Vec<NamedCopy>> {
        by_name::by_name(command)
    }

    /// The same for a server that works in this data directory: paths may be relative to it.
    pub fn by_name_in(command: &str, data: &Path) -> Option<Vec<NamedCopy>> {
        let copies = by_name::anywhere(command)?.into_iter();
        Some(copies.map(|copy| NamedCopy { folder: data.join(&copy.folder), ..copy }).collect())
    }

    /// The same of one of which programs may lack: what a shell ends with for want of each.
    pub(crate) fn read(command: &str, without: &dyn Fn(&str) -> Option<u8>) -> Option<CommandRead> {
        by_name::read(command, without)
    }
}

/// A word of a command that does nothing at all.
fn is_idle(word: &str) -> bool {
    let word = word.trim_end_matches(';');
    matches!(program(word), "false" | "true" | ":" | "exit" | "sleep" | "&&" | "||")
        || word.bytes().all(|b| b.is_ascii_digit())
}

/// It copies several files to the one that is `%p`, as of a path with a blank and without quotes, or names that begin
/// with more than a folder, as of one whose last slash is missing.
fn is_torn(command: &str, words: &[String]) -> bool {
    // `-t FOLDER` names where to in front.
    let into = |word: &String| word.starts_with("-t") || word.starts_with("--target-directory");
    if command.contains([';', '|', '&', '`', '$']) || words.iter().any(into) {
        return false;
    }
    let is_one = words.first().is_some_and(|word| matches!(program(word), "cp" | "mv" | "ln"));
    let operands: Vec<&String> = words.iter().skip(1).filter(|word| !word.starts_with('-')).collect();
    let without_slash = |from: &String| {
        let before = from.split_once("%f").map_or("", |(before, _)| before);
        before.starts_with('/') && !before.ends_with('/')
    };
    match operands.as_slice() {
        [from, to] => is_one && to.as_str() == "%p" && without_slash(from),
        [.., to] => is_one && operands.len() > 2 && to.as_str() == "%p" && !words.iter().any(|word| word == "-S"),
        _ => false,
    }
}

/// `walproof archive-get` without a place, or without the name and the path in this order: wrong usage, on which it
/// ends recovery.
fn asks_amiss(words: &[String]) -> bool {
    let Some(at) = words.iter().position(|word| word == "archive-get") else { return false };
    let is_own = words.iter().take(at).any(|word| program(word) == "walproof");
    let own = words.get(at + 1..).unwrap_or_default();
    let place = |word: &str| own.iter().position(|own| own == word);
    let named = match (place("%f"), place("%p")) {
        (Some(name), Some(path)) => name < path,
        _ => false,
    };
    let from = own.iter().any(|word| word == "--from" || word.starts_with("--from="));
    is_own && !(named && from)
}

/// The name of a program, without its folder.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// What only an `archive_command` says: it takes `%p`, and puts it where `%f` is to be.
fn is_for_archiving(words: &[String]) -> bool {
    let is_one = |word: &String| matches!(program(word), "barman-wal-archive" | "barman-cloud-wal-archive");
    // A word of its own: a file may have any name.
    if words.first().is_some_and(is_one)
        || words.iter().any(|word| matches!(word.as_str(), "archive-push" | "wal-push"))
    {
        return true;
    }
    let mut plain = words.iter().filter(|word| !word.starts_with('-'));
    let copies = plain.any(|word| COPIES.contains(&program(word)));
    let (from, to) = (plain.next(), plain.next());
    copies
        && words.iter().filter(|word| word.contains("%p")).count() == 1
        && from.is_some_and(|word| word.contains("%p"))
        && to.is_some_and(|word| word.contains("%f"))
}

/// Programs that copy a file to another place as it is.
const COPIES: [&str; 6] = ["cp", "mv", "ln", "install", "rsync", "scp"];

/// The folder of a word such as `/srv/wal/%f.gz`.
fn named(word: &str) -> Option<(PathBuf, String)> {
    placed(word).filter(|(folder, _)| folder.is_absolute())
}

/// The same, and of `wal/%f`, which lies below the data directory, in which a server works.
fn placed(word: &str) -> Option<(PathBuf, String)> {
    let (before, behind) = word.split_once("%f")?;
    let folder = before.strip_suffix('/')?;
    let is_plain = |c: char| !matches!(c, '$' | '`' | '*' | '?' | '~' | '{' | '[') && !c.is_control();
    let plain = folder.chars().all(is_plain) && behind.chars().all(|c| is_plain(c) && c != '/' && c != '%');
    if folder.starts_with('-') || folder.contains("%f") || !plain {
        return None;
    }
    Some((PathBuf::from(folder.replace("%%", "%")), behind.to_owned()))
}

/// The words of a command, without quotes and what joins commands.
pub(crate) fn words(command: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(own), c) if c == own => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None | Some('"'), '\\') => word.extend(chars.next()),
            (None, c) if c.is_whitespace() || matches!(c, ';' | '|' | '&' | '<' | '>' | '(' | ')') => {
                if !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
            }
            (_, c) => word.push(c),
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(folder: &str, suffix: &str) -> Delivery {
        Delivery::From(vec![(PathBuf::from(folder), suffix.to_owned())])
    }

    #[test]
    fn what_a_command_says() {
        for nothing in [
            "false",
            "/bin/false",
            " true ",
            ":",
            "exit 1",
            "cp %p /srv/wal/%f",
            "test ! -f /srv/wal/%f && cp -p \"%p\" /srv/wal/%f",
            "rsync -a %p backup:/srv/wal/%f",
            "pgbackrest --stanza=a archive-push %p",
            "/usr/bin/wal-g wal-push %p",
            "barman-cloud-wal-archive s3://b main %p",
            "sleep 5; exit 1",
            "cp /srv/wal/ %p",
            "cp -p /srv/wal/%f .",
            "cp /srv/wal/%f /srv/dump/",
            "cp /srv/my wal/%f %p",
            "cp -p /srv/wal%f \"%p\"",
            "walproof archive-get %p %f --from /srv/wal",
            "/usr/bin/walproof archive-get %f --from /srv/wal",
            "walproof archive-get %f \"%p\"",
            "cp /srv/wal/%f %f",
            "cp %f",
            "false || cp %f",
            "gunzip /srv/wal/%f.gz > %p",
            "cp \"/srv/wal/%f %p",
        ] {
            assert_eq!(Delivery::of(nothing), Delivery::Nothing, "{nothing}");
        }
        assert_eq!(Delivery::of("cp /srv/wal/%f %p"), from("/srv/wal", ""));
        assert_eq!(Delivery::of("cp -t pg_wal /srv/wal/%f"), from("/srv/wal", ""));
        assert_eq!(Delivery::of("cp \"/srv/my wal/%f\" \"%p\""), from("/srv/my wal", ""));
        assert_eq!(Delivery::of("gunzip < '/srv/100%%/%f.gz' > %p"), from("/srv/100%", ".gz"));
        for unknown in [
            "cp %p %p.old; /srv/get %f %p",
            "pgbackrest --stanza=a archive-get %f %p",
            "cp $ARCHIVE/%f %p",
            "cp ../wal/%f %p",
            "x s3://b/%f %p",
            "rsync -a /a/ pg_wal/",
            "cp -a /a/. pg_wal/",
            "/opt/fetch.sh %p",
            "cp $(/opt/next) %p",
            "walproof archive-get %f \"%p\" --from s3://b/wal",
            "walproof archive-get --from=/srv/wal %f %p",
            "wal-g --config=/etc/wal-push wal-fetch %f %p",
            "envdir /etc/wal-e.d/archive-push wal-e wal-fetch %f %p",
        ] {
            assert_eq!(Delivery::of(unknown), Delivery::Unknown, "{unknown}");
        }
        for (command, wrong) in
            [("cp /a/%f %p", false), ("cp %%r%f%p %r", false), ("date +%H; cp %f %p", true), ("100%", true)]
        {
            assert_eq!(Delivery::has_wrong_placeholder(command), wrong, "{command}");
        }
        for (command, program) in [
            ("/opt/get %f %p", Some("/opt/get")),
            ("wal-g wal-fetch %f \"%p\" 2>> /tmp/log", Some("wal-g")),
            ("A=1 nice -n 10 wal-g wal-fetch %f %p", Some("wal-g")),
            ("test -f /a/%f && cp /a/%f %p", None),
            ("exit 1", None),
            ("$HOME/get %f %p", None),
        ] {
            assert_eq!(Delivery::program(command).as_deref(), program, "{command}");
        }
        let two = Delivery::of("cp /a/%f %p || cp /b/%f %p");
        assert_eq!(two, Delivery::From(vec![("/a".into(), String::new()), ("/b".into(), String::new())]));
    }
}
