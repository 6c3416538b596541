//! A file that a server cannot use, as a code and its facts.

use crate::codes::Code;
use crate::finding::{Detail, PackingFlaw};
use pgwal_archive::stretch::Unusable;
use pgwal_archive::whose::Cluster;
use pgwal_format::SegmentName;
use pgwal_source::Codec;

/// What a file is that a server cannot use.
pub(crate) fn flaw(why: &Unusable, cluster: &Cluster) -> (Code, Detail) {
    let layout = &cluster.layout;
    match why {
        Unusable::Size { found, .. } => (Code::Size, Detail::Size { found: *found, expected: layout.segment.bytes() }),
        Unusable::Packed { codec, bytes, cut } => {
            (Code::Undecodable, Detail::Packed { codec: *codec, bytes: *bytes, cut: *cut })
        }
        &Unusable::Otherwise { how, given } => {
            (Code::PackedOtherwise, Detail::Packing(PackingFlaw::Otherwise { how, given }))
        }
        &Unusable::Twice { outer, inner, .. } => match inner {
            Codec::Encrypted(_) => (Code::Encrypted, Detail::Packed { codec: inner, bytes: 0, cut: false }),
            Codec::Unknown(_) => (Code::UnknownCodec, Detail::Packed { codec: inner, bytes: 0, cut: false }),
            _ => (Code::PackedTwice, Detail::Packing(PackingFlaw::Twice { outer, inner })),
        },
        Unusable::Encrypted(codec) => (Code::Encrypted, Detail::Packed { codec: *codec, bytes: 0, cut: false }),
        Unusable::WrongKey(codec) => (Code::WrongKey, Detail::Packed { codec: *codec, bytes: 0, cut: false }),
        Unusable::Unknown(codec) => (Code::UnknownCodec, Detail::Packed { codec: *codec, bytes: 0, cut: false }),
        Unusable::Belongs { address, timeline } => {
            let number = layout.address().segment(*address, layout.segment);
            let name = SegmentName::new(*timeline, number, layout.address(), layout.segment).to_string();
            (Code::Misplaced, Detail::Belongs { address: *address, name })
        }
        Unusable::Cluster { found } => {
            (Code::ForeignCluster, Detail::Cluster { found: *found, expected: cluster.system_id })
        }
        Unusable::Version(dialect) => {
            (Code::ForeignVersion, Detail::Version { found: dialect.version, expected: layout.dialect.version })
        }
        Unusable::Geometry(found) => {
            let detail =
                Detail::Geometry { found: (found.segment, found.page), expected: (layout.segment, layout.page) };
            (Code::Geometry, detail)
        }
        Unusable::Unwritten => (Code::Unwritten, Detail::Plain),
        Unusable::Magic(found) => (Code::UnknownVersion, Detail::Magic { found: *found }),
        Unusable::NotWal(what) => (Code::NotWal, Detail::Content(what)),
        Unusable::OldTimeline(found) => (Code::WrongTimeline, Detail::OldTimeline { found: *found }),
        Unusable::Refused(why) => (Code::Unreadable, Detail::Refused(why.clone())),
        Unusable::Changed => (Code::Changed, Detail::Plain),
        Unusable::Vanished => (Code::Vanished, Detail::Plain),
        Unusable::Withheld => (Code::CopiesDiffer, Detail::Plain),
    }
}
