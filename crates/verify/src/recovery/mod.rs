//! What a recovery is asked to do: settings by PostgreSQL's names, as each version reads, checks and completes them.

mod asked;
mod fault;
mod given;
pub mod settings;
mod time;
mod value;
pub mod versions;

pub use fault::SettingsError;
pub use given::Given;
pub use settings::{Action, Mode, Parameters, Settings, Target, TargetTimeline};
pub use time::Zone;
pub use versions::Facts;
