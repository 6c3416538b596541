//! Commands that cannot deliver a file, by their words: what they copy goes elsewhere, or a shell does not run them.
//!
//! ```text
//! cp /srv/wal/%f %f                       to the data directory, in which no server looks
//! test ! -f /srv/wal/%f && cp … %p        what an archive_command asks first
//! gunzip /srv/wal/%f.gz > %p              unpacks in place, and writes nothing to %p
//! cp "/srv/wal/%f %p                      a quote that does not end
//! ```
//! Servers of 12 to 18 said of each that they locate no checkpoint record, or that a file is of wrong size.

use super::shell_call::ShellCall;
use super::statements::{is_idle, main_statement, words};
use super::tokens::{ShellToken, tokens};
use super::unpackers::unpacks;

/// Whether a command delivers nothing, whatever is asked for.
pub(super) fn is_amiss(command: &str) -> bool {
    let command = without_unset(command);
    if is_unfinished(&command) || ends_in_background(&command) || has_odd_blank(&command) {
        return true;
    }
    let Some(tokens) = tokens(&command) else { return false };
    if tokens.split(|token| *token == ShellToken::Next).all(|own| own.is_empty() || is_idle(own)) {
        return true;
    }
    let Some(main) = main_statement(&tokens) else { return false };
    let mut alternatives = main.tokens.split(|token| *token == ShellToken::Or);
    let ends = |own: &[ShellToken]| matches!(words(own).first(), Some(&("exit" | "false" | "true" | ":")));
    alternatives.all(|own| ends(own) || is_alternative_amiss(own))
}

fn is_alternative_amiss(tokens: &[ShellToken]) -> bool {
    if tokens.first().and_then(ShellToken::word) == Some("!") {
        return true;
    }
    let parts: Vec<&[ShellToken]> = tokens.split(|token| *token == ShellToken::And).collect();
    let at = parts.iter().position(|part| !is_test(part) && !is_idle(part));
    let Some((at, call)) = at.and_then(|at| Some((at, ShellCall::of(parts.get(at)?)?))) else { return false };
    let asks_for_none = |part: &&[ShellToken]| match words(part).as_slice() {
        ["test", "!", _, file] | ["[", "!", _, file, "]"] => call.words.iter().any(|word| word == file),
        _ => false,
    };
    // What follows may bring the file to its place.
    let is_last = parts.len() == at + 1;
    parts.iter().take(at).any(asks_for_none) || is_last && goes_elsewhere(&call)
}

fn is_test(tokens: &[ShellToken]) -> bool {
    matches!(words(tokens).first(), Some(&("test" | "[")))
}

/// It is a program that copies or unpacks, and nothing comes to `%p`.
fn goes_elsewhere(call: &ShellCall) -> bool {
    let (name, written) = (call.program(), call.output.as_deref());
    let operands: Vec<&str> =
        call.words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    if name == "cat" {
        let from = operands.first().copied().or(call.input.as_deref());
        return from.is_some_and(|from| from.contains("%p")) && written.is_some_and(|to| to.contains("%f"));
    }
    if unpacks_in_place(call) {
        return written == Some("%p");
    }
    let into = |word: &String| word.starts_with("-t") || word.starts_with("--target-directory");
    let counts = matches!(name, "cp" | "mv" | "ln");
    if !(counts || matches!(name, "install" | "rsync" | "scp")) || call.words.iter().any(into) {
        return false;
    }
    let Some((to, from)) = operands.split_last() else { return counts };
    // Whoever names the folder of WAL may fill it, whatever is asked for.
    let names_none = *to == "%p" && !from.iter().any(|from| from.contains("%f"));
    counts && from.is_empty() || !is_place(to) || names_none
}

/// Where a server looks: `%p`, from wherever it is named, or its own folder of WAL.
fn is_place(to: &str) -> bool {
    let Some((before, behind)) = to.split_once("%p") else { return to.contains("pg_wal") || to.contains("pg_xlog") };
    behind.is_empty() && (before.is_empty() || before.ends_with('/') && before != "/")
}

/// Whether a program unpacks a file where it lies, and takes the packed one away.
pub(super) fn unpacks_in_place(call: &ShellCall) -> bool {
    let Some((letters, operands)) = call.sorted() else { return false };
    let Some(unpacker) = unpacks(call.program(), &letters) else { return false };
    let writes = unpacker.to_output || letters.contains(['c', 'o']);
    !writes && matches!(operands.as_slice(), [from] if from.contains("%f"))
}

