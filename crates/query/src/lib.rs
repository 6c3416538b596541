//! Asks an archive for records: which of them, how many of what, how far apart two positions are, what lies at one.
//!
//! | module | question |
//! |---|---|
//! | [`filter`] | which records, by what they say, and what has to be known of the whole range before |
//! | [`count`] | how many records and bytes, by manager, type, relation, transaction, database, minute, checkpoint |
//! | [`between`] | records, commits and time between two positions |
//! | [`one`] | the record that holds a position, byte by byte |
//! | [`fields`] | which fields records have, by type and version |
//! | [`any`] | whether there is a record at all |
//! | [`sizes`] | numbers of bytes, as people write them |
//!
//! Each is a [`Render`](pgwal::verify::records::Render) for the list of records that `pgwal` makes, or the answer of
//! one; nothing here prints, and nothing knows of a command line.

pub mod any;
pub mod between;
pub mod count;
pub mod fields;
pub mod filter;
pub mod one;
pub mod sizes;
