//! PostgreSQL WAL segments to records.
//!
//! One segment is scanned alone ([`scan`]): it yields a [`Run`], which holds what the records in it came to, the end of
//! a record begun before ([`Head`]) and the beginning of one that goes on ([`Tail`]). Runs that follow each other are
//! joined ([`Run::join`]), and only the seam between them has to be looked at then: the remaining length, the checksum
//! of the joined record, the link to the record before. Joining is associative, so that any grouping of segments and
//! any number of threads gives one result.
//!
//! Who takes records in the order of WAL joins nothing: a [`Chain`] hands out those over the seams.
//!
//! Nothing here does I/O or judges: a segment is a slice of bytes, and what does not fit is a [`Damage`] with an
//! address.

mod begin;
mod chain;
mod contrecord;
mod expect;
mod fault;
mod fold;
mod head;
mod headers;
mod join;
mod leftover;
mod open;
mod pads;
mod rest;
mod resync;
mod run;
mod scan;
mod scanner;
mod seam;
mod slack;
mod split;
mod stream;
mod wire;

pub use begin::{Begin, Link};
pub use chain::{Chain, Joint, SeamRecord};
pub use expect::{KEEP, RecordBoundary, ScanExpect};
pub use fault::{Damage, Fault};
pub use fold::{Fold, Ignore};
pub use head::{Continuation, Head};
pub use headers::headers;
pub use open::Open;
pub use rest::{Leftover, Rest};
pub use run::{Run, Stop, Tail};
pub use scan::{scan, scan_on};
pub use slack::{Slack, SlackKind, is_zero};
pub use stream::{Declined, Stream};
