//! The help of commands that ask what happened, but for events themselves.

use super::HelpPage;

pub const PAGES: &[HelpPage] = &[
    HelpPage {
        name: "events",
        shown: &[
            "archive", "path", "start", "end", "timeline", "since", "until", "kind", "relation", "rows", "before",
            "names", "backup", "format", "timezone",
        ],
        examples: &[
            ("walproof events /srv/wal --kind drop,truncate,delete", "who lost which table or rows, and when"),
            ("walproof events /srv/wal -R public.orders --since 'yesterday 12:00'", "what became of a table"),
            ("walproof events /srv/wal -R public.orders --kind drop --before last", "how to get it back"),
        ],
        exits: &[],
    },
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
        name: "diverge",
        shown: &["a", "b", "from_a", "from_b", "timelines", "names", "jobs", "format", "timezone"],
        examples: &[
            ("walproof diverge /old/primary /new/primary", "a split brain: what would be lost on each side"),
            ("walproof diverge /srv/wal --timelines 1,2", "two timelines of one archive"),
        ],
        exits: &[
            ("0", "nothing parts them"),
            ("1", "they part, or a record could not be read"),
            ("2", "nothing could be compared"),
        ],
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
        shown: &[
            "words", "path", "start", "end", "timeline", "jobs", "fork", "versions", "names", "format", "timezone",
        ],
        examples: &[
            ("walproof blame /srv/wal public.orders:31", "every record that touched a block"),
            ("walproof blame /srv/wal 1663/5/16393:31:5", "and what became of one row of it"),
        ],
        exits: &[],
    },
];
