//! Commands that are nothing but known programs and plain paths, one tried after the other: under which names they take
//! files, and what they do to them on the way.
//!
//! ```text
//! test -f /srv/wal/%f.gz && gunzip < /srv/wal/%f.gz > %p || cp /srv/wal/%f %p || exit 1
//!                           from /srv/wal, .gz, unpacked    from /srv/wal, as it is
//! ```
//! What has another form, options that are not known, or may succeed without the file is not read.

use super::tokens::{ShellToken, tokens};
use super::{placed, program};
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

/// A program that unpacks.
struct Unpacker {
    name: &'static str,
    /// It does so without being told.
    always: bool,
    /// It writes to standard output without being told.
    to_output: bool,
    /// When it lets pass what is not packed.
    passes: Passes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    Never,
    Always,
    /// With `-f`, on standard output.
    Forced,
    /// With `-f` and `-c`.
    ForcedToOutput,
}

const fn unpacker(name: &'static str, always: bool, to_output: bool, passes: Passes) -> Unpacker {
    Unpacker { name, always, to_output, passes }
}

const UNPACKERS: [Unpacker; 20] = [
    unpacker("gunzip", true, false, Passes::Forced),
    unpacker("zcat", true, true, Passes::Forced),
    unpacker("gzip", false, false, Passes::Forced),
    unpacker("pigz", false, false, Passes::Forced),
    unpacker("unpigz", true, false, Passes::Forced),
    unpacker("bunzip2", true, false, Passes::Forced),
    unpacker("bzcat", true, true, Passes::Forced),
    unpacker("bzip2", false, false, Passes::Forced),
    unpacker("pbzip2", false, false, Passes::Forced),
    unpacker("lbzip2", false, false, Passes::Forced),
    unpacker("unxz", true, false, Passes::ForcedToOutput),
    unpacker("xzcat", true, true, Passes::ForcedToOutput),
    unpacker("xz", false, false, Passes::ForcedToOutput),
    unpacker("unzstd", true, false, Passes::ForcedToOutput),
    unpacker("zstdcat", true, true, Passes::Always),
    unpacker("zstd", false, false, Passes::ForcedToOutput),
    unpacker("lz4cat", true, true, Passes::Always),
    unpacker("unlz4", true, false, Passes::ForcedToOutput),
    unpacker("lz4", false, false, Passes::ForcedToOutput),
    unpacker("lzop", false, false, Passes::Never),
];
/// Those that look for other names where there is none of the one they are given.
const OF_GZIP: [&str; 5] = ["gunzip", "zcat", "gzip", "pigz", "unpigz"];
/// Those that fail on nothing at all, as it comes from a `cat` without its file.
const REFUSE_NOTHING: [&str; 6] = ["gunzip", "gzip", "unxz", "xz", "zstd", "bunzip2"];
/// Letters of options that change nothing of what is copied or unpacked, beside `c`, `d` and `f`.
const HARMLESS: &str = "kqvpaLT0123456789";
/// More ways than a person writes.
const MOST: usize = 16;
/// Up to this code a server takes the file for one that is not there; behind it, the command for one that was killed or
/// not found, and ends (`RestoreArchivedFile`).
const MISSING: u8 = 125;

/// What a command of known programs and plain paths comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CommandRead {
    /// What it takes, in the order in which it tries.
    pub copies: Vec<NamedCopy>,
    /// The code above 125 with which it ends for want of a file.
    pub end: Option<u8>,
    /// A program that it runs, and that is not there: nothing comes by it.
    pub lacks: Option<String>,
}

/// What a command takes, in the order in which it tries; `None` where it may do anything else.
pub(super) fn by_name(command: &str) -> Option<Vec<NamedCopy>> {
    anywhere(command).filter(|copies| copies.iter().all(|copy| copy.folder.is_absolute()))
}

/// The same; some of its folders may be named as a server sees them from its data directory.
pub(super) fn anywhere(command: &str) -> Option<Vec<NamedCopy>> {
    of_words(command, &|_| None).map(|read| read.copies).filter(|copies| !copies.is_empty())
}

/// The same, where the code with which a shell ends for want of a program is known; `None` where it may do anything
/// else.
pub(super) fn read(command: &str, without: &dyn Fn(&str) -> Option<u8>) -> Option<CommandRead> {
    of_words(command, without).filter(|read| read.copies.iter().all(|copy| copy.folder.is_absolute()))
}

