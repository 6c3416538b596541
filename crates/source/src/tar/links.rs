//! Where symbolic links of a tar lead in it.

use std::collections::BTreeMap;

/// Links that are followed one after another; a server's system gives up as early.
const MOST_FOLLOWED: usize = 40;

/// Where a link ends; `None`: outside of the tar, or nowhere. `links`: where each leads, as written.
pub(super) fn led_to(link: &str, links: &BTreeMap<String, String>) -> Option<String> {
    let mut path: Vec<String> = Vec::new();
    let mut rest: Vec<String> = parts(link);
    let mut followed = 0;
    while let Some(part) = rest.pop() {
        match part.as_str() {
            "." | "" => continue,
            ".." => drop(path.pop()?),
            _ => path.push(part),
        }
        let Some(target) = links.get(&path.join("/")) else { continue };
        followed += 1;
        if followed > MOST_FOLLOWED || target.starts_with('/') {
            return None;
        }
        path.pop();
        rest.extend(parts(target));
    }
    Some(path.join("/"))
}

/// The parts of a path, the first one last.
fn parts(path: &str) -> Vec<String> {
    path.split('/').rev().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::led_to;
    use std::collections::BTreeMap;

    #[test]
    fn a_link_ends_in_the_tar_or_nowhere() {
        let links = [
            ("a/info", "info.real"),
            ("a/up", "../b/x"),
            ("c", "a"),
            ("d", "c/up"),
            ("out", "../etc/passwd"),
            ("root", "/etc/passwd"),
            ("round", "round"),
            ("pair", "riap"),
            ("riap", "./pair"),
        ];
        let links: BTreeMap<String, String> =
            links.map(|(link, target)| (link.to_owned(), target.to_owned())).into_iter().collect();
        for (link, end) in [("a/info", "a/info.real"), ("a/up", "b/x"), ("d", "b/x")] {
            assert_eq!(led_to(link, &links).as_deref(), Some(end), "{link}");
        }
        for link in ["out", "root", "round", "pair"] {
            assert_eq!(led_to(link, &links), None, "{link}");
        }
    }
}
