//! The two checksums of PostgreSQL WAL records.
//!
//! | module | versions | check value of `123456789` |
//! |---|---|---|
//! | [`castagnoli`] | 9.5 and later (`src/include/port/pg_crc32c.h`) | `E3069283` |
//! | [`legacy`] | up to 9.4 (`src/include/utils/pg_crc.h`) | `C40ED0B0` |
//!
//! Both work on *finished* values: the value of nothing is 0, [`castagnoli::append`] and [`legacy::append`] go on from
//! a value, and a record is checked by one call after another in the order in which its version feeds the bytes (body
//! first, header last).
//!
//! ```
//! let body = pgwal_crc::castagnoli::append(0, b"12345");
//! assert_eq!(pgwal_crc::castagnoli::append(body, b"6789"), 0xE306_9283);
//! ```

pub mod castagnoli;
#[allow(unsafe_code)]
mod hardware;
pub mod legacy;
mod zeros;
