//! Where the file of a relation lies, by its row.

use crate::files::GLOBAL;
use crate::row::ClassRow;
use pgwal_format::record::RelFileLocator;

/// The tablespace and the database in which a relation lies.
pub(crate) fn home_of(file: RelFileLocator, class: &ClassRow) -> RelFileLocator {
    match class.tablespace {
        0 => file,
        // What all databases share stands in the catalog of each.
        GLOBAL => RelFileLocator { spc: GLOBAL, db: 0, rel: file.rel },
        spc => RelFileLocator { spc, ..file },
    }
}

/// Where the file of a relation lies. `None` where it has none of its own.
pub fn located(file: RelFileLocator, class: &ClassRow) -> Option<RelFileLocator> {
    (class.file != 0).then_some(RelFileLocator { rel: class.file, ..home_of(file, class) })
}
