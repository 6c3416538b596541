//! What a server that streams WAL understands besides.
//!
//! Source: the chapter "Streaming Replication Protocol" of each version's documentation; `repl_gram.y`.

/// What is asked of a server of one version. Up to 9.2 a stream is in the server's own order of bytes and knows no
/// timelines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamingRules {
    /// `CREATE_REPLICATION_SLOT … PHYSICAL` may say `RESERVE_WAL` (9.6 and later).
    pub reserves_wal: bool,
    /// Segments may be of another size than 16 MiB, and `SHOW` says of which (11 and later).
    pub shows_segment_size: bool,
    /// `READ_REPLICATION_SLOT` is a command (15 and later).
    pub reads_slots: bool,
    /// A slot that was given up keeps nothing any more, whoever uses it (16 and later).
    pub lost_slots_stay: bool,
}

pub(crate) const STREAMING_9_3: StreamingRules =
    StreamingRules { reserves_wal: false, shows_segment_size: false, reads_slots: false, lost_slots_stay: false };
pub(crate) const STREAMING_9_6: StreamingRules = StreamingRules { reserves_wal: true, ..STREAMING_9_3 };
pub(crate) const STREAMING_11: StreamingRules = StreamingRules { shows_segment_size: true, ..STREAMING_9_6 };
pub(crate) const STREAMING_15: StreamingRules = StreamingRules { reads_slots: true, ..STREAMING_11 };
pub(crate) const STREAMING_16: StreamingRules = StreamingRules { lost_slots_stay: true, ..STREAMING_15 };

#[cfg(test)]
mod tests {
    use super::StreamingRules;
    use crate::Version;

    #[test]
    fn rules_by_version() {
        let of = |number| StreamingRules::of(Version::of_server(number));
        assert!(of(90_224).is_none());
        assert!(of(80_200).is_none());
        assert_eq!(
            of(90_325).map(|r| (r.reserves_wal, r.shows_segment_size, r.reads_slots)),
            Some((false, false, false))
        );
        assert_eq!(of(90_624).map(|r| (r.reserves_wal, r.shows_segment_size)), Some((true, false)));
        assert_eq!(of(100_000).map(|r| r.shows_segment_size), Some(false));
        assert_eq!(of(110_022).map(|r| (r.shows_segment_size, r.reads_slots)), Some((true, false)));
        assert_eq!(of(150_018).map(|r| (r.reads_slots, r.lost_slots_stay)), Some((true, false)));
        assert_eq!(of(160_000).map(|r| (r.reads_slots, r.lost_slots_stay)), Some((true, true)));
        assert_eq!(of(990_000).map(|r| r.reads_slots), Some(true));
    }
}
