//! Commands that are nothing but known programs and plain paths: under which names they take files, and what they do to
//! them on the way.
//!
//! ```text
//! test -f /srv/wal/%f.gz && gunzip < /srv/wal/%f.gz > %p || cp /srv/wal/%f %p
//!                           from /srv/wal, .gz, unpacked    from /srv/wal, as it is
//! ```

use super::tokens::{ShellToken, tokens};
use super::{named, program};
use std::path::PathBuf;

/// Files that a command takes by their names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedCopy {
    /// From which folder.
    pub folder: PathBuf,
    /// What it puts behind a file's name.
    pub suffix: String,
    /// What becomes of them.
    pub taking: FileTaking,
}

/// What a command does to a file on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileTaking {
    /// It is copied.
    AsItIs,
    /// It is unpacked, and one that is not packed is no file.
    Unpacked,
    /// It is unpacked where it is packed.
    Either,
}

/// What `gzip` and its kind try behind a name that is not there.
const GUESSED: [&str; 3] = ["", ".gz", ".Z"];
const OF_GZIP: [&str; 7] = ["gunzip", "zcat", "gzip", "uncompress", "pigz", "unpigz", "gzcat"];
/// Programs that unpack, whatever is said to them.
const UNPACK: [&str; 14] = [
    "gunzip",
    "zcat",
    "gzcat",
    "unpigz",
    "uncompress",
    "bunzip2",
    "bzcat",
    "unxz",
    "xzcat",
    "unlzma",
    "zstdcat",
    "unzstd",
    "lz4cat",
    "unlz4",
];
/// Those that do so if they are told.
const UNPACK_IF_TOLD: [&str; 10] = ["gzip", "pigz", "bzip2", "pbzip2", "lbzip2", "xz", "zstd", "pzstd", "lz4", "lzop"];
/// Those that write what they unpack to standard output by their names.
const TO_OUTPUT: [&str; 6] = ["zcat", "gzcat", "bzcat", "xzcat", "zstdcat", "lz4cat"];
const COPY: [&str; 5] = ["cp", "mv", "ln", "install", "rsync"];
/// Words in front of a command.
const BEFORE: [&str; 6] = ["if", "then", "else", "elif", "!", "exec"];
/// Commands that deliver nothing, and stand beside those that do.
const BESIDE: [&str; 13] =
    ["test", "[", "fi", "true", ":", "false", "exit", "echo", "logger", "sleep", "touch", "date", "rm"];

/// What a command takes; `None` where it may do anything else.
pub(super) fn by_name(command: &str) -> Option<Vec<NamedCopy>> {
    let tokens = tokens(command)?;
    let mut out = Vec::new();
    for pipeline in tokens.split(|token| *token == ShellToken::Next).filter(|part| !part.is_empty()) {
        out.extend(of_pipeline(pipeline)?);
    }
    (!out.is_empty()).then_some(out)
}

/// The program of a command that is one alone.
pub(super) fn program_alone(command: &str) -> Option<String> {
    let tokens = tokens(command)?;
    if tokens.iter().any(|token| matches!(token, ShellToken::Next | ShellToken::Pipe)) {
        return None;
    }
    let call = ShellCall::of(&tokens)?;
    let program = call.words.first().filter(|word| !word.contains(['=', '%']))?;
    (!call.is_beside()).then(|| program.clone())
}

/// A program with its words, where it reads and where it writes.
struct ShellCall {
    words: Vec<String>,
    input: Option<String>,
    output: Option<String>,
}

