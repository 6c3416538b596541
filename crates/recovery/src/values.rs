//! Values of settings as a server reads them, and why it refuses them.

pub(crate) mod fault;
pub(crate) mod parameter;
pub(crate) mod value;
