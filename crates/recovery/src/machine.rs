//! What the machine on which this runs shows: users, rights, servers.

pub(crate) mod readable;
pub(crate) mod running;
