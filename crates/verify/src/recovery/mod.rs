//! What a recovery is asked to do.

pub mod settings;
mod time;
pub mod versions;

pub use settings::{Action, Given, Mode, Parameters, Settings, SettingsError, Target, TargetTimeline};
pub use time::Zone;
pub use versions::Facts;
