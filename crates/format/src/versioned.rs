//! Tables whose rows hold from one version on, until a later row of the same subject takes their place. What did not
//! change in a new version is not touched when it comes.

use crate::version::Version;

/// A row of such a table.
pub(crate) trait Versioned {
    /// What it is about: rows of one subject follow each other.
    type Subject: PartialEq;

    /// What it is about.
    fn subject(&self) -> Self::Subject;

    /// The first version.
    fn since(&self) -> Version;

    /// The last version, where nothing takes its place.
    fn until(&self) -> Option<Version>;
}

/// Whether a row of the table holds in a version.
pub(crate) fn holds<R: Versioned>(table: &[R], row: &R, version: Version) -> bool {
    let begun = |row: &R| row.since() <= version;
    let replaced = |later: &R| later.since() > row.since() && begun(later) && later.subject() == row.subject();
    begun(row) && row.until().is_none_or(|last| version <= last) && !table.iter().any(replaced)
}

/// The rows that hold in a version, in the order of the table.
pub(crate) fn of<R: Versioned>(table: &'static [R], version: Version) -> impl Iterator<Item = &'static R> {
    table.iter().filter(move |row| holds(table, row, version))
}

/// Of a subject no version has two rows, and no row ends where another one takes its place all the same.
#[cfg(test)]
pub(crate) fn check<R: Versioned>(table: &[R], name: impl Fn(&R) -> String) {
    for (at, row) in table.iter().enumerate() {
        let others = || table.iter().enumerate().filter(|(i, other)| *i != at && other.subject() == row.subject());
        assert!(others().all(|(_, other)| other.since() != row.since()), "{} twice in {}", name(row), row.since());
        let Some(last) = row.until() else { continue };
        assert!(row.since() <= last, "{} ends before it begins", name(row));
        let next = crate::version::KNOWN.iter().copied().find(|version| *version > last);
        let taken = others().any(|(_, other)| other.since() > row.since() && Some(other.since()) <= next);
        assert!(!taken, "{} need not end in {last}", name(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{V8_2, V9_0, V9_6, V10, V12, V19};

    /// Subject, first and last version.
    struct TestRow(u8, Version, Option<Version>);

    impl Versioned for TestRow {
        type Subject = u8;

        fn subject(&self) -> u8 {
            self.0
        }

        fn since(&self) -> Version {
            self.1
        }

        fn until(&self) -> Option<Version> {
            self.2
        }
    }

    static ROWS: [TestRow; 4] =
        [TestRow(1, V10, None), TestRow(1, V8_2, None), TestRow(2, V9_0, Some(V9_6)), TestRow(2, V12, None)];

    #[test]
    fn a_row_holds_until_a_later_one_comes_or_until_its_end() {
        let found = |version| of(&ROWS, version).map(|row| (row.0, row.1)).collect::<Vec<_>>();
        assert_eq!(found(V8_2), [(1, V8_2)]);
        assert_eq!(found(V9_6), [(1, V8_2), (2, V9_0)]);
        assert_eq!(found(V10), [(1, V10)]);
        assert_eq!(found(Version::new(20, 0)), [(1, V10), (2, V12)]);
        assert_eq!(found(V19), found(Version::new(99, 0)));
        check(&ROWS, |row| row.0.to_string());
    }
}
