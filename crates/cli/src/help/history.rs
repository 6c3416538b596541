//! The help of commands that ask what happened, but for events themselves.

use super::HelpPage;

pub const PAGES: &[HelpPage] = &[
    HelpPage {
        name: "txns",
        shown: &[
            "archive",
            "path",
            "start",
            "end",
            "timeline",
            "since",
            "until",
            "relation",
            "by",
            "limit",
            "xid",
            "open_at",
            "longer_than",
            "names",
            "format",
            "timezone",
        ],
        examples: &[
            ("walproof txns /srv/wal --by bytes", "the largest transactions"),
            ("walproof txns /srv/wal --open-at '2026-11-22 14:00' --longer-than 10m", "what held vacuum back then"),
            ("walproof txns /srv/wal -x 738", "one transaction, in full"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "top",
        shown: &[
            "archive", "path", "start", "end", "timeline", "jobs", "by", "limit", "what_if", "names", "format",
            "timezone",
        ],
        examples: &[
            ("walproof top /srv/wal", "what all this WAL is"),
            ("walproof top /srv/wal --what-if compression=lz4 --what-if checkpoint=30min", "and what it need not be"),
        ],
        exits: &[],
    },
    HelpPage {
        name: "blame",
        shown: &["words", "path", "start", "end", "timeline", "jobs", "fork", "names", "format", "timezone"],
        examples: &[
            ("walproof blame /srv/wal public.orders:31", "every record that touched a block"),
            ("walproof blame /srv/wal 1663/5/16393:31:5", "and what became of one row of it"),
        ],
        exits: &[],
    },
];
