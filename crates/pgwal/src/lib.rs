//! PostgreSQL WAL for programs: reads, walks and verifies the WAL of every major version from 8.2 to 19, with no
//! PostgreSQL installed and no version given.
//!
//! ```
//! use pgwal::{Options, Verdict, open, verify};
//!
//! let archive = open(&["../../testdata/demo/damaged".into()])?;
//! let outcome = verify(archive.as_ref(), &Options::default())?;
//! for finding in &outcome.findings {
//!     println!("{} {}: {}", finding.severity, finding.code, finding.message(outcome.layout.as_ref()));
//! }
//! assert_eq!(outcome.verdict, Verdict::Refuted);
//! assert_eq!(outcome.findings[0].lsn.unwrap().to_string(), "0/00AAC690");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate is a door: it has no code of its own. Behind it are fourteen crates, each usable alone.
//!
//! | module | crate | what it does | I/O | threads |
//! |---|---|---|---|---|
//! | [`mod@crc`] | `pgwal-crc` | CRC-32C, and the checksum of 9.4 and earlier | no | no |
//! | [`mod@format`] | `pgwal-format` | bytes to meaning: pages, records, names, history files, a table of versions | no | no |
//! | [`mod@walk`] | `pgwal-walk` | segments to records: scans one, joins what follows, finds the next record behind damage | no | no |
//! | [`mod@source`] | `pgwal-source` | where WAL lies, and its plain bytes, whatever it is packed in | reads | no |
//! | [`mod@repos`] | `pgwal-repos` | repositories of backup tools: the WAL and the backups in them | reads | no |
//! | [`mod@archive`] | `pgwal-archive` | which bytes, in which order: whose WAL it is, timelines, the one reader | through a source | as asked |
//! | [`mod@recovery`] | `pgwal-recovery` | backups, settings, what a server would do with them | through a source | as asked |
//! | [`mod@logs`] | `pgwal-logs` | lines of a server's log | no | no |
//! | [`mod@verify`] | `pgwal-verify` | findings and a verdict | through a source | as many as [`Options::jobs`] says |
//! | [`mod@query`] | `pgwal-query` | filters, keys, counts, what lies between two positions | through a source | as asked |
//! | [`mod@catalog`] | `pgwal-catalog` | names of relations by the rows of catalogs in WAL | no | no |
//! | [`mod@forensics`] | `pgwal-forensics` | what happened: drops, truncations, mass changes, with their transactions | through a source | as asked |
//! | [`mod@ship`] | `pgwal-ship` | carries WAL into an archive and out of it, checked | reads and writes | as asked |
//! | `report` | `pgwal-report` | answers as text, JSON, CSV, HTML, JUnit, SARIF, Nagios, Prometheus | no | no |
//!
//! Features that are on unless turned off: `gzip`, `bzip2`, `xz`, `zstd`, `brotli`, `snappy`, `lzo` (together
//! `codecs`) read what is packed that way; without one, such a file is a finding (WP502). `openssl` (with others,
//! `libsodium`, `pgp`, `age` and `pghoard`, `encryption`) opens what is encrypted so, with [`Keys`](source::Keys).
//! Off unless asked for: `stores` opens `s3://`, `gs://` and `az://` (with a runtime inside and some 150 crates), and
//! `server` takes WAL from a server that streams it (`ship::receive`, with TLS).
//! `serde` brings `report`, and with it an outcome that serialises as the document `walproof.verify/1`:
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use pgwal::{Options, VerifyDocument, open, verify};
//!
//! let archive = open(&["../../testdata/demo/damaged".into()])?;
//! let outcome = verify(archive.as_ref(), &Options::default())?;
//! let document = serde_json::to_string(&VerifyDocument(&outcome))?;
//! assert!(document.contains(r#""lsn":"0/00AAC690""#));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Damage is an answer, an error is none
//!
//! [`verify()`] fails ([`Error`]) only where nothing could be looked at: no such folder, no file with
//! the name of WAL, an interrupt. Whatever is wrong with files is a [`Finding`] with an address (timeline, position,
//! file, offset), and the [`Verdict`] says what all of them come to; [`RunEnd`] makes the program's exit code of it. No
//! input makes these crates panic on purpose, loop or allocate by a length that the input claims.
//!
//! # One segment
//!
//! A segment that is in memory, at the moment when it is pushed into an archive for instance, needs no source.
//!
//! ```
//! use pgwal::format::SegmentName;
//! use pgwal::{Expect, check_segment};
//!
//! let file = "00000001000000000000000A";
//! let bytes = std::fs::read(format!("../../testdata/demo/damaged/{file}"))?;
//! let name = SegmentName::parse(file).expect("a name of WAL");
//! let checked = check_segment(&bytes, &Expect::named(name))?;
//! for finding in &checked.findings {
//!     println!("{}", finding.message(Some(&checked.layout)));
//! }
//! assert_eq!(checked.findings.len(), 1);
//! // A line of text, to be kept until the next segment comes.
//! let token = checked.end.to_string();
//!
//! let file = "00000001000000000000000B";
//! let bytes = std::fs::read(format!("../../testdata/demo/good/{file}"))?;
//! let name = SegmentName::parse(file).expect("a name of WAL");
//! let expect = Expect::named(name).after(token.parse().expect("as it was written"));
//! let next = check_segment(&bytes, &expect)?;
//! assert!(next.findings.is_empty(), "the record over the seam is right, too");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What no segment can tell alone is left open without that: the rest of a record begun before it, the one that goes on
//! in the next, the link between them. A [`Run`](walk::Run), which [`walk::scan`] makes of a segment, keeps what is
//! needed for that. [`Run::join`](walk::Run::join) puts runs that follow each other together and checks the seam. It is
//! associative, so segments may be scanned in any order, by any number of threads or machines.
//!
//! # A restore
//!
//! Whether a base backup and an archive come to a target, and what a server would do, say
//! [`recovery::Site`] and [`verify_restore`](verify::recovery::verify_restore): which files it asks for, where it is
//! consistent, where replay ends and how, in [`Outcome::restore`]. `examples/restore.rs` asks it of two targets.
//!
//! # Something of each record
//!
//! [`Ignore`](walk::Ignore) gathers nothing. A [`Fold`](walk::Fold) of one's own is shown every record that is right,
//! in order, and is joined as runs are: counts by resource manager, a list of commits, an index. For a list in the
//! order of WAL, made by many threads in bounded memory, there is [`verify::records`]: [`fold`](verify::records::fold)
//! takes one record after the other, and what it fails with ends it; [`lend`](verify::records::lend) lends them to
//! whoever would rather ask (`examples/commits_by_minute.rs`).
//!
//! ```
//! use pgwal::verify::records::{ListRequest, WalItem, fold};
//! use pgwal::format::rmgr::xact;
//! use pgwal::{Options, open};
//!
//! let archive = open(&["../../testdata/demo/damaged".into()])?;
//! let wanted = ListRequest { options: Options::default(), limit: None };
//! let ((commits, damages), _) = fold(archive.as_ref(), &wanted, (0, 0), |(commits, damages), item| {
//!     match item {
//!         WalItem::Record { record, .. } => *commits += usize::from(xact::plain_commit(&record).is_some()),
//!         WalItem::Finding(_) => *damages += 1,
//!     }
//!     Ok::<(), std::convert::Infallible>(())
//! })?;
//! assert!(commits > 0 && damages == 1);
//!
//! // Whoever has what it wanted fails, and nothing more is read.
//! let first = fold(archive.as_ref(), &wanted, (), |(), item| match item {
//!     WalItem::Record { record, .. } => Err(record.lsn),
//!     WalItem::Finding(_) => Ok(()),
//! });
//! assert!(matches!(first, Err(pgwal::verify::records::FoldError::Fold(_))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A source of one's own
//!
//! Where WAL lies elsewhere, in memory or in an object store, a [`Source`] says what is there and gives its stored
//! bytes. What they are packed in is found out and undone behind it, as for files: `examples/own_source.rs` is one.
//!
//! # Archives that are written at this moment
//!
//! Nothing here sleeps or starts a thread unless [`Options`] say so: [`Options::jobs`] is 1 and [`Options::settle`] is
//! zero. With that, what is still being copied when it is read is told as it is then (WP115, WP101). Give
//! [`SETTLE`](verify::SETTLE), as the program does, where others write the archive meanwhile.
//!
//! # Where things stop
//!
//! Sources in these crates are local files and standard input, with the feature `stores` buckets. Files that are
//! mapped into memory need a
//! [`MapGuard`](source::guard::MapGuard), which only a program should install: the default reads in windows. The work
//! is synchronous; [`Options::progress`] is told of every file and [`Options::interrupt`] ends a run early.

pub use pgwal_archive as archive;
pub use pgwal_catalog as catalog;
pub use pgwal_crc as crc;
pub use pgwal_forensics as forensics;
pub use pgwal_format as format;
pub use pgwal_logs as logs;
pub use pgwal_query as query;
pub use pgwal_recovery as recovery;
#[cfg(feature = "serde")]
pub use pgwal_report as report;
pub use pgwal_repos as repos;
pub use pgwal_ship as ship;
pub use pgwal_source as source;
pub use pgwal_verify as verify;
pub use pgwal_walk as walk;

pub use pgwal_format::layout::NotWal;
pub use pgwal_format::{Lsn, SegmentName};
#[cfg(feature = "serde")]
pub use pgwal_report::verify::json::VerifyDocument;
pub use pgwal_source::{Source, SourceError, open};
pub use pgwal_verify::ended::RunEnd;
pub use pgwal_verify::segment::{Checked, Expect, SegmentEnd};
pub use pgwal_verify::{
    Code, Depth, Error, Finding, Options, Outcome, Severity, Verdict, Which, check_segment, verify,
};
