//! LZ4's format before frames (`lz4 -l`): blocks of 8 MiB of plain bytes, each behind its packed length. Neither an end
//! nor a checksum: a file that is cut between two blocks looks whole.

use crate::decode::blocks::{BlockParts, Next};
use crate::outcome::ReadFault;

const MAGIC: [u8; 4] = *b"\x02\x21\x4c\x18";
const MOST: usize = 8 << 20;

#[derive(Default)]
pub(in crate::decode) struct Lz4Legacy {
    state: LegacyState,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum LegacyState {
    #[default]
    Magic,
    Length,
    Block,
}

impl BlockParts for Lz4Legacy {
    const FIRST: usize = 4;

    fn part(&mut self, part: &[u8], plain: &mut Vec<u8>) -> Next {
        match self.state {
            LegacyState::Magic if part == MAGIC => self.state = LegacyState::Length,
            LegacyState::Magic => return Next::Failed(ReadFault::Corrupt),
            // A second stream.
            LegacyState::Length if part == MAGIC => {}
            LegacyState::Length => {
                let length = super::word(part) as usize;
                if length == 0 || length > lz4_flex::block::get_maximum_output_size(MOST) {
                    return Next::Failed(ReadFault::Corrupt);
                }
                self.state = LegacyState::Block;
                return Next::Part(length);
            }
            LegacyState::Block => {
                plain.resize(MOST, 0);
                let unpacked = lz4_flex::block::decompress_into(part, plain);
                plain.truncate(unpacked.as_ref().copied().unwrap_or(0));
                if unpacked.is_err() {
                    return Next::Failed(ReadFault::Corrupt);
                }
                self.state = LegacyState::Length;
            }
        }
        Next::Part(4)
    }

    fn may_end(&self) -> bool {
        self.state == LegacyState::Length
    }

    fn begins(&self, _: &[u8]) -> bool {
        false
    }

    fn restart(&mut self) {
        self.state = LegacyState::Magic;
    }
}