fn of_words(command: &str, without: &dyn Fn(&str) -> Option<u8>) -> Option<CommandRead> {
    let tokens = tokens(command)?;
    let alternatives: Vec<&[ShellToken]> = tokens.split(|token| *token == ShellToken::Or).collect();
    let mut out = CommandRead::default();
    for (at, alternative) in alternatives.iter().enumerate() {
        let mut parts: Vec<&[ShellToken]> = alternative.split(|token| *token == ShellToken::And).collect();
        let (copy, tests) = (parts.pop()?, parts);
        let decides = at + 1 == alternatives.len() && tests.is_empty();
        if let Some(code) = fails(copy).filter(|_| decides) {
            out.end = Some(code).filter(|code| *code > MISSING);
            break;
        }
        if let Some((program, code)) = lacking(copy, without) {
            out.end = code.filter(|_| decides);
            out.lacks = Some(program);
            continue;
        }
        let (from, taken) = of_pipeline(copy)?;
        if !tests.iter().all(|words| tests_for(words, &from)) {
            return None;
        }
        out.copies.push(taken);
    }
    (out.copies.len() <= MOST).then_some(out)
}

/// The first program of a pipeline that is not there, and the code with which that ends.
fn lacking(tokens: &[ShellToken], without: &dyn Fn(&str) -> Option<u8>) -> Option<(String, Option<u8>)> {
    let calls: Vec<&[ShellToken]> = tokens.split(|token| *token == ShellToken::Pipe).collect();
    calls.iter().enumerate().find_map(|(at, call)| {
        let program = own_program(&ShellCall::of(call)?)?;
        let code = without(&program)?;
        // A shell ends with the code of the last one.
        Some((program, Some(code).filter(|_| at + 1 == calls.len())))
    })
}

/// The program of a command that is one alone.
pub(super) fn program_alone(command: &str) -> Option<String> {
    let tokens = tokens(command)?;
    if tokens.iter().any(|token| matches!(token, ShellToken::And | ShellToken::Or | ShellToken::Pipe)) {
        return None;
    }
    own_program(&ShellCall::of(&tokens)?)
}

/// The program that is run, where that is plain.
fn own_program(call: &ShellCall) -> Option<String> {
    let program = call.words.first().filter(|word| !word.contains(['=', '%']))?;
    (!OF_SHELL.contains(&program.as_str())).then(|| program.clone())
}

/// What a shell does by itself.
const OF_SHELL: [&str; 18] = [
    "test", "[", "true", "false", ":", ".", "exit", "echo", "printf", "command", "eval", "exec", "cd", "umask", "if",
    "!", "set", "export",
];

/// The code of `false`, or of `exit` with a number.
fn fails(tokens: &[ShellToken]) -> Option<u8> {
    match tokens {
        [ShellToken::Word(word)] => (word == "false").then_some(1),
        [ShellToken::Word(word), ShellToken::Word(code)] if word == "exit" => {
            code.parse::<u8>().ok().filter(|code| *code > 0)
        }
        _ => None,
    }
}

/// `test -f FILE`, `[ -r FILE ]`: of the file that is taken.
fn tests_for(tokens: &[ShellToken], from: &str) -> bool {
    let words: Option<Vec<&str>> = tokens
        .iter()
        .map(|token| match token {
            ShellToken::Word(word) => Some(word.as_str()),
            _ => None,
        })
        .collect();
    let kind = |kind: &str| matches!(kind, "-f" | "-e" | "-r" | "-s");
    match words.as_deref() {
        Some(["test", own, file]) | Some(["[", own, file, "]"]) => kind(own) && *file == from,
        _ => false,
    }
}

/// A program with its words, where it reads and where it writes.
pub(super) struct ShellCall {
    pub words: Vec<String>,
    input: Option<String>,
    output: Option<String>,
}

impl ShellCall {
    /// `None` where a word is missing.
    pub(super) fn of(tokens: &[ShellToken]) -> Option<ShellCall> {
        let mut out = ShellCall { words: Vec::new(), input: None, output: None };
        let mut tokens = tokens.iter();
        let word = |tokens: &mut std::slice::Iter<'_, ShellToken>| match tokens.next() {
            Some(ShellToken::Word(word)) => Some(word.clone()),
            _ => None,
        };
        while let Some(token) = tokens.next() {
            match token {
                ShellToken::Word(own) => out.words.push(own.clone()),
                ShellToken::Input => out.input = Some(word(&mut tokens)?),
                ShellToken::Output => out.output = Some(word(&mut tokens)?).filter(|word| word != "/dev/null"),
                ShellToken::Aside => drop(word(&mut tokens)?),
                ShellToken::And | ShellToken::Or | ShellToken::Pipe => return None,
            }
        }
        (!out.words.is_empty()).then_some(out)
    }

    fn program(&self) -> &str {
        self.words.first().map_or("", |word| program(word))
    }

    /// Its options, letter by letter, and the words beside them; `None` where an option is not known.
    fn sorted(&self) -> Option<(String, Vec<&str>)> {
        let (mut letters, mut words) = (String::new(), Vec::new());
        for word in self.words.iter().skip(1) {
            match word.strip_prefix('-') {
                None | Some("") => words.push(word.as_str()),
                Some("-decompress" | "-uncompress") => letters.push('d'),
                Some("-stdout" | "-to-stdout") => letters.push('c'),
                Some("-force") => letters.push('f'),
                Some("-quiet" | "-keep" | "-preserve" | "-archive") => {}
                Some("o") => letters.push('o'),
                Some(own) if own.chars().all(|c| "cdf".contains(c) || HARMLESS.contains(c)) => letters.push_str(own),
                Some(_) => return None,
            }
        }
        Some((letters, words))
    }
}

