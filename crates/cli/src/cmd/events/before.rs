//! How to get back to just before an event: the target, what is lost by it, from which backup, and whether a restore
//! comes there.

use super::EventsArgs;
use crate::cmd::elsewhere;
use crate::cmd::restoring::Restoring;
use crate::cmd::when::fetching;
use crate::exit::Exit;
use crate::several::NamedArchive;
use anyhow::bail;
use pgwal::catalog::RelationName;
use pgwal::forensics::{EventsAnswer, UndoChoice, UndoNamed, WalEvent, XactFate, choose, loss};
use pgwal::format::{Layout, Lsn, TimelineId};
use pgwal::verify::backup;
use pgwal::verify::ended::RunEnd;
use pgwal::verify::records::ListRequest;
use pgwal::verify::repository::JudgedRepository;
use pgwal::verify::{Severity, Verdict, Which};
use pgwal_report::events::before::{BeforeAnswer, BeforeTarget, RestoreProof};
use pgwal_report::plan::RestorePlan;
use pgwal_report::relation_name::full;
use pgwal_report::time::Zone;
use pgwal_report::when::settings;

/// Events that are told one by one where one of them is to be named.
const TOLD: usize = 20;

/// Reads how an event is named.
pub(super) fn named(text: &str) -> Result<UndoNamed, String> {
    let digits = text.strip_prefix("xid:").unwrap_or(text);
    match text {
        "" => Ok(UndoNamed::Only),
        "first" => Ok(UndoNamed::First),
        "last" => Ok(UndoNamed::Last),
        _ if digits != text || !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            crate::words::xid(digits).map(UndoNamed::Xid)
        }
        _ => text.parse().map(UndoNamed::Lsn).map_err(|_| {
            "a transaction (749 or xid:749), a position (0/3000028), first or last; behind the archive where it stands alone"
                .to_owned()
        }),
    }
}

/// Finds the way back.
pub(super) fn find<'a>(
    args: &EventsArgs,
    named: UndoNamed,
    answer: &'a EventsAnswer,
    opened: &NamedArchive,
    zone: &mut Zone,
) -> anyhow::Result<BeforeAnswer<'a>> {
    let (undone, events) = match choose(answer, named, args.filter.relation().1.is_some()) {
        UndoChoice::One(undone, events) => (*undone, events),
        UndoChoice::Nothing => bail!(match named {
            UndoNamed::Xid(xid) => {
                let others = elsewhere::elsewhere(&args.history, xid, opened, &answer.gathered.outcome);
                let told: Vec<String> = others.into_iter().map(|(t, end)| elsewhere::told(xid, t, end)).collect();
                let told = if told.is_empty() { String::new() } else { format!("; {}", told.join("; ")) };
                format!("--before {xid}: no record of transaction {xid} is here{told}")
            }
            UndoNamed::Lsn(lsn) => format!("--before {lsn}: neither an event nor the end of a transaction lies there"),
            _ => "--before: no event is left by the filters".to_owned(),
        }),
        UndoChoice::Several(events) => bail!("--before: which of these? {}", list(&events)),
        UndoChoice::SeveralXacts(all) => bail!("--before: which of these? {}", ends(&all)),
        UndoChoice::SeveralRelations(all) => bail!(
            "--before: relations of several databases are called so, and something happened to each: {}; name its database, too",
            several_relations(&all)
        ),
        UndoChoice::TooMany => bail!("--before: there are more events than are kept: narrow the range, or name kinds"),
    };
    let layout = answer.gathered.outcome.layout;
    let target = match (undone.undo, layout) {
        (Some(lsn), Some(layout)) => Some(target(args, &undone, (lsn, layout), answer, opened, zone)?),
        _ => None,
    };
    Ok(BeforeAnswer { undone, events, target })
}

/// How the run ends by it.
pub(super) fn exit(way: &BeforeAnswer<'_>) -> Exit {
    match way.target.as_ref().map(|target| &target.proof) {
        Some(RestoreProof::Foretold(plan)) => RunEnd::of(&plan.outcome, Severity::Error).into(),
        Some(RestoreProof::NoBackup) => Exit::CouldNotTell,
        Some(RestoreProof::Broken(_) | RestoreProof::NoTarget) => Exit::Refuted,
        None if way.is_unknown() => Exit::CouldNotTell,
        None => Exit::Clean,
    }
}

