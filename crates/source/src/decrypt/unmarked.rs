//! What is encrypted without a header that says so: WAL-G's libsodium streams, named as what was packed before.
//!
//! Such a file begins with noise where its suffix promises a format that begins otherwise. A magic in which a few bits
//! are wrong is damage and no noise, and so is what is not random.

use super::known::is_known;
use crate::codec::{Codec, Encryption, HEAD};
use crate::decode;
use crate::key::Keys;

/// Suffixes that WAL-G gives, and what files begin with that deserve them.
const BEGINNINGS: [(&str, &[u8]); 4] =
    [(".lz4", b"\x04\x22\x4d\x18"), (".zst", b"\x28\xb5\x2f\xfd"), (".lzma", b"\x5d\0\0"), (".lzo", b"\x89LZO")];

/// What a file is packed in or encrypted with, by its first bytes, its name, and whether there are keys to try.
pub(crate) fn codec_of(head: &[u8], file: &str, keys: Option<&Keys>) -> Codec {
    let codec = Codec::detect(head, file);
    let is_other = match codec {
        Codec::Plain => match BEGINNINGS.iter().find(|(suffix, _)| file.ends_with(suffix)) {
            Some((_, magic)) => wrong_bits(head, magic) > 4,
            // Not packed before, or under a name of one's own: only where a key says that it may be.
            None => keys.is_some_and(|keys| keys.files().next().is_some()),
        },
        Codec::Brotli => !decode::gives(codec, head, |plain| is_known(plain, false)),
        _ => false,
    };
    if is_other && is_random(head) { Codec::Encrypted(Encryption::Sodium) } else { codec }
}

/// Bits in which the beginning differs from what it should be.
fn wrong_bits(head: &[u8], magic: &[u8]) -> u32 {
    head.iter().zip(magic).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// Whether there are about as many different bytes as in as much noise.
fn is_random(head: &[u8]) -> bool {
    let mut seen = [false; 256];
    head.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    let different = seen.iter().filter(|&&seen| seen).count();
    // Of 512 random bytes 221 differ, give or take 6; of 100, 83.
    let expected = 256. * (1. - (-(head.len().min(HEAD) as f64) / 256.).exp());
    head.len() >= 41 && different as f64 > expected * 0.9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut seed = 9u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn noise_under_a_packed_name_is_encrypted_and_damage_is_none() {
        let sodium = Codec::Encrypted(Encryption::Sodium);
        for name in [
            "000000010000000000000001.lz4",
            "000000010000000000000001.zst",
            "000000010000000000000001.lzma",
            "000000010000000000000001.br",
        ] {
            assert_eq!(codec_of(&noise(512), name, None), sodium, "{name}");
            assert_eq!(codec_of(&noise(100), name, None), sodium, "{name}");
        }
        let mut flipped = noise(512);
        flipped[..4].copy_from_slice(b"\x04\x22\x4d\x19");
        assert_eq!(codec_of(&flipped, "000000010000000000000001.lz4", None), Codec::Plain, "a bit of its magic");
        assert_eq!(codec_of(&[0; 512], "000000010000000000000001.lz4", None), Codec::Plain, "zeros");
        assert_eq!(codec_of(&noise(512), "000000010000000000000001", None), Codec::Plain, "nothing promised");
        let mut keys = Keys::default();
        keys.add_key_file(vec![7; 32]);
        assert_eq!(codec_of(&noise(512), "000000010000000000000001", Some(&keys)), sodium);
    }
}
