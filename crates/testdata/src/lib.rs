//! Real WAL from real servers, for tests: the stories under `testdata/` and the damaged archives that are kept as
//! recipes.
//!
//! `testdata/README.md` says what each folder is and where it came from. Folders can be read as they lie (compressed);
//! where a test needs plain files, a live directory for one, [`Story::unpack`] writes them elsewhere. [`Case::rebuild`]
//! makes one of the 57 archives of `damaged-15`.

pub mod ages;
mod case;
mod packed;
mod recovery;
mod score;
pub mod state;
mod story;

use std::path::PathBuf;

pub use case::{Case, CaseExpect, Step};
pub use packed::{plain_name, read_plain};
pub use recovery::RecoveryStory;
pub use score::{Score, ScoredTool, score_cases, score_repositories};
pub use story::{Story, TimelineFacts};

/// The `testdata` folder of this workspace.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}
