//! The records of 9.4 and earlier, a file a resource manager, as in the folder above.

/// Records of this resource manager.
pub mod btree;
mod checkpoint;
/// Records of this resource manager.
pub mod clog;
#[cfg(test)]
mod crafted;
/// Records of this resource manager.
pub mod database;
/// Records of this resource manager.
pub mod gin;
/// Records of this resource manager.
pub mod gist;
/// Records of this resource manager.
pub mod hash;
/// Records of this resource manager.
pub mod heap;
/// Records of this resource manager.
pub mod heap2;
mod inval;
/// Records of this resource manager.
pub mod multixact;
mod pointers;
mod prepare;
/// Records of this resource manager.
pub mod relmap;
/// Records of this resource manager.
pub mod sequence;
/// Records of this resource manager.
pub mod spgist;
/// Records of this resource manager.
pub mod standby;
/// Records of this resource manager.
pub mod storage;
/// Records of this resource manager.
pub mod tablespace;
/// Records of this resource manager.
pub mod xact;
/// Records of this resource manager.
pub mod xlog;