/// Without `$f` and `$p`, which are no placeholders, and nothing to a shell.
fn without_unset(command: &str) -> String {
    let mut out = String::with_capacity(command.len());
    let mut rest = command;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let is_end = |text: &str| !text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let name = behind.strip_prefix("f").or_else(|| behind.strip_prefix("p")).filter(|text| is_end(text));
        let braced = behind.strip_prefix("{f}").or_else(|| behind.strip_prefix("{p}"));
        rest = name.or(braced).unwrap_or_else(|| {
            out.push('$');
            behind
        });
    }
    out + rest
}

/// A quote or a parenthesis that is one of no pair: the shell runs nothing.
fn is_unfinished(command: &str) -> bool {
    let (mut quote, mut depth, mut at_word) = (None, 0i32, true);
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(own), c) if c == own => quote = None,
            (None | Some('"'), '\\') => drop(chars.next()),
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '#') if at_word => return depth > 0,
            // Patterns of `case` have one without the other.
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        at_word = c.is_whitespace() || c == ';';
    }
    quote.is_some() || depth > 0 || depth < 0 && !command.contains("case")
}

/// `cp … &`: it ends before the file is there.
fn ends_in_background(command: &str) -> bool {
    let command = command.trim_end();
    command.ends_with('&') && !command.ends_with("&&")
}

/// A blank that is a letter to a shell, as text has it that was copied from a page: there is no such program.
fn has_odd_blank(command: &str) -> bool {
    let first = command.split([' ', '\t', ';', '|', '&']).find(|word| !word.is_empty()).unwrap_or_default();
    first.contains('\u{a0}') && first.contains("%f")
}

#[cfg(test)]
mod tests {
    use super::is_amiss;

    #[test]
    fn what_cannot_deliver() {
        for command in [
            "cp /a/%f %f",
            "cp /a/%f /%p",
            "cp /a/%f %p.tmp",
            "cp /a/%f \u{201c}%p\u{201d}",
            "cp /a/$f %p",
            "cp /a/${f} $p",
            "cp /a/%f",
            "cp %p",
            "test ! -f /a/%f && cp /a/%f %p",
            "[ ! -f /a/%f ] && cp /a/%f %p || exit 1",
            "# cp /a/%f %p",
            "cp \"/a/%f %p",
            "cp /a/%f %p)",
            "cp /a/%f %p &",
            "! cp /a/%f %p",
            "echo %f %p",
            "echo %f; date >> /tmp/log",
            "cp\u{a0}/a/%f %p",
            "cat %p > /a/%f.x",
            "gunzip /a/%f.gz > %p",
            "xz -d /a/%f.xz > %p",
            "zstd -d /a/%f.zst > %p",
            "scp backup:/a/%f /b/%f",
            "nice cp /a/%f %f || exit 1",
        ] {
            assert!(is_amiss(command), "{command}");
        }
    }

    #[test]
    fn what_may() {
        for command in [
            "cp /a/%f %p",
            "cp '/a b/%f' \"%p\" || cp /c/%f %f",
            "cp /a/%f /var/lib/data/%p",
            "cp /a/%f pg_wal/%f",
            "cp -t pg_wal /a/%f",
            "cp /a/%f %p.tmp && mv %p.tmp %p",
            "cp /a/%f.gz %p.gz && gunzip %p.gz",
            "cd pg_wal && cp /a/%f %f",
            "test ! -f /tmp/stop && cp /a/%f %p",
            "test -f /a/%f && cp /a/%f %p # don't",
            "scp -P 22 backup:/a/%f %p",
            "install -m 600 /a/%f %p",
            "rsync -e 'ssh -p 22' backup:/a/%f %p",
            "gunzip -c /a/%f.gz > %p",
            "gunzip < /a/%f.gz > %p",
            "xz -t /a/%f.xz && xz -dc /a/%f.xz > %p",
            "cat /a/%f > %p",
            "cp /a/$file %p",
            "/opt/get %f %p",
            "case %f in *.history) exit 1;; esac; cp /a/%f %p",
            "/opt/get '%f' \"%p\" >> /tmp/log 2>&1",
            "wal-g wal-fetch %f %p",
        ] {
            assert!(!is_amiss(command), "{command}");
        }
    }
}
