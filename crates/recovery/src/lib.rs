//! What a recovery is asked to do, and what a server would do then.
//!
//! Settings by PostgreSQL's names, as each version reads, checks and completes them ([`settings`]); from a backup and
//! an archive the prediction ([`Site`], [`outcome::Restore`]). Nothing here is a finding: what it means for a verdict
//! is judged elsewhere.

mod at_hand;
pub mod backup;
mod command;
mod delivered;
pub mod events;
pub mod failure;
pub mod hole;
mod machine;
pub mod outcome;
mod outline;
pub mod pages;
mod predict;
mod read_ahead;
mod recover;
mod replay;
mod restored;
pub mod settings;
pub mod slots;
mod start;
pub mod sum;
mod target;
mod time;
mod values;
mod way;

pub use command::archive_get::{ArchiveGet, own_places};
pub use command::{Delivery, FileTaking, NamedCopy, is_runnable};
pub use delivered::command_here::CommandHere;
pub use delivered::named_files::{NotTaken, WhyNotTaken, first_there};
pub use events::acts;
pub use events::xid_trace::XidTrace;
pub use outcome::chosen::{BackupChoice, PassedOver, WhyPassed};
pub use outcome::instead::{Alternative, Instead};
pub use outcome::missed::UnmetTarget;
pub use outline::{FetchOutline, OutlineEnd, OutlinedFile, outline};
pub use predict::alternatives::{alternatives, in_partial};
pub use predict::choice::choose;
pub use predict::newer_beside::{MoreCommits, NewerBeside};
pub use predict::{Site, SiteOptions};
pub use read_ahead::ReadAhead;
pub use replay::known::{KnownStart, stopped_by};
pub use replay::making::OthersTablespace;
pub use restored::{
    ClusterSeen, RestoredCluster, SERVER_CONF, SERVER_FACTS, SERVER_HISTORY, SERVER_LABEL, WaysMeet, meet,
};
pub use settings::given::Given;
pub use settings::{Mode, Parameters, Settings};
pub use start::off_way::OffWay;
pub use start::twin::OtherCheckpoint;
pub use start::unlabelled;
pub use target::{Target, TargetTimeline};
pub use time::said::{Respelled, TimeSaid, ZoneDoubt};
pub use time::{ServerZone, spelled};
pub use values::fault::{PlacedSetting, SettingPlace, SettingsError};
pub use way::WalkEnd;