/// One command, or `cat FILE | PROGRAM`: the word that it reads, and what that is.
fn of_pipeline(tokens: &[ShellToken]) -> Option<(String, NamedCopy)> {
    let calls: Vec<ShellCall> =
        tokens.split(|token| *token == ShellToken::Pipe).map(ShellCall::of).collect::<Option<_>>()?;
    let (from, taking) = match calls.as_slice() {
        [call] => of_call(call)?,
        [first, last] => {
            let (letters, words) = last.sorted()?;
            let reads = words.is_empty() && last.input.is_none() && last.output.as_deref() == Some("%p");
            let [own, from] = first.words.as_slice() else { return None };
            let plain =
                program(own) == "cat" && !from.starts_with('-') && first.input.is_none() && first.output.is_none();
            let fits = REFUSE_NOTHING.contains(&last.program()) && !letters.contains('f');
            let unpacks = unpacks(last.program(), &letters)?;
            if !(reads && plain && fits) {
                return None;
            }
            (from.clone(), if unpacks.passes == Passes::Always { FileTaking::Either } else { FileTaking::Unpacked })
        }
        _ => return None,
    };
    let (folder, suffix) = placed(&from)?;
    Some((from, NamedCopy { folder, suffix, taking }))
}

fn unpacks(program: &str, letters: &str) -> Option<&'static Unpacker> {
    UNPACKERS.iter().find(|own| own.name == program && (own.always || letters.contains('d')))
}

/// The file that a program takes to `%p`, and what it does to it.
fn of_call(call: &ShellCall) -> Option<(String, FileTaking)> {
    let program = call.program();
    let to_place = call.output.as_deref() == Some("%p");
    let word = |word: &&str| (*word).to_owned();
    // `install -m MODE FROM TO`
    if let ("install", [_, option, mode, from, to]) = (program, call.words.as_slice()) {
        let fits = option == "-m" && mode.bytes().all(|b| b.is_ascii_digit()) && to == "%p" && call.output.is_none();
        return fits.then(|| (from.clone(), FileTaking::AsItIs));
    }
    let (letters, words) = call.sorted()?;
    match (program, words.as_slice()) {
        ("cp" | "mv" | "ln" | "install" | "rsync", [from, "%p"]) => {
            let fits = call.input.is_none() && call.output.is_none() && !letters.contains(['d', 'c', 'o']);
            fits.then(|| (word(from), FileTaking::AsItIs))
        }
        ("cat", [from]) if call.input.is_none() && to_place => Some((word(from), FileTaking::AsItIs)),
        ("cat", []) if to_place => Some((call.input.clone()?, FileTaking::AsItIs)),
        _ => {
            let unpacker = unpacks(program, &letters)?;
            let outwards = unpacker.to_output || letters.contains('c');
            let from = match words.as_slice() {
                [] | ["-"] if to_place => call.input.clone()?,
                [from] if to_place && outwards && call.input.is_none() => {
                    // Another name might be tried.
                    if OF_GZIP.contains(&program) && !from.ends_with(".gz") {
                        return None;
                    }
                    word(from)
                }
                [from, "%p"] if call.output.is_none() && call.input.is_none() => {
                    let by_option = letters.contains('o') && matches!(program, "zstd" | "unzstd" | "lzop");
                    let by_place = !letters.contains(['o', 'c']) && matches!(program, "lz4" | "unlz4");
                    (by_option || by_place).then(|| word(from))?
                }
                _ => return None,
            };
            let forced = letters.contains('f');
            let passes = match unpacker.passes {
                Passes::Never => false,
                Passes::Always => true,
                Passes::Forced => forced && (outwards || call.input.is_some()),
                Passes::ForcedToOutput => forced && outwards,
            };
            Some((from, if passes { FileTaking::Either } else { FileTaking::Unpacked }))
        }
    }
}

#[cfg(test)]
mod tests;