fn target(
    args: &EventsArgs,
    undone: &XactFate,
    (lsn, layout): (Lsn, Layout),
    answer: &EventsAnswer,
    opened: &NamedArchive,
    zone: &mut Zone,
) -> anyhow::Result<BeforeTarget> {
    let source = opened.source();
    let mut options = args.history.input.options();
    options.timeline = args.history.timeline().map_or(Which::Latest, Which::Number);
    options.unfinished = true;
    let loss = loss(source, &ListRequest { options, limit: None }, &answer.names, lsn, undone.end_lsn)?;
    let path = answer.gathered.outcome.path.as_slice();
    let latest = path.last().copied();
    let timeline = args.history.timeline().or(latest).unwrap_or(TimelineId::FIRST);
    let own = undone.xid.filter(|_| undone.end_lsn == Some(lsn));
    // Up to 8.4 the ends of prepared transactions are no targets.
    let is_no_target = undone.prepared.is_some() && !layout.dialect.recovery.prepared_ends;
    let settings = if is_no_target {
        Vec::new()
    } else {
        settings::before(&layout, (path, timeline), lsn, own, loss.kept.map(|kept| kept.xid))
    };
    let (restore_command, set_by_system) = fetching(opened, &args.history.input, layout.segment)?;
    let proof = proof(args, &settings, opened, zone)?;
    Ok(BeforeTarget { lsn, layout, loss, settings, restore_command, set_by_system, proof })
}

fn proof(
    args: &EventsArgs,
    settings: &[(&'static str, String)],
    opened: &NamedArchive,
    zone: &mut Zone,
) -> anyhow::Result<RestoreProof> {
    if settings.is_empty() {
        return Ok(RestoreProof::NoTarget);
    }
    let (source, repository) = (opened.source(), opened.repository());
    let restoring = Restoring::with_settings(args.history.range.names.backup().cloned(), settings);
    if let Some(broken) = restoring.broken(repository) {
        let why = broken.defects.first().map(|why| format!(": {why}")).unwrap_or_default();
        return Ok(RestoreProof::Broken(format!("{}{why}", broken.label)));
    }
    if args.history.range.names.backup().is_none() && backup::known(source)?.is_empty() {
        return Ok(RestoreProof::NoBackup);
    }
    let mut options = args.history.input.options();
    options.repository =
        repository.map(|repository| JudgedRepository { repository, which: restoring.of_backups(repository) });
    let mut plan: RestorePlan = restoring.plan(source, repository, &options, zone, crate::zone::now())?;
    if let (Some(repository), Some(facts), Some(layout)) =
        (repository, &mut plan.outcome.repository, &plan.outcome.layout)
        && plan.outcome.verdict == Verdict::Proven
    {
        restoring.type_down(facts, repository, &plan.restore, layout, &args.history.input)?;
    }
    Ok(RestoreProof::Foretold(Box::new(plan)))
}

fn several_relations(all: &[(u32, Option<RelationName>)]) -> String {
    let one = |(oid, name): &(u32, Option<RelationName>)| {
        format!("{} (--database {oid})", name.as_ref().map_or_else(|| "one without a name".to_owned(), full))
    };
    all.iter().take(TOLD).map(one).collect::<Vec<_>>().join(", ")
}

/// What there is to choose from.
fn list(events: &[&WalEvent]) -> String {
    let one = |event: &&WalEvent| {
        let xid = event.xid.map(|xid| format!(" of transaction {xid}")).unwrap_or_default();
        format!("{} at {}{xid}", event.kind.name(), event.end_lsn.unwrap_or(event.lsn))
    };
    several(events.iter().map(one))
}

fn ends(all: &[XactFate]) -> String {
    several(all.iter().filter_map(|fate| fate.end_lsn).map(|lsn| format!("the one that ended at {lsn}")))
}

fn several(told: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = told.collect();
    let rest = if all.len() > TOLD { format!("; and {} more", all.len() - TOLD) } else { String::new() };
    let shown: Vec<&str> = all.iter().take(TOLD).map(String::as_str).collect();
    format!("{}{rest}: name it by its position, or write --before first or --before last", shown.join("; "))
}
