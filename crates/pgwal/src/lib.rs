//! PostgreSQL WAL for programs: reads, walks and verifies the WAL of every major version from 8.2 to 19.

pub use pgwal_crc as crc;
pub use pgwal_format as format;
pub use pgwal_source as source;
pub use pgwal_verify as verify;
pub use pgwal_walk as walk;
