//! A command, cut into what a shell sees: words, and what joins or redirects them.

/// A piece of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum ShellToken {
    /// A word, its quotes taken off.
    Word(String),
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `<`
    Input,
    /// `>` of what a command says on standard output.
    Output,
    /// `2>`, `>&2` and their kind: the word behind it is of no interest.
    Aside,
    /// `;`, or a line's end.
    Next,
}

impl ShellToken {
    /// The word that it is.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            ShellToken::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// What a shell reads more in than words: variables, patterns, and commands in commands.
const MEANS_MORE: [char; 8] = ['$', '`', '*', '?', '(', ')', '{', '}'];

/// The pieces of a command; `None` where a shell would read something in it that is not read here.
pub(super) fn tokens(command: &str) -> Option<Vec<ShellToken>> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = command.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(own), c) if c == own => quote = None,
            (Some('"'), '$' | '`' | '\\') => return None,
            (None, '\\') => return None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            // How the statement in front has ended.
            (None, '$') if word.is_none() && chars.next_if_eq(&'?').is_some() => word = Some("$?".to_owned()),
            (None, c) if MEANS_MORE.contains(&c) => return None,
            // The rest of a line is for people.
            (None, '#') if word.is_none() => while chars.next_if(|next| *next != '\n').is_some() {},
            (None, ';' | '\n') => next(&mut out, &mut word, ShellToken::Next),
            (None, '<' | '>') => {
                let number = word.take_if(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()));
                out.extend(word.take().map(ShellToken::Word));
                let twice = chars.next_if(|next| *next == '>' || *next == '&');
                out.push(match (c, number.as_deref(), twice) {
                    ('<', None | Some("0"), None) => ShellToken::Input,
                    ('>', None | Some("1"), None | Some('>')) => ShellToken::Output,
                    ('>', None | Some("1"), Some('&')) => ShellToken::Aside,
                    // What a program complains of may go anywhere.
                    ('>', Some("2"), _) => ShellToken::Aside,
                    _ => return None,
                });
            }
            (None, '|') => {
                let joins = chars.next_if_eq(&'|').map_or(ShellToken::Pipe, |_| ShellToken::Or);
                next(&mut out, &mut word, joins);
            }
            (None, '&') => {
                chars.next_if_eq(&'&')?;
                next(&mut out, &mut word, ShellToken::And);
            }
            // A blank of another kind is a letter to a shell.
            (None, ' ' | '\t') => out.extend(word.take().map(ShellToken::Word)),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word.map(ShellToken::Word));
    quote.is_none().then_some(out)
}

fn next(out: &mut Vec<ShellToken>, word: &mut Option<String>, token: ShellToken) {
    out.extend(word.take().map(ShellToken::Word));
    out.push(token);
}
