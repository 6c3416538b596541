//! A reader of markup that is strict where a browser is not: what it lets pass has the elements that it names and no
//! others.

/// An element's name and attributes.
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Every element. Fails unless all are closed in order, attributes stand in double quotes and `&` begins a reference.
pub fn elements(text: &str, void: &[&str]) -> Vec<Element> {
    let (mut out, mut open): (Vec<Element>, Vec<String>) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        characters(&rest[..at], open.last().is_some_and(|name| name == "style"));
        rest = &rest[at + 1..];
        let end = closing(rest);
        let (tag, behind) = (&rest[..end], &rest[end + 1..]);
        rest = behind;
        if tag.starts_with('?') || tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "</{name}> closes nothing");
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let element = element(tag);
        if !alone && !void.contains(&element.name.as_str()) {
            open.push(element.name.clone());
        }
        out.push(element);
    }
    characters(rest, false);
    assert!(open.is_empty(), "not closed: {open:?}");
    out
}

/// The `>` that is in no attribute.
fn closing(text: &str) -> usize {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return at,
            '<' => panic!("< within a tag: {}", &text[..at]),
            _ => {}
        }
    }
    panic!("a tag without an end")
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
    assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "no name: {tag}");
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let stop = rest.find(['=', ' ']).unwrap_or(rest.len());
        let name = &rest[..stop];
        assert!(
            name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':')),
            "no attribute: {name} in {tag}"
        );
        rest = &rest[stop..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let end = quoted.find('"').unwrap();
            characters(&quoted[..end], false);
            value = quoted[..end].to_owned();
            rest = &quoted[end + 1..];
        } else {
            assert!(!rest.starts_with('='), "an attribute without quotes in {tag}");
        }
        attributes.push((name.to_owned(), value));
    }
    Element { name: name.to_owned(), attributes }
}

fn characters(text: &str, raw: bool) {
    for c in text.chars() {
        assert!(
            c == '\n' || c == '\t' || (!c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c)),
            "{c:?} in {text}"
        );
    }
    for part in text.split('&').skip(1).filter(|_| !raw) {
        let name = part.split_once(';').map(|(name, _)| name).unwrap_or_default();
        assert!(matches!(name, "amp" | "lt" | "gt" | "quot" | "#39"), "& in {text}");
    }
}

#[test]
fn the_reader_is_strict() {
    assert_eq!(elements("<a b=\"c &gt; &quot;\"><d/>e</a>", &[]).len(), 2);
    for bad in ["<a>", "<a></b>", "<a b=c></a>", "<a b=\"<\"></a>", "<a>&</a>", "<a b=\"&x;\"></a>", "\u{1b}"] {
        assert!(std::panic::catch_unwind(|| elements(bad, &[])).is_err(), "{bad}");
    }
}
