//! What `pg_rewind` would do, in words.

use pgwal_forensics::diverge::{RewindHindrance, RewindOutlook};

/// The name of a hindrance in documents.
pub fn name(hindrance: RewindHindrance) -> &'static str {
    match hindrance {
        RewindHindrance::OneTimeline => "one_timeline",
        RewindHindrance::OtherFork(_) => "other_fork",
        RewindHindrance::NoHints => "no_hints",
        RewindHindrance::NoImages => "no_full_page_writes",
        RewindHindrance::NotShutDown => "not_shut_down",
        RewindHindrance::NoCheckpoint => "no_checkpoint",
        RewindHindrance::NotCheckpointed => "not_checkpointed",
    }
}

/// No server that is set up otherwise, and no WAL from elsewhere, takes it away any more.
fn is_final(hindrance: RewindHindrance) -> bool {
    match hindrance {
        RewindHindrance::OneTimeline
        | RewindHindrance::OtherFork(_)
        | RewindHindrance::NoHints
        | RewindHindrance::NoImages => true,
        RewindHindrance::NotShutDown | RewindHindrance::NoCheckpoint | RewindHindrance::NotCheckpointed => false,
    }
}

fn why(hindrance: RewindHindrance) -> String {
    match hindrance {
        RewindHindrance::OneTimeline => {
            "both are on one timeline: it says that no rewind is required, and leaves what parts them as it is".into()
        }
        RewindHindrance::OtherFork(Some(lsn)) => {
            format!("it goes by the histories, which say that they part at {lsn}: what differs elsewhere stays")
        }
        RewindHindrance::OtherFork(None) => {
            "it goes by the histories, which do not say where these timelines part".into()
        }
        RewindHindrance::NoHints => "neither wal_log_hints nor data checksums are on there: it refuses".into(),
        RewindHindrance::NoImages => "full_page_writes is off in the other one: it refuses".into(),
        RewindHindrance::NotShutDown => {
            "it was not shut down cleanly: it refuses; start it once alone, and stop it".into()
        }
        RewindHindrance::NoCheckpoint => {
            "no checkpoint before the fork is in the WAL that is here; from 13 on, pg_rewind -c has its restore_command \
             fetch it"
                .into()
        }
        RewindHindrance::NotCheckpointed => {
            "the other one has made no checkpoint since its promotion: it says that no rewind is required; \
             run CHECKPOINT there first"
                .into()
        }
    }
}

/// The way that is always there.
fn anew(own: &str, other: &str) -> String {
    format!("take a new base backup of {other} in the place of {own}")
}

/// A sentence: `own` is the letter of the side that is to be rewound.
pub fn sentence(own: &str, other: &str, outlook: &RewindOutlook) -> String {
    if outlook.needless && outlook.hindrances.iter().all(|h| matches!(h, RewindHindrance::NoCheckpoint)) {
        return format!("{own} has nothing behind the fork: it can follow {other} as it is");
    }
    let from = outlook.checkpoint.map(|checkpoint| {
        format!(
            "from the checkpoint at {} (redo {}): {own} needs its own WAL from {} on, {other} its own from the redo on",
            checkpoint.lsn, checkpoint.redo, checkpoint.needs_from
        )
    });
    let from = from.map(|from| format!("; {from}")).unwrap_or_default();
    match outlook.is_possible() {
        Some(true) => format!("pg_rewind can have {own} follow {other}{from}"),
        None => format!(
            "pg_rewind can have {own} follow {other} if wal_log_hints or data checksums are on there, which nothing here \
             says, else {}{from}",
            anew(own, other)
        ),
        // What else is in the way does not matter then.
        Some(false) if outlook.hindrances.iter().any(|hindrance| is_final(*hindrance)) => {
            let all: Vec<String> =
                outlook.hindrances.iter().filter(|own| is_final(**own)).map(|own| why(*own)).collect();
            format!("pg_rewind cannot have {own} follow {other}: {}; {}", all.join("; "), anew(own, other))
        }
        Some(false) if outlook.hindrances == [RewindHindrance::NoCheckpoint] => {
            let why = why(RewindHindrance::NoCheckpoint);
            format!(
                "pg_rewind cannot have {own} follow {other} with the WAL that is here: {why}; else {}",
                anew(own, other)
            )
        }
        Some(false) => {
            let all: Vec<String> = outlook.hindrances.iter().map(|hindrance| why(*hindrance)).collect();
            format!("pg_rewind cannot have {own} follow {other}: {}", all.join("; "))
        }
    }
}
