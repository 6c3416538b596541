//! A command of several statements: the one that takes the file, and whether those behind it change how it ends.

use super::program;
use super::shell_call::ShellCall;
use super::tokens::ShellToken;

/// The statement that takes the file.
pub(super) struct MainStatement {
    pub tokens: Vec<ShellToken>,
    /// What follows ends with 0, whatever became of the file.
    pub succeeds: bool,
}

/// `echo asked for %f >> /tmp/log; cp /srv/wal/%f %p; exit $?`; `None` where others do more than say something.
pub(super) fn main_statement(tokens: &[ShellToken]) -> Option<MainStatement> {
    let all: Vec<&[ShellToken]> =
        tokens.split(|token| *token == ShellToken::Next).filter(|own| !own.is_empty()).collect();
    let at = all.iter().position(|own| !is_idle(own))?;
    let rest = all.get(at..)?;
    let (tokens, behind) = match conditional(rest) {
        Some((tokens, length)) => (tokens, rest.get(length..)?),
        None => rest.split_first().map(|(first, behind)| (first.to_vec(), behind))?,
    };
    let behind = match behind.split_first() {
        Some((first, behind)) if words(first) == ["exit", "$?"] => {
            return behind.is_empty().then_some(MainStatement { tokens, succeeds: false });
        }
        _ => behind,
    };
    let succeeds = !behind.is_empty();
    behind.iter().all(|own| is_idle(own) || words(own) == ["exit", "0"]).then_some(MainStatement { tokens, succeeds })
}

/// `if test -f A; then cp A B; else exit 1; fi` as `test -f A && cp A B || exit 1`, and how many statements that were.
fn conditional(statements: &[&[ShellToken]]) -> Option<(Vec<ShellToken>, usize)> {
    let behind = |at: usize, name: &str| {
        let (first, rest) = statements.get(at)?.split_first()?;
        (*first == ShellToken::Word(name.to_owned()) && !rest.is_empty()).then_some(rest)
    };
    let mut out = [behind(0, "if")?, behind(1, "then")?].join(&ShellToken::And);
    let mut length = 2;
    if let Some(other) = behind(length, "else") {
        out.push(ShellToken::Or);
        out.extend_from_slice(other);
        length += 1;
    }
    let ends = statements.get(length).is_some_and(|own| words(own) == ["fi"]);
    ends.then_some((out, length + 1))
}

/// It says something, waits, or does nothing, and ends with 0.
pub(super) fn is_idle(tokens: &[ShellToken]) -> bool {
    let Some(call) = ShellCall::of(tokens) else { return false };
    let name = call.words.first().map_or("", |word| program(word));
    let aside = call.output.as_deref() != Some("%p");
    aside && matches!(name, "echo" | "printf" | "date" | "sleep" | "true" | ":" | "umask")
}

/// The words of a statement that is nothing else.
pub(super) fn words(tokens: &[ShellToken]) -> Vec<&str> {
    let words: Option<Vec<&str>> = tokens.iter().map(ShellToken::word).collect();
    words.unwrap_or_default()
}
