//! Repositories of backup tools: what lies at a place, the WAL in it as a
//! [`Source`](pgwal_source::Source), and what the tool's own files say of its backups.
//!
//! ```text
//! pgBackRest      REPO/archive/STANZA/15-1/…      REPO/backup/STANZA/LABEL/backup.manifest
//! Barman          HOME/SERVER/wals/…              HOME/SERVER/base/ID/backup.info, meta/ID-backup.info
//! barman-cloud    PREFIX/SERVER/wals/…            PREFIX/SERVER/base/ID/backup.info
//! WAL-G, WAL-E    PREFIX/wal_005/…                PREFIX/basebackups_005/base_…_backup_stop_sentinel.json
//! pg_probackup    CATALOGUE/wal/INSTANCE/…        CATALOGUE/backups/INSTANCE/ID/backup.control
//! pghoard         PREFIX/SITE/xlog/…              PREFIX/SITE/basebackup/TIME.metadata
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`store`] | where a repository lies: names and bytes, nothing else |
//! | [`layout`] | a file a tool: how its repository is told, and what its files say |
//! | [`place`] | recognises what lies at a place |
//! | [`command`] | the tool's own command for a restore |
//! | [`shell`] | words as a shell takes them |
//! | [`config`] | where the configuration of a tool says that its repositories are |
//! | [`backup`] | a backup as its tool's files tell of it, and why it does not restore |
//!
//! Nothing is ever written. A file of a tool that is damaged, too large or of a later format is a [`RepoDefect`], never
//! an error.
//!
//! ```no_run
//! use pgwal_repos::{PlaceReading, RepoChoice, open};
//!
//! let opened = open(&["/var/lib/pgbackrest".into()], &RepoChoice::default(), PlaceReading::default())?;
//! if let Some(repository) = &opened.repository {
//!     println!("{}: {} backups", repository.layout, repository.backups.len());
//! }
//! # Ok::<(), pgwal_repos::RepoError>(())
//! ```

pub mod backup;
#[cfg(feature = "stores")]
mod bucket_store;
mod candidate;
mod choice;
mod climb;
pub mod command;
pub mod config;
mod contents;
mod data_fault;
mod data_files;
mod defect;
mod error;
mod folder_store;
mod info;
pub mod layout;
mod lookup;
mod one_file;
mod open;
mod pieces;
pub mod place;
mod place_reading;
mod repo_layout;
mod repository;
pub mod shell;
mod source;
pub mod store;
mod tar_store;
mod told_cluster;
mod when;
mod whose_wal;

pub use backup::{BackupDefect, BackupMode, ListedBackup};
#[cfg(feature = "stores")]
pub use bucket_store::BucketStore;
pub use candidate::Candidate;
pub use choice::RepoChoice;
pub use contents::{ContentFault, ContentsRead, ContentsReading, PlainPlace, PlainReading};
pub use data_fault::DataFault;
pub use data_files::DataPlace;
pub use defect::{DefectKind, RepoDefect};
pub use error::RepoError;
pub use folder_store::FolderStore;
pub use open::{AllPlaces, EachPlace, OpenedPlace, open, open_all, open_each, open_store, open_wal};
pub use place::candidates;
pub use place_reading::PlaceReading;
pub use repo_layout::RepoLayout;
pub use repository::Repository;
pub use store::{ItemKind, Store, StoreItem, each_file};
pub use tar_store::TarStore;
pub use told_cluster::ToldCluster;
