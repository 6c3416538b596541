//! What a recovery is asked to do, and what a server would do then.
//!
//! Settings by PostgreSQL's names, as each version reads, checks and completes them ([`settings`]); from a backup and
//! an archive the prediction ([`Site`], [`outcome::Restore`]). Nothing here is a finding: what it means for a verdict
//! is judged elsewhere.

pub mod acts;
mod ahead;
mod alternatives;
mod archive_get;
mod asked;
mod at_hand;
pub mod backup;
mod bare_start;
mod behind;
mod beyond;
mod choice;
mod chosen;
mod command;
mod command_here;
mod data_age;
mod dates;
mod delivery;
pub mod events;
pub mod failure;
mod fault;
mod given;
pub mod hole;
mod in_place;
mod instead;
mod known;
mod making;
mod missed;
mod named_files;
mod names;
mod newer_beside;
mod off_way;
mod origin_room;
pub mod outcome;
mod outline;
mod own_wal;
pub mod pages;
mod parameter;
mod predict;
mod prepared;
mod prepared_room;
mod primary;
mod read_ahead;
mod readable;
mod reading;
mod recover;
mod replay;
mod restored;
mod running;
mod said;
pub mod settings;
pub mod slots;
mod start;
pub mod sum;
mod target;
mod time;
mod twin;
pub mod unlabelled;
mod value;
mod way;
mod why_missed;
mod xid_trace;
mod zones;

pub use alternatives::{alternatives, in_partial};
pub use archive_get::{ArchiveGet, own_places};
pub use choice::choose;
pub use chosen::{BackupChoice, PassedOver, WhyPassed};
pub use command::{Delivery, FileTaking, NamedCopy, is_runnable};
pub use command_here::CommandHere;
pub use fault::{PlacedSetting, SettingPlace, SettingsError};
pub use given::Given;
pub use instead::{Alternative, Instead};
pub use known::{KnownStart, stopped_by};
pub use making::OthersTablespace;
pub use missed::UnmetTarget;
pub use named_files::{NotTaken, WhyNotTaken, first_there};
pub use newer_beside::NewerBeside;
pub use off_way::OffWay;
pub use outline::{FetchOutline, OutlineEnd, OutlinedFile, outline};
pub use predict::{Site, SiteOptions};
pub use read_ahead::ReadAhead;
pub use restored::{
    ClusterSeen, RestoredCluster, SERVER_CONF, SERVER_FACTS, SERVER_HISTORY, SERVER_LABEL, WaysMeet, meet,
};
pub use said::{Respelled, TimeSaid, ZoneDoubt};
pub use settings::{Mode, Parameters, Settings};
pub use target::{Target, TargetTimeline};
pub use time::{ServerZone, spelled};
pub use twin::OtherCheckpoint;
pub use way::WalkEnd;
pub use xid_trace::XidTrace;
