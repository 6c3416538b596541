//! Says what was found: answers, and a renderer for each of them and each format. A renderer decides nothing, makes no
//! finding, and opens no stream: it writes into what it is given.
//!
//! | folder | question | formats |
//! |---|---|---|
//! | [`verify`] | does it replay, how far, why not further | text, JSON, HTML, JUnit, SARIF, Nagios, Prometheus |
//! | [`restore`] | what a restore would come to, inside of [`verify`] | text, JSON |
//! | [`contents`] | what was read of backups' files | text, JSON |
//! | [`repository`] | what was recognised at a place | text, JSON |
//! | [`backups`] | which backups there are, and what each can be restored to | text, JSON |
//! | [`watch`] | archives that are watched: events, what there is now | text, JSON lines, Prometheus |
//! | [`plan`] | which files a restore asks for | text, JSON |
//! | [`when`] | which times and positions are reached | text, JSON |
//! | [`timelines`] | how timelines descend from each other | text, JSON |
//! | [`dump`] | the records | text, JSON lines, CSV, as `pg_waldump` |
//! | [`stats`] | how many of them | text, JSON, CSV, as `pg_waldump` |
//! | [`events`] | what happened, in which transaction | text, JSON, CSV |
//! | [`blame`] | who touched a block or a tuple | text, JSON lines |
//! | [`top`] | what WAL consists of, and what it would be with other settings | text, JSON, CSV |
//! | [`txns`] | transactions: their ends, durations, rows, bytes | text, JSON, CSV |
//! | [`diverge`] | where two lines of WAL part | text, JSON |
//! | [`ship`] | what is shipped, as it happens | text, JSON lines |
//! | [`locate`], [`lag`] | where a position lies, how far apart two are | text, JSON |
//! | [`lag::live`] | how far standbys and the archiver are behind a server | text, JSON, Nagios, Prometheus |
//! | [`hex`], [`fields`], [`control`], [`explain`] | one record, all fields, a control file, a code or a line of a log | text, JSON |
//!
//! What comes from outside passes [`outside`] on its way to a reader.
//!
//! ```
//! use pgwal_verify::Severity;
//! use pgwal_source::open;
//! use pgwal_verify::{Options, verify};
//! use pgwal_verify::ended::RunEnd;
//! use pgwal_report::outside::Lines;
//! use pgwal_report::time::Zone;
//! use pgwal_report::verify::{json, text};
//!
//! let archive = open(&["../../testdata/demo/damaged".into()])?;
//! let outcome = verify(archive.as_ref(), &Options::default())?;
//! assert_eq!(RunEnd::of(&outcome, Severity::Error), RunEnd::Refuted);
//! let mut page = Vec::new();
//! text::write(&mut Lines::new(&mut page), &outcome, &Zone::utc())?;
//! assert!(String::from_utf8(page)?.contains("REFUTED: on timeline 1 replay stops at 0/00AAC690"));
//! assert_eq!(json::verify(&outcome)["verdict"], "refuted");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aside;
pub mod backups;
pub mod blame;
pub mod compare;
pub mod contents;
pub mod control;
pub mod diverge;
pub mod dump;
pub mod estimate;
pub mod events;
pub mod explain;
pub mod fields;
pub mod figures;
pub mod hex;
mod history_head;
pub mod known;
pub mod lag;
pub mod locate;
mod metrics;
pub mod outside;
pub mod outside_times;
mod page;
mod places;
pub mod plan;
pub mod prune;
pub mod relation_name;
pub mod repository;
pub mod restore;
pub mod ship;
pub mod stats;
pub mod time;
pub mod timelines;
pub mod top;
pub mod txns;
pub mod verify;
pub mod watch;
pub mod when;
mod window;
pub mod words;
