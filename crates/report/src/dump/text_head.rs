//! What the lines of an operation have between the position and the numbers: the same in all of them, and put together
//! once.

use pgwal_format::Dialect;
use pgwal_format::record::RecordHeader;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::rmgr::{Rmgr, RmgrName};

/// What the lines of a version begin with.
pub struct TextHeads {
    /// The operations.
    pub vocabulary: &'static Vocabulary,
    /// By id × 16 + high half of `xl_info`.
    heads: Vec<TextHead>,
}

/// Resource manager and operation in their columns, as long as it says.
struct TextHead {
    text: [u8; TextHeads::LONGEST],
    length: usize,
    /// The low half of `xl_info` counts for the name.
    by_whole_info: bool,
}

impl TextHeads {
    /// Bytes of a head at most.
    pub const LONGEST: usize = 48;

    /// Those of a version.
    pub fn new(dialect: &'static Dialect) -> TextHeads {
        let vocabulary = Vocabulary::of(dialect);
        let ids = 0..=dialect.rmgr_max;
        let heads = ids.flat_map(|rmid| (0..16).map(move |half| TextHead::new(rmid, half << 4, vocabulary))).collect();
        TextHeads { vocabulary, heads }
    }

    /// Resource manager and operation, and how many of the bytes they are; `None` where that takes more to tell.
    #[inline(always)]
    pub fn of(&self, header: &RecordHeader) -> Option<(&[u8; TextHeads::LONGEST], usize)> {
        let head = self.heads.get(usize::from(header.rmid) * 16 + usize::from(header.info >> 4))?;
        let is_named = head.length > 0 && (header.layout_flags() == 0 || !head.by_whole_info);
        is_named.then_some((&head.text, head.length))
    }
}

impl TextHead {
    fn new(rmid: u8, code: u8, vocabulary: &Vocabulary) -> TextHead {
        let by_whole_info = vocabulary.name(rmid, code) != vocabulary.name(rmid, code | 1);
        let mut head = TextHead { text: [b' '; TextHeads::LONGEST], length: 0, by_whole_info };
        let names = (Rmgr(rmid).name(vocabulary.dialect), vocabulary.name(rmid, code));
        if let (RmgrName::BuiltIn(manager), Some(operation)) = names {
            let text = format!("{manager:<11}  {operation:<13}");
            if text.len() <= head.text.len() {
                head.text.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
                head.length = text.len();
            }
        }
        head
    }
}
