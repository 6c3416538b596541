//! One program of a command with its words, where it reads and where it writes, and what runs another one as it is.

use super::program;
use super::tokens::ShellToken;

/// Letters of options that change nothing of what is copied or unpacked, beside `c`, `d` and `f`.
const HARMLESS: &str = "kqvpaLT0123456789";

/// A program with its words, where it reads and where it writes.
pub(super) struct ShellCall {
    pub words: Vec<String>,
    pub input: Option<String>,
    pub output: Option<String>,
}

impl ShellCall {
    /// Without what only runs it (`nice`, `env`). `None` where a word is missing.
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
                ShellToken::And | ShellToken::Or | ShellToken::Pipe | ShellToken::Next => return None,
            }
        }
        out.words = unwrapped(&out.words).to_vec();
        (!out.words.is_empty()).then_some(out)
    }

    pub(super) fn program(&self) -> &str {
        self.words.first().map_or("", |word| program(word))
    }

    /// Its options, letter by letter, and the words beside them; `None` where an option is not known.
    pub(super) fn sorted(&self) -> Option<(String, Vec<&str>)> {
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

/// What is left of the words of a program that runs another one with the rest of them, and ends as that does: `nice -n
/// 10 cp …`, `env A=1 cp …`, `timeout 60 cp …`, `A=1 cp …`.
fn unwrapped(words: &[String]) -> &[String] {
    let mut own = words;
    loop {
        let inner = match own {
            [first, rest @ ..] if is_assignment(first) => rest,
            [first, rest @ ..] => match program(first) {
                "nohup" | "setsid" => rest,
                "nice" => past_options(rest, &["-n"], &["-", "--adjustment="]),
                "ionice" => past_options(rest, &["-c", "-n"], &["-c", "-n"]),
                "env" => past_options(rest, &["-u"], &[]),
                "timeout" => {
                    let rest = past_options(rest, &["-k", "-s"], &["-k", "-s", "--"]);
                    // How long.
                    rest.split_first().map_or(rest, |(_, rest)| rest)
                }
                _ => return own,
            },
            [] => return own,
        };
        if inner.first().is_none_or(|word| word.starts_with('-')) {
            return own;
        }
        own = inner;
    }
}

/// Without options in front: those that are followed by a word of their own, and those that are one by how they begin.
fn past_options<'a>(mut words: &'a [String], followed: &[&str], alone: &[&str]) -> &'a [String] {
    while let Some((first, rest)) = words.split_first() {
        words = match rest.split_first() {
            Some((_, behind)) if followed.contains(&first.as_str()) => behind,
            _ if alone.iter().any(|own| first.len() > own.len() && first.starts_with(own)) => rest,
            _ => break,
        };
    }
    words
}

/// `NAME=VALUE`, but where programs are looked for.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !matches!(name, "" | "PATH") && name.chars().all(is_name) && !name.starts_with(|c: char| c.is_ascii_digit())
}
