//! Commands that are nothing but known programs and plain paths, one tried after the other: under which names they take
//! files, and what they do to them on the way.
//!
//! ```text
//! test -f /srv/wal/%f.gz && gunzip < /srv/wal/%f.gz > %p || cp /srv/wal/%f %p || exit 1
//!                           from /srv/wal, .gz, unpacked    from /srv/wal, as it is
//! ```
//! A shell of its own (`sh -c '…'`), a condition, words to a log and what only runs another program are seen through.
//! What has another form, options that are not known, or may succeed without the file is not read.

use super::copy::{FileTaking, NamedCopy, of_pipeline};
use super::program;
use super::shell_call::ShellCall;
use super::statements::{is_idle, main_statement, words};
use super::tokens::{ShellToken, tokens};

/// More ways than a person writes.
const MOST: usize = 16;
/// Shells that run shells.
const DEEPEST: usize = 2;
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
    within(command, without, DEEPEST)
}

/// `depth`: shells that may still run another.
fn within(command: &str, without: &dyn Fn(&str) -> Option<u8>, depth: usize) -> Option<CommandRead> {
    let main = main_statement(&tokens(command)?)?;
    let mut alternatives: Vec<&[ShellToken]> = main.tokens.split(|token| *token == ShellToken::Or).collect();
    let always = main.succeeds || alternatives.pop_if(|last| succeeds(last)).is_some();
    let mut out = CommandRead::default();
    let mut makes = false;
    for (at, alternative) in alternatives.iter().enumerate() {
        let mut parts: Vec<&[ShellToken]> = alternative.split(|token| *token == ShellToken::And).collect();
        let decides = at + 1 == alternatives.len();
        if let Some(code) = parts.last().and_then(|last| fails(last)).filter(|_| decides && parts.len() == 1) {
            out.end = Some(code).filter(|code| *code > MISSING);
            break;
        }
        while parts.len() > 1 && parts.last().is_some_and(|last| is_idle(last) || succeeds(last) || sets_mode(last)) {
            parts.pop();
        }
        let to = parts.pop_if(|last| moves_to_place(last).is_some()).and_then(moves_to_place);
        let (copy, tests) = (parts.pop()?, parts);
        if let Some((program, code)) = lacking(copy, without) {
            out.end = code.filter(|_| decides && tests.is_empty());
            out.lacks = Some(program);
            continue;
        }
        if let Some(inner) = inner_command(copy) {
            let inner = within(&inner, without, depth.checked_sub(1)?).filter(|_| tests.is_empty() && to.is_none())?;
            out.end = inner.end.filter(|_| decides);
            out.lacks = inner.lacks.or(out.lacks);
            out.copies.extend(inner.copies);
            continue;
        }
        let taken = of_pipeline(copy, to.unwrap_or("%p"))?;
        if !tests.iter().all(|words| is_idle(words) || tests_for(words, &taken.from)) {
            return None;
        }
        makes |= taken.makes && to.is_none();
        out.copies.extend(taken.copies);
    }
    if always {
        // What is not there, or does not unpack, must leave nothing that is taken for the file.
        let leaves = makes || out.copies.iter().any(|copy| copy.taking != FileTaking::AsItIs);
        out.end = None;
        (!leaves).then_some(())?;
    }
    (out.copies.len() <= MOST).then_some(out)
}

/// `true`, `:`, `exit 0`.
fn succeeds(tokens: &[ShellToken]) -> bool {
    matches!(words(tokens).as_slice(), ["true" | ":"] | ["exit", "0"])
}

/// `chmod 600 %p`, of what was copied there.
fn sets_mode(tokens: &[ShellToken]) -> bool {
    matches!(words(tokens).as_slice(), ["chmod", mode, "%p"] if !mode.starts_with('-'))
}

/// `mv %p.tmp %p`: from where.
fn moves_to_place(tokens: &[ShellToken]) -> Option<&str> {
    let beside = |from: &&str| from.strip_prefix("%p").is_some_and(|rest| !rest.is_empty() && !rest.contains('/'));
    match *words(tokens).as_slice() {
        [mv, from, "%p"] | [mv, "-f", from, "%p"] if program(mv) == "mv" => Some(from).filter(beside),
        _ => None,
    }
}

/// `sh -c '…'`: what that shell runs.
fn inner_command(tokens: &[ShellToken]) -> Option<String> {
    let call = ShellCall::of(tokens).filter(|call| call.input.is_none() && call.output.is_none())?;
    match call.words.as_slice() {
        [shell, option, inner] => {
            let is_shell = matches!(program(shell), "sh" | "bash" | "dash" | "ksh" | "zsh" | "ash");
            (is_shell && matches!(option.as_str(), "-c" | "-ec" | "-ce" | "-lc")).then(|| inner.clone())
        }
        _ => None,
    }
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
    let kind = |kind: &str| matches!(kind, "-f" | "-e" | "-r" | "-s");
    match words(tokens).as_slice() {
        ["test", own, file] | ["[", own, file, "]"] => kind(own) && *file == from,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
