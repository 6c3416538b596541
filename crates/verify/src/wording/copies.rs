//! Two files of one segment that differ.

use pgwal_archive::TwinFault;

/// What is wrong, and with which of the two.
pub(super) fn differ(file: &str, other: &str, faults: &[Option<TwinFault>; 2], withheld: bool) -> String {
    let refused = if withheld { ", and pgBackRest gives out neither (archive-get: error 45)" } else { "" };
    let wrong = match faults {
        [None, None] => "each is whole by itself".to_owned(),
        [Some(fault), None] => format!("the wrong one is {file}, {}", says(*fault)),
        [None, Some(fault)] => format!("the wrong one is {other}, {}", says(*fault)),
        [Some(one), Some(two)] => format!("both are wrong: the first, {}; the second, {}", says(*one), says(*two)),
    };
    format!("{file} and {other} differ{refused}; {wrong}")
}

/// What to do with them.
pub(super) fn advice(file: &str, other: &str, faults: &[Option<TwinFault>; 2]) -> String {
    let (wrong, good) = match faults {
        [Some(_), None] => (file, other),
        [None, Some(_)] => (other, file),
        [None, None] => {
            return format!(
                "find out which server archived which, with walproof compare FILE FILE and the pg_wal of either, and move the wrong one of {file} and {other} out of the archive"
            );
        }
        [Some(_), Some(_)] => {
            return format!(
                "find a good copy: pg_wal of the old primary, a standby, another archive; check it: walproof verify FILE; put it in the place of {file} and {other}"
            );
        }
    };
    format!("move {wrong} out of the archive: {good}, which is whole, is then what a restore gets")
}

fn says(fault: TwinFault) -> String {
    match fault {
        TwinFault::Unusable => "which no server can use".to_owned(),
        TwinFault::Records(at) => format!("whose records are damaged at {at}"),
        TwinFault::Checksum => "whose content has another SHA-1 than its name says".to_owned(),
    }
}
