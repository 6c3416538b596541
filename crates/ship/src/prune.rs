//! Removes what no restore needs.
