//! Files encrypted as `openssl enc -aes-256-cbc` does it.

use cbc::cipher::{Array, BlockModeEncrypt, KeyIvInit, consts::U16};
use sha2::{Digest, Sha256};

/// The bytes, encrypted with a key that is made of the passphrase and a salt.
pub fn openssl(plain: &[u8], passphrase: &str) -> Vec<u8> {
    let salt = *b"walproof";
    let first = Sha256::digest([passphrase.as_bytes(), &salt].concat());
    let second = Sha256::digest([first.as_slice(), passphrase.as_bytes(), &salt].concat());
    let mut cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&first, &second[..16]).unwrap();
    let padding = 16 - plain.len() % 16;
    let mut blocks = plain.to_vec();
    blocks.extend(std::iter::repeat_n(padding as u8, padding));
    cipher.encrypt_blocks(Array::<u8, U16>::slice_as_chunks_mut(&mut blocks).0);
    [b"Salted__".as_slice(), &salt, &blocks].concat()
}
