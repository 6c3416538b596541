//! Small encrypted files at once, and whether keys are right in a place.

use super::{ClearFault, Decryption, Refused, codec_of, is_known_inside, open};
use crate::Entry;
use crate::codec::{self, Codec};
use crate::input::BufferedInput;
use crate::key::{Cleartext, KeyFault, Keys};
use crate::source::{Extent, Source};
use crate::stored::{Stored, fill_at};
use std::io::{Cursor, Read};
use zeroize::Zeroizing;

/// Files that are asked whether a key is right.
const SAMPLE: usize = 64;

impl Keys {
    /// The bytes of a small encrypted file: what lies beside WAL, such as a repository's description.
    ///
    /// # Errors
    /// It does not open.
    pub fn decrypt(&self, stored: &[u8]) -> Result<Cleartext, KeyFault> {
        let Codec::Encrypted(kind) = Codec::detect(stored.get(..codec::HEAD).unwrap_or(stored), "") else {
            return Err(KeyFault::Unknown);
        };
        let mut cursor = Cursor::new(stored);
        let input: BufferedInput<&mut dyn Stored> = BufferedInput::new(&mut cursor, Vec::new());
        let mut clear = match open(kind, input, self, &|| false) {
            Ok(Decryption::Clear(clear)) => clear,
            Ok(Decryption::Refused(Refused::Closed)) => return Err(KeyFault::Unknown),
            Ok(Decryption::Refused(Refused::CutOff)) => return Err(KeyFault::CutOff),
            Ok(Decryption::Refused(_)) | Err(_) => {
                let known = is_known_inside(kind, stored, self);
                return Err(if known { KeyFault::Damaged } else { KeyFault::WrongKey });
            }
        };
        // Room for all of it at once: what grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(stored.len() + 64));
        clear.read_to_end(&mut bytes).map_err(|_| KeyFault::Damaged)?;
        match clear.fault() {
            None => Ok(Cleartext(bytes)),
            Some(ClearFault::CutOff) => Err(KeyFault::CutOff),
            Some(_) => Err(KeyFault::Damaged),
        }
    }
}

/// Whether the keys open anything in the source: the same for whoever asks, whatever was read before.
pub(crate) fn open_any_of(keys: &Keys, source: &dyn Source) -> bool {
    keys.proven(|| {
        let Ok(listing) = source.list() else { return false };
        let step = listing.entries.len().div_ceil(SAMPLE).max(1);
        listing.entries.iter().step_by(step).any(|entry| open_beginning_of(keys, source, entry))
    })
}

fn open_beginning_of(keys: &Keys, source: &dyn Source, entry: &Entry) -> bool {
    let Ok(mut stored) = source.open(entry, Extent::FirstPage) else { return false };
    let mut head = [0; codec::HEAD];
    let Ok(filled) = fill_at(&*stored, 0, &mut head) else { return false };
    let Codec::Encrypted(kind) = codec_of(head.get(..filled).unwrap_or(&[]), entry.file_name(), Some(keys)) else {
        return false;
    };
    let input: BufferedInput<&mut dyn Stored> = BufferedInput::new(&mut *stored, Vec::new());
    matches!(open(kind, input, keys, &|| false), Ok(Decryption::Clear(_)))
}