impl ShellCall {
    /// `None` where a word is missing.
    fn of(tokens: &[ShellToken]) -> Option<ShellCall> {
        let mut out = ShellCall { words: Vec::new(), input: None, output: None };
        let mut tokens = tokens.iter();
        let word = |tokens: &mut std::slice::Iter<'_, ShellToken>| match tokens.next() {
            Some(ShellToken::Word(word)) => Some(word.clone()),
            _ => None,
        };
        while let Some(token) = tokens.next() {
            match token {
                ShellToken::Word(own) if out.words.is_empty() && BEFORE.contains(&own.as_str()) => {}
                ShellToken::Word(own) => out.words.push(own.clone()),
                ShellToken::Input => out.input = Some(word(&mut tokens)?),
                ShellToken::Output => out.output = Some(word(&mut tokens)?).filter(|word| word != "/dev/null"),
                ShellToken::Aside => drop(word(&mut tokens)?),
                ShellToken::Next | ShellToken::Pipe => return None,
            }
        }
        Some(out)
    }

    fn program(&self) -> &str {
        self.words.first().map_or("", |word| program(word))
    }

    fn is_beside(&self) -> bool {
        self.words.is_empty() || BESIDE.contains(&self.program())
    }

    /// A short option, alone or among others (`-dc`), or a long one.
    fn has(&self, short: char, long: &[&str]) -> bool {
        let own = |word: &String| {
            let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            letters.is_some_and(|letters| letters.contains(short)) || long.contains(&word.as_str())
        };
        self.words.iter().skip(1).any(own)
    }

    /// Words that are no options; `-o FILE` and its kind are two.
    fn plain(&self) -> Vec<&str> {
        let mut out = Vec::new();
        let mut words = self.words.iter().skip(1).map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "-o" => out.extend(words.next()),
                _ if word.starts_with('-') => {}
                word => out.push(word),
            }
        }
        out
    }
}

/// Commands joined by pipes: the first one takes a file, the last one writes it.
fn of_pipeline(tokens: &[ShellToken]) -> Option<Vec<NamedCopy>> {
    let calls: Vec<ShellCall> =
        tokens.split(|token| *token == ShellToken::Pipe).map(ShellCall::of).collect::<Option<_>>()?;
    if calls.iter().all(ShellCall::is_beside) {
        return Some(Vec::new());
    }
    let (first, behind) = calls.split_first()?;
    let (mut from, mut to) = ends(first)?;
    let mut taking = taking_of(first)?;
    for call in behind {
        // It reads what the one before it wrote.
        let (own_from, own_to) = ends(call)?;
        if own_from.is_some() || to.is_some() {
            return None;
        }
        taking = match (taking, taking_of(call)?) {
            (FileTaking::AsItIs, own) | (own, FileTaking::AsItIs) => own,
            _ => return None,
        };
        to = own_to;
    }
    let from = from.take()?;
    // By way of another name beside it (`%p.tmp`).
    if !to?.starts_with("%p") {
        return None;
    }
    if from.starts_with("%p") {
        return Some(Vec::new());
    }
    let (folder, suffix) = named(&from)?;
    let guesses = OF_GZIP.contains(&first.program()) && first.input.is_none();
    let copy = |guess: &&str| NamedCopy { folder: folder.clone(), suffix: format!("{suffix}{guess}"), taking };
    Some(GUESSED.iter().take(if guesses { GUESSED.len() } else { 1 }).map(copy).collect())
}

/// What a program does to what it reads.
fn taking_of(call: &ShellCall) -> Option<FileTaking> {
    let program = call.program();
    if program == "cat" || COPY.contains(&program) {
        return Some(FileTaking::AsItIs);
    }
    let told = || call.has('d', &["--decompress", "--uncompress"]);
    let unpacks = UNPACK.contains(&program) || UNPACK_IF_TOLD.contains(&program) && told();
    let passes = call.has('f', &["--force"]);
    unpacks.then_some(if passes { FileTaking::Either } else { FileTaking::Unpacked })
}

