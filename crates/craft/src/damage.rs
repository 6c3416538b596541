//! What goes wrong with files.

use crate::Sparse;
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Damage at an offset of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CraftedDamage {
    /// Bit 0 (the lowest) to 7 of the byte.
    Flip {
        /// Which bit.
        bit: u8,
    },
    /// These many bytes become zero.
    Zero {
        /// How many.
        length: u64,
    },
    /// The file ends here.
    Truncate,
    /// Two stretches change places.
    Swap {
        /// Offset of the other one.
        with: u64,
        /// Bytes in each.
        length: u64,
    },
}

impl CraftedDamage {
    /// Damages bytes in memory.
    pub fn apply(self, content: &mut Sparse, offset: u64) {
        match self {
            CraftedDamage::Flip { bit } => {
                let flipped: Vec<u8> = content.bytes(offset, 1).iter().map(|b| b ^ (1 << (bit & 7))).collect();
                content.put(offset, &flipped);
            }
            CraftedDamage::Zero { length } => content.zero(offset, length),
            CraftedDamage::Truncate => content.resize(offset.min(content.size())),
            CraftedDamage::Swap { with, length } => {
                let (here, there) = (content.bytes(offset, length as usize), content.bytes(with, length as usize));
                content.put(offset, &there);
                content.put(with, &here);
            }
        }
    }

    /// Damages a file in place.
    pub fn apply_to_file(self, path: &Path, offset: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut get = |at: u64, length: u64| {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(at))?;
            (&file).take(length).read_to_end(&mut bytes).map(|_| bytes)
        };
        let writes = match self {
            CraftedDamage::Flip { bit } => {
                vec![(offset, get(offset, 1)?.iter().map(|b| b ^ (1 << (bit & 7))).collect())]
            }
            CraftedDamage::Zero { length } => vec![(offset, vec![0; get(offset, length)?.len()])],
            CraftedDamage::Truncate => return file.set_len(offset),
            CraftedDamage::Swap { with, length } => vec![(offset, get(with, length)?), (with, get(offset, length)?)],
        };
        for (at, bytes) in writes {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_file_are_damaged_alike() {
        let path = std::env::temp_dir().join(format!("pgwal-craft-damage-{}", std::process::id()));
        let bytes: Vec<u8> = (0..=255).collect();
        for damage in [
            CraftedDamage::Flip { bit: 7 },
            CraftedDamage::Zero { length: 9 },
            CraftedDamage::Swap { with: 100, length: 20 },
            CraftedDamage::Truncate,
        ] {
            let mut sparse = Sparse::of(&bytes);
            sparse.write_to(&path).unwrap();
            damage.apply(&mut sparse, 40);
            damage.apply_to_file(&path, 40).unwrap();
            let file = std::fs::read(&path).unwrap();
            assert_eq!(file, sparse.bytes(0, sparse.size() as usize), "{damage:?}");
            assert_ne!(file, bytes, "{damage:?}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
