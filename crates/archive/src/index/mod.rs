//! What was proven of files, remembered: the next run reads only what is new or changed, and joins the rest.
//!
//! ```text
//! names ──► session: which files are those that were read before? ──► look: recall, or read and learn ──► join, judge
//!             ▲ size, times, inode                                                                         │
//!           Index (a file) ◄── everything that is here now ────────────────────────────────────────────────┘
//! ```
//! A file counts as unchanged while its [`Stamp`](pgwal_source::Stamp) is: size, both times, inode. What a disk loses
//! by itself changes none of them, so a share of the files is read again each run ([`Index::reread`]); where the bytes
//! are others than those that were proven, their hash (XXH3, 128 bits) says so. The hash finds accidents; it is no seal
//! against somebody who can write to the archive, who could write to the index, too.
//!
//! | file | what it knows |
//! |---|---|
//! | `wire` | that in binary |
//! | `record`, `encoding` | a file in the index; the index as bytes |
//! | `session` | what of the index holds in this run |
//! | `added` | a file that was stored a moment ago |
//! | `store`, `turn` | the file on disk; several runs that write it |
//! | `part`, `summarize`, `joined` | the same for parts of an archive that other processes read |

mod added;
mod encoding;
mod joined;
mod part;
mod record;
mod session;
mod store;
mod summarize;
mod turn;
mod usage;
mod wire;

pub use joined::Parts;
pub use store::Index;
pub use summarize::summarize;
pub use usage::{IndexUse, PartsUse};

pub use joined::Joined;
pub use session::{IndexSession, NewestGone};
