//! Words for a shell.

/// A word as a shell takes it: as it is, or in quotes where a shell would read something else in it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:=@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.contains('\'') && !word.contains(['"', '$', '`', '\\', '!', '\n']) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// One command of these words.
pub(crate) fn command(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_gives_back_what_was_quoted() {
        assert_eq!(quoted("a/b-c"), "a/b-c");
        assert_eq!(quoted("14:00 on"), "'14:00 on'");
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("it's $1"), "'it'\\''s $1'");
        assert_eq!(quoted(""), "''");
        for word in ["a b", "it's", "x'$y", "\"'", "`date`'", "\\'!"] {
            let told = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word))]).output();
            assert_eq!(String::from_utf8(told.unwrap().stdout).unwrap(), word);
        }
    }
}
