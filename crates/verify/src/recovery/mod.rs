//! What a recovery is asked to do.

pub mod events;
pub mod failure;
mod fields;
pub mod outcome;
mod predict;
mod reading;
mod recover;
mod replay;
pub mod settings;
mod shelf;
mod start;
mod time;
pub mod versions;
mod way;

pub use predict::{Look, Site};
pub use settings::{Action, Given, Mode, Parameters, Settings, SettingsError, Target, TargetTimeline};
pub use time::Zone;
pub use versions::Facts;
