//! Answers without what changes from day to day: how long ago a commit was.

/// What stands for every age.
const AGE: &str = "6 d 20 h ago";
/// What is said of an archive whose last commit is old.
const OLD: &str = "; a server that still writes has more: look at its pg_stat_archiver";

/// The same, with one age for all.
pub fn with_one_age(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let ends = [" ago)", " ahead of this machine's clock)"];
    while let Some((at, end)) = ends.iter().filter_map(|end| Some((rest.find(end)?, end.len()))).min() {
        let (before, behind) = (&rest[..at], &rest[at + end..]);
        let kept = before.rfind(", ").map_or(before, |comma| &before[..comma + 2]);
        out += &format!("{kept}{AGE})");
        rest = behind;
    }
    out + rest
}

/// The same, for comparing what was said on another day.
pub fn of_any_day(text: &str) -> String {
    with_one_age(text).replace(OLD, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ages_change() {
        let told = "to 0/1 (2026-11-22 03:17:02+00:00, 11 d 2 h ago)\nat (x, 3 s ahead of this machine's clock) ago";
        let one = "to 0/1 (2026-11-22 03:17:02+00:00, 6 d 20 h ago)\nat (x, 6 d 20 h ago) ago";
        assert_eq!(with_one_age(told), one);
        assert_eq!(of_any_day(&format!("nothing{OLD}")), "nothing");
    }
}
