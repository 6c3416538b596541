//! A command, cut into what a shell sees: words, and what joins or redirects them.

/// A piece of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum ShellToken {
    /// A word, its quotes taken off.
    Word(String),
    /// Commands are joined: `;`, `&&`, `||`, or the end of a line.
    Next,
    /// `|`
    Pipe,
    /// `<`
    Input,
    /// `>` of what a command says on standard output.
    Output,
    /// `2>`, `3<` and their kind: the word behind it is of no interest.
    Aside,
}

/// What a shell reads more in than words: variables, patterns, commands in commands.
const MEANS_MORE: [char; 9] = ['$', '`', '*', '?', '(', ')', '{', '}', '#'];

/// The pieces of a command; `None` where a shell would read something in it that is not read here.
pub(super) fn tokens(command: &str) -> Option<Vec<ShellToken>> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = command.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(own), c) if c == own => quote = None,
            (Some('"'), '$' | '`') => return None,
            (Some('"') | None, '\\') => word.get_or_insert_default().push(chars.next()?),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            (None, c) if MEANS_MORE.contains(&c) => return None,
            (None, '<' | '>') => {
                let number = word.take_if(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()));
                out.extend(word.take().map(ShellToken::Word));
                let twice = chars.next_if(|next| *next == '>' || *next == '&');
                out.push(match (c, number.as_deref(), twice) {
                    ('<', None | Some("0"), None) => ShellToken::Input,
                    ('>', None | Some("1"), None) => ShellToken::Output,
                    // What is added to, or made the same as another, is no copy of a file; `2>&1` is both at once.
                    (_, Some(number), _) if number != "0" && number != "1" => ShellToken::Aside,
                    ('>', _, Some(_)) => ShellToken::Aside,
                    _ => return None,
                });
            }
            (None, ';' | '\n') => next(&mut out, &mut word, ShellToken::Next),
            (None, '|') => {
                let joins = chars.next_if_eq(&'|').map_or(ShellToken::Pipe, |_| ShellToken::Next);
                next(&mut out, &mut word, joins);
            }
            (None, '&') => {
                chars.next_if_eq(&'&')?;
                next(&mut out, &mut word, ShellToken::Next);
            }
            (None, c) if c.is_whitespace() => out.extend(word.take().map(ShellToken::Word)),
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
