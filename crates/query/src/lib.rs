//! Asks an archive for records: which of them, how many of what, how far apart two positions are, what lies at one.
//!
//! | module | question |
//! |---|---|
//! | [`filter`] | which records, by what they say, and what has to be known of the whole range before |
//! | [`count`] | how many records and bytes, by manager, type, relation, transaction, database, minute, checkpoint |
//! | [`between`] | records, commits and time between two positions |
//! | [`lag`] | how far the standbys and the archiver of a running server are behind it |
//! | [`one`] | the record that holds a position, byte by byte |
//! | [`fields`] | which fields records have, by type and version |
//! | [`any`] | whether there is a record at all |
//! | [`sizes`] | numbers of bytes, as people write them |
//!
//! Each is a [`Render`](pgwal_verify::records::Render) for the list of records that `pgwal` makes, or the answer of
//! one; nothing here prints, and nothing knows of a command line.
//!
//! ```
//! use pgwal_verify::records::{ListRequest, gather};
//! use pgwal_source::open;
//! use pgwal_verify::Options;
//! use pgwal_query::count::{By, Counter};
//! use pgwal_query::filter::{Filter, Wish};
//!
//! let archive = open(&["../../testdata/demo/good".into()])?;
//! let images = Filter::from(Wish { fullpage: true, ..Wish::default() });
//! let wanted = ListRequest { options: Options::default(), limit: None };
//! let make = || Counter::new(&images, By::Rmgr, &|_, _, _| ());
//! let (counter, gathered) = gather(archive.as_ref(), &wanted, &make, &mut |_| Ok(()))?;
//! let records: u64 = counter.finish().cells().iter().map(|(_, sum)| sum.records).sum();
//! assert!(gathered.complete && records > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod any;
pub mod between;
pub mod count;
pub mod fields;
pub mod filter;
pub mod lag;
pub mod one;
pub mod sizes;
