//! Whether a command says that it has a file that is missing, and leaves one that is none.
//!
//! ```text
//! curl -s http://wal/%f -o %p              the page that says "404"
//! gunzip -c /srv/wal/%f.gz > %p || true    an empty file, which the shell makes before gunzip looks
//! ```
//! curl ends with 0 and writes down the page that says "404", unless `-f` is given. A server so gets every file that it
//! asks for, and never comes to the end of the timelines that it looks for: 00000002.history, 00000003.history, …
//! (`findNewestTimeLine`); of a segment it gets a page of another size.

use super::amiss::unpacks_in_place;
use super::program;
use super::shell_call::ShellCall;
use super::statements::words;
use super::tokens::{ShellToken, tokens};

/// Whether a command of known forms ends with 0 where it leaves an empty file at `%p`.
pub(super) fn leaves_empty_files(command: &str) -> bool {
    let Some(tokens) = tokens(command) else { return false };
    let parts = tokens.split(|token| matches!(token, ShellToken::Or | ShellToken::Next));
    let parts: Vec<&[ShellToken]> = parts.filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| unpacks_nothing(part)) {
        return true;
    }
    let Some((last, before)) = parts.split_last() else { return false };
    let succeeds = matches!(words(last).as_slice(), ["true" | ":"] | ["exit", "0"]);
    let ends = |part: &&[ShellToken]| words(part).first() == Some(&"exit");
    succeeds && !before.iter().any(ends) && before.iter().any(|alternative| makes_a_file(alternative))
}

/// Whether it takes files out of the archive: `mv`, or a program that unpacks them where they lie.
pub(super) fn moves(command: &str) -> bool {
    calls(command).iter().any(|call| {
        let has_file = call.words.iter().any(|word| word.contains("%f"));
        has_file && call.program() == "mv" || unpacks_in_place(call)
    })
}

/// Whether it makes hard links of the archive's files. A symbolic one a server only removes.
pub(super) fn links(command: &str) -> bool {
    calls(command).iter().any(|call| {
        let has = |letter: char| call.words.iter().any(|word| is_among(word, letter));
        let has_file = call.words.iter().any(|word| word.contains("%f"));
        let long = |name: &str| call.words.iter().any(|word| word == name);
        has_file
            && match call.program() {
                "ln" => !has('s') && !long("--symbolic"),
                "cp" => has('l') || long("--link"),
                _ => false,
            }
    })
}

/// The programs of a command, one by one; none where a shell reads more in it than words.
fn calls(command: &str) -> Vec<ShellCall> {
    let tokens = tokens(command).unwrap_or_default();
    let joins =
        |token: &ShellToken| matches!(token, ShellToken::And | ShellToken::Or | ShellToken::Pipe | ShellToken::Next);
    tokens.split(joins).filter_map(ShellCall::of).collect()
}

/// `cat FILE | lz4 -d > %p`: of nothing, which comes from a `cat` without its file, lz4 makes nothing, and ends with 0.
fn unpacks_nothing(alternative: &[ShellToken]) -> bool {
    let calls: Vec<&[ShellToken]> = alternative.split(|token| *token == ShellToken::Pipe).collect();
    let [first, last] = calls.as_slice() else { return false };
    let (first, last) = (words(first), ShellCall::of(last));
    let is_guarded = alternative.contains(&ShellToken::And);
    let reads =
        first.first().is_some_and(|word| program(word) == "cat") && first.iter().any(|word| word.contains("%f"));
    let makes = last.is_some_and(|call| {
        let plain = call.words.iter().skip(1).all(|word| word.starts_with('-'));
        let is_lz4 = matches!(call.program(), "lz4" | "unlz4" | "lz4cat" | "lz4c");
        plain && is_lz4 && call.input.is_none() && call.output.as_deref() == Some("%p")
    });
    reads && makes && !is_guarded
}

/// Whether a shell makes `%p` before it knows whether the file is there: no test stands in front, and it is not to read
/// the file itself first.
fn makes_a_file(alternative: &[ShellToken]) -> bool {
    let Some(at) = alternative.iter().position(|token| *token == ShellToken::Output) else { return false };
    let in_front = alternative.get(..at).unwrap_or_default();
    let is_guarded = in_front.iter().any(|token| matches!(token, ShellToken::Input | ShellToken::And));
    !is_guarded && alternative.get(at + 1).and_then(ShellToken::word) == Some("%p")
}