/// The file that a program reads and the one that it writes; `None` for its standard input and output.
fn ends(call: &ShellCall) -> Option<(Option<String>, Option<String>)> {
    let plain: Vec<String> = call.plain().into_iter().filter(|word| *word != "-").map(str::to_owned).collect();
    let program = call.program();
    let to_output = TO_OUTPUT.contains(&program)
        || program == "cat"
        || call.input.is_some()
        || call.has('c', &["--stdout", "--to-stdout"]);
    match plain.as_slice() {
        [from, to] if COPY.contains(&program) && call.input.is_none() => Some((Some(from.clone()), Some(to.clone()))),
        [_, from, to] if program == "install" => Some((Some(from.clone()), Some(to.clone()))),
        _ if COPY.contains(&program) => None,
        // `zstd -d FROM -o TO`, `lz4 -d FROM TO`.
        [from, to] if call.output.is_none() => Some((Some(from.clone()), Some(to.clone()))),
        [from] if to_output && call.input.is_none() => Some((Some(from.clone()), call.output.clone())),
        // What is not told to write elsewhere unpacks a file in its place.
        [] if call.input.is_some() || to_output || call.output.is_some() => {
            Some((call.input.clone(), call.output.clone()))
        }
        [] => Some((None, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_take() {
        use FileTaking::{AsItIs, Either, Unpacked};
        let same = |command: &str, own: &[(&str, &str, FileTaking)]| {
            let found = by_name(command).unwrap_or_else(|| panic!("{command}"));
            let own: Vec<NamedCopy> = own
                .iter()
                .map(|(folder, suffix, taking)| NamedCopy {
                    folder: PathBuf::from(folder),
                    suffix: (*suffix).to_owned(),
                    taking: *taking,
                })
                .collect();
            assert_eq!(found, own, "{command}");
        };
        let plain = [("/a", "", AsItIs)];
        for command in [
            "cp /a/%f %p",
            "/bin/cp -p '/a/%f' \"%p\"",
            "cp /a/%f \"%p\" 2>/dev/null",
            "cp /a/%f %p > /dev/null 2>&1",
            "test -f /a/%f && cp /a/%f %p",
            "[ -f /a/%f ] && cp /a/%f %p || exit 1",
            "if test -f /a/%f; then cp /a/%f %p; else false; fi",
            "cp /a/%f %p.tmp && mv %p.tmp %p",
            "cat /a/%f > %p",
            "cat < /a/%f > \"%p\"",
            "install -m 600 /a/%f %p",
            "rsync -a /a/%f %p",
            "echo %f >> /tmp/log; cp /a/%f %p",
        ] {
            same(command, &plain);
        }
        for command in [
            "gunzip < /a/%f.gz > %p",
            "gunzip</a/%f.gz >%p",
            "cat /a/%f.gz | gunzip > %p",
            "gzip -d < /a/%f.gz > %p",
            "gzip -dc - < /a/%f.gz > %p",
        ] {
            same(command, &[("/a", ".gz", Unpacked)]);
        }
        let guessed = [("/a", "", Unpacked), ("/a", ".gz", Unpacked), ("/a", ".Z", Unpacked)];
        same("gunzip -c /a/%f > %p", &guessed);
        same("zcat /a/%f | cat > %p", &guessed);
        same("zstd -d /a/%f.zst -o %p", &[("/a", ".zst", Unpacked)]);
        same("zstd -qdcf /a/%f.zst > %p", &[("/a", ".zst", Either)]);
        same("lz4 -d /a/%f.lz4 %p", &[("/a", ".lz4", Unpacked)]);
        same("xz -dc /a/%f.xz > %p", &[("/a", ".xz", Unpacked)]);
        same("unxz < /a/%f.xz > %p || cp /b/%f %p", &[("/a", ".xz", Unpacked), ("/b", "", AsItIs)]);
        for other in [
            "cp $A/%f %p",
            "cp /a/%f* %p",
            "/opt/fetch /a/%f %p",
            "cp /a/%f %p || /opt/fetch %f %p",
            "gzip < /a/%f > %p",
            "gunzip /a/%f.gz",
            "cp /a/%f /b/%f",
            "cp %p /a/%f",
            "sh -c 'cp /a/%f %p'",
            "cp /a/%f %p &",
            "for d in /a /b; do cp /a/%f %p; done",
            "cp ../a/%f %p",
            "cp '/a/%f %p",
            "pgbackrest --stanza=a archive-get %f %p",
            "false",
        ] {
            assert_eq!(by_name(other), None, "{other}");
        }
    }
}