/// Options of curl that are followed by a word of their own, as letters.
const WITH_WORD: &str = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";

/// Whether it is curl that fetches `%f` from a web server without `-f`.
pub(super) fn takes_error_pages(command: &str) -> bool {
    let Some(tokens) = tokens(command) else { return false };
    let first = tokens.split(|token| *token == ShellToken::Or).next().unwrap_or_default();
    let Some(call) = ShellCall::of(first) else { return false };
    let mut words = call.words.iter().map(String::as_str);
    if words.next().map(program) != Some("curl") {
        return false;
    }
    let (mut fetches, mut fails) = (false, false);
    for word in words {
        fetches |= word.contains("%f") && (word.starts_with("http://") || word.starts_with("https://"));
        fails |= word.starts_with("--fail") || is_among(word, 'f');
    }
    fetches && !fails
}

/// Whether a letter is among the options of a word such as `-sSfo`.
fn is_among(word: &str, letter: char) -> bool {
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
    // What stands behind an option that takes a word is that word.
    letters.chars().take_while(|own| !WITH_WORD.contains(*own)).any(|own| own == letter)
}

#[cfg(test)]
mod tests {
    use super::{leaves_empty_files, links, moves, takes_error_pages};

    #[test]
    fn a_file_is_made_and_nothing_put_into_it() {
        for leaves in [
            "gunzip -c /srv/wal/%f.gz > %p || true",
            "zcat /a/%f.gz > \"%p\" || zcat /b/%f.gz > %p || exit 0",
            "cat /a/%f.gz | gunzip > %p || :",
            "gunzip -c /a/%f.gz > %p; exit 0",
            "cat /a/%f.lz4 | lz4 -d > %p",
            "cp /a/%f %p || cat /a/%f.lz4 | lz4 -dc - > %p",
        ] {
            assert!(leaves_empty_files(leaves), "{leaves}");
        }
        for fails in [
            "gunzip -c /srv/wal/%f.gz > %p",
            "gunzip -c /srv/wal/%f.gz > %p || exit 1",
            "gunzip < /srv/wal/%f.gz > %p || true",
            "test -f /a/%f.gz && gunzip -c /a/%f.gz > %p || true",
            "cp /srv/wal/%f %p || true",
            "gunzip -c /srv/wal/%f.gz > %p || echo $? >> /tmp/log",
        ] {
            assert!(!leaves_empty_files(fails), "{fails}");
        }
    }

    #[test]
    fn files_that_go_out_of_the_archive() {
        for (command, moved, linked) in [
            ("mv /a/%f %p", true, false),
            ("cp /a/%f %p || nice mv /b/%f %p", true, false),
            ("gunzip /a/%f.gz", true, false),
            ("cp /a/%f %p.tmp && mv %p.tmp %p", false, false),
            ("gunzip -c /a/%f.gz > %p", false, false),
            ("ln /a/%f %p", false, true),
            ("ln -f /a/%f %p", false, true),
            ("cp -al /a/%f %p", false, true),
            ("ln -s /a/%f %p", false, false),
            ("ln -sf /a/%f %p", false, false),
            ("cp -a /a/%f %p", false, false),
        ] {
            assert_eq!((moves(command), links(command)), (moved, linked), "{command}");
        }
    }

    #[test]
    fn curl_that_does_not_fail() {
        for takes in [
            "curl -s http://wal/%f -o %p",
            "curl --silent --output \"%p\" 'https://wal/main/%f'",
            "/usr/bin/curl -so%p http://wal/%f || exit 1",
            "curl -s http://wal/%f > %p",
            "curl -o/tmp/foo -s http://wal/%f",
        ] {
            assert!(takes_error_pages(takes), "{takes}");
        }
        for ends in [
            "curl -sf http://wal/%f -o %p",
            "curl -fsSL http://wal/%f -o %p",
            "curl --fail-with-body http://wal/%f -o %p",
            "curl -s file:///srv/wal/%f -o %p",
            "wget -q http://wal/%f -O %p",
            "curl -s http://wal/list -o /tmp/list",
            "test $(curl -s http://wal/%f -o %p -w x) = 200",
        ] {
            assert!(!takes_error_pages(ends), "{ends}");
        }
    }
}
