//! What is found of the settings of a restore, where a server takes them and people are not told.

use crate::codes::{Code, Severity};
use crate::finding::{CommandDoubt, Detail, DoubtedCommand, Finding, Unasked, WithoutProgram};
use pgwal_archive::Error;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{FileName, SegmentSize};
use pgwal_recovery::backup::{Backup, BackupKind};
use pgwal_recovery::failure::Failure;
use pgwal_recovery::outcome::Restore;
use pgwal_recovery::{
    CommandHere, Delivery, FileTaking, Mode, OffWay, PlacedSetting, SettingPlace, Settings, Site, Target, is_runnable,
    own_places,
};
use pgwal_source::Source;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What a recovery that is not asked for would come to.
#[derive(Clone, Copy, Default)]
pub(crate) struct WithSignal {
    /// Farther: the archive has more.
    pub short: bool,
    /// Somewhere: it starts.
    pub starts: bool,
    /// Nowhere: the directory lies beside the way.
    pub off: Option<OffWay>,
    /// The label may be one that a crashed primary left.
    pub is_left_over: bool,
}

/// All of them. `of_files`: what is found of the files; `asked`: what a recovery from the archive would come to.
pub(crate) fn findings(
    archive: &dyn Source,
    backup: &Backup,
    settings: &Settings,
    (site, restore): (&Site<'_>, &Restore),
    (of_files, asked): (&[Finding], WithSignal),
) -> Result<Vec<Finding>, Error> {
    let mut out: Vec<Finding> = settings.overridden.iter().map(beside).collect();
    out.extend(settings.outranked.as_ref().map(outranked));
    out.extend(without_signal(backup, settings, restore, asked));
    out.extend(without_source(archive, settings, restore, asked));
    out.extend(held_back(settings, restore));
    out.extend(archives_here((archive, backup), settings, restore)?);
    out.extend(command((archive, backup), settings, (site, restore), (of_files, asked.short))?);
    Ok(out)
}

/// What stands in `postgresql.auto.conf` counts more than what people write into `postgresql.conf`.
fn beside(setting: &PlacedSetting) -> Finding {
    let (file, detail) = (file_of(setting), Detail::SettingBeside(setting.clone()));
    Finding { file, detail, ..Finding::of(Code::SettingBeside) }
}

/// Another kind of target counts more than the one that was asked for, and a server comes to that one.
fn outranked(setting: &PlacedSetting) -> Finding {
    let (file, detail) = (file_of(setting), Detail::TargetOutranked(setting.clone()));
    Finding { severity: Severity::Error, file, detail, ..Finding::of(Code::SettingBeside) }
}

fn file_of(setting: &PlacedSetting) -> Option<String> {
    match &setting.place {
        SettingPlace::Line { file, .. } => Some(file.clone()),
        _ => None,
    }
}

/// Settings of a recovery from an archive, and nothing that asks for one.
fn without_signal(backup: &Backup, settings: &Settings, restore: &Restore, asked: WithSignal) -> Option<Finding> {
    // What it starts with lies in the archive, or ends before that does. A label that is left over asks for none.
    let own = match restore.failure {
        Some(Failure::NoCheckpoint { label, .. } | Failure::NoRedo { label, .. }) => Some(label && !asked.is_left_over),
        _ => None,
    };
    let lacks = own.is_some_and(|own| own || asked.starts);
    // Where a recovery from the archive ends badly as well, asking for one is no help.
    if own == Some(false) && !asked.starts && asked.off.is_none() {
        return None;
    }
    let meant = asked.short || lacks || settings.restore_command.is_some() || settings.target != Target::None;
    // It does not come to ask for one.
    let refused = matches!(restore.failure, Some(Failure::Backup(_)));
    if refused || settings.mode != Mode::Crash || settings.planned || !meant || backup.kind != BackupKind::DataDirectory
    {
        return None;
    }
    let own_file = SettingRules::of(settings.version).recovery_conf.is_some();
    let file = if own_file { "recovery.conf" } else { "recovery.signal" };
    // A target that nobody reads is not what was asked for, and WAL that nobody reads is lost.
    let severity = match restore.is_good() && settings.target == Target::None && !asked.short {
        true => Severity::Warning,
        false => Severity::Error,
    };
    let detail = Detail::NoSignal(Unasked { data: backup.name.clone(), off: asked.off });
    Some(Finding { severity, file: Some(file.to_owned()), detail, ..Finding::of(Code::SignalMissing) })
}

/// A standby that is told of no place from which WAL comes: it looks into its own `pg_wal`, and waits.
fn without_source(archive: &dyn Source, settings: &Settings, restore: &Restore, asked: WithSignal) -> Option<Finding> {
    let none = settings.mode == Mode::Standby && settings.restore_command.is_none() && !settings.streams;
    let severity = if restore.is_good() && !asked.short { Severity::Warning } else { Severity::Error };
    let detail = Detail::NoSource { archive: named(archive) };
    let file = Some("standby.signal".to_owned());
    (none && !settings.planned).then(|| Finding { severity, file, detail, ..Finding::of(Code::RestoreCommand) })
}

/// A server holds each commit back until so long after its time, on its way to a target, too (`recoveryApplyDelay` in
/// `xlogrecovery.c`); what comes before the data are consistent, it does not.
fn held_back(settings: &Settings, restore: &Restore) -> Option<Finding> {
    let delay = settings.min_apply_delay;
    let last = restore.replayed.last_commit.filter(|_| delay > 0 && settings.mode != Mode::Crash)?;
    let until = Timestamp(last.time.0.saturating_add(delay.saturating_mul(1000)));
    let now = Timestamp::from_unix_micros(jiff::Timestamp::now().as_microsecond());
    let waits = until > now && restore.consistent_at.is_some_and(|at| at <= last.lsn);
    waits.then(|| Finding { detail: Detail::HeldBack { delay, last, until }, ..Finding::of(Code::ApplyDelay) })
}

/// The server that is restored archives into the archive that it is restored from: its new timeline comes to lie there.
fn archives_here(
    (archive, backup): (&dyn Source, &Backup),
    settings: &Settings,
    restore: &Restore,
) -> Result<Option<Finding>, Error> {
    let (Some(local), Some(command)) = (archive.local(), &settings.archives) else { return Ok(None) };
    // As it was, it may go on where it did.
    if settings.mode == Mode::Crash || !restore.is_good() {
        return Ok(None);
    }
    let real = |path: &Path| path.canonicalize().ok();
    let listing = archive.list()?;
    let folders = listing.entries.iter().filter_map(|entry| real(local.path(entry).parent()?));
    let folders: BTreeSet<PathBuf> = folders.collect();
    let named = command.value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '=' | ':'));
    // A server works in its data directory.
    let is_here = named.filter(|word| word.contains('/')).any(|word| {
        let path = Path::new(&backup.name).join(word);
        let folder = if word.contains('%') { path.parent() } else { Some(path.as_path()) };
        folder.and_then(real).is_some_and(|folder| folders.contains(&folder))
    });
    Ok(is_here.then(|| {
        let (file, detail) = (file_of(command), Detail::ArchivesHere(command.clone()));
        Finding { file, detail, ..Finding::of(Code::ArchivesHere) }
    }))
}

/// A command that does not deliver what lies here. `short`: the archive has more than recovery comes to.
fn command(
    (archive, backup): (&dyn Source, &Backup),
    settings: &Settings,
    (site, restore): (&Site<'_>, &Restore),
    (of_files, short): (&[Finding], bool),
) -> Result<Option<Finding>, Error> {
    let (Some(place), Some(command)) = (&settings.command_place, &settings.restore_command) else { return Ok(None) };
    if settings.mode == Mode::Crash {
        return Ok(None);
    }
    let here = site.command_here(settings);
    let copies = Delivery::by_name(command);
    let doubt = match (Delivery::of(command), &copies) {
        _ if here.gone.is_some() => {
            here.gone.as_ref().map(|folder| CommandDoubt::NotHere(folder.display().to_string()))
        }
        (Delivery::Nothing, _) => Some(CommandDoubt::Nothing),
        _ if Delivery::takes_error_pages(command) => Some(CommandDoubt::TakesErrorPages),
        _ if Delivery::leaves_empty_files(command) => Some(CommandDoubt::LeavesEmpty),
        (_, Some(copies)) => {
            let from: Vec<(PathBuf, String)> = copies.iter().map(|c| (c.folder.clone(), c.suffix.clone())).collect();
            elsewhere(archive, &from, !settings.planned)?
        }
        (Delivery::From(from), None) => elsewhere(archive, &from, false)?,
        (Delivery::Unknown, None) => own_places(command).and_then(|from| not_here(&from, !settings.planned)),
    };
    let lacks = || lacking(command, settings, &here);
    let as_it_is = copies.iter().flatten().any(|copy| copy.taking == FileTaking::AsItIs) && !settings.planned;
    let doubt = lacks()
        .filter(|_| here.nothing)
        .or(doubt)
        .or_else(|| site.not_taken(settings, restore).map(CommandDoubt::Misses))
        .or_else(|| (as_it_is && gets_packed(restore, of_files)).then_some(CommandDoubt::Packed));
    // Of a path relative to the data directory is not known yet which folder it is.
    let of_elsewhere = match doubt {
        None => copies.is_none(),
        Some(CommandDoubt::Elsewhere(_)) => true,
        _ => false,
    };
    let there = || {
        let (folder, file) = site.lacks_where_named(settings, restore).filter(|_| of_elsewhere)?;
        Some(CommandDoubt::LacksThere { folder: folder.display().to_string(), file })
    };
    let doubt = there().or(doubt);
    let unreadable = || backup.owner.and_then(|user| site.not_for(user, settings, restore));
    let doubt = doubt.or_else(|| unreadable().map(CommandDoubt::NotForServer)).or_else(lacks).or_else(|| ends(restore));
    let doubt = doubt.or_else(|| Delivery::moves(command).then_some(CommandDoubt::Moves));
    let doubt = doubt.or_else(|| Delivery::links(command).then_some(CommandDoubt::Links));
    let reached = restore.target.as_ref().is_some_and(|target| target.reached);
    // It comes to an end of its own, and the archive has more.
    let comes_short = !restore.is_good() || short;
    let fails = match &doubt {
        Some(CommandDoubt::NotForServer(_) | CommandDoubt::LacksThere { .. }) => true,
        // What another server is started with is not yet what this one is given.
        Some(CommandDoubt::TakesErrorPages | CommandDoubt::LeavesEmpty) => !settings.planned,
        Some(CommandDoubt::Misses(_)) => !(reached && restore.is_good()),
        Some(CommandDoubt::NoSuchNames(_)) if copies.is_some() && !settings.planned => comes_short,
        Some(CommandDoubt::Packed) => comes_short,
        Some(CommandDoubt::Moves | CommandDoubt::Links) => false,
        Some(CommandDoubt::Ends { .. }) => !restore.is_good(),
        _ => (settings.delivers_nothing || here.nothing || here.lacks.is_some()) && comes_short,
    };
    let severity = if fails { Severity::Error } else { Severity::Warning };
    Ok(doubt.map(|doubt| {
        let (command, place, archive) = (command.clone(), place.clone(), named(archive));
        Finding {
            severity,
            detail: Detail::Command(Box::new(DoubtedCommand { command, place, doubt, archive })),
            ..Finding::of(Code::RestoreCommand)
        }
    }))
}

/// The first folder of a `walproof archive-get` that is not on this machine: it then ends recovery, whatever the others
/// have.
fn not_here(from: &[PathBuf], must: bool) -> Option<CommandDoubt> {
    let gone = from.iter().filter(|_| must).find(|folder| is_gone(folder))?;
    Some(CommandDoubt::NotHere(gone.display().to_string()))
}

/// Whoever may not look there does not know.
fn is_gone(folder: &Path) -> bool {
    folder.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// A program of the command that is not on this machine. In front of a sample of a data directory none is looked for
/// but one that is alone.
fn lacking(command: &str, settings: &Settings, here: &CommandHere) -> Option<CommandDoubt> {
    let alone = || Delivery::program(command).filter(|own| !settings.planned && !is_runnable(own));
    let (program, then) = match &here.lacks {
        Some(program) if here.end.is_none() => (program.clone(), WithoutProgram::Less),
        Some(program) if here.copies.is_some() => (program.clone(), WithoutProgram::EndsWhereMissing),
        Some(program) => (program.clone(), WithoutProgram::Ends),
        None => (alone()?, WithoutProgram::Ends),
    };
    Some(CommandDoubt::NoProgram { program, then })
}

/// The server ends with the command, at once or when it promotes.
fn ends(restore: &Restore) -> Option<CommandDoubt> {
    match restore.failure.as_ref().or(restore.dies_at_promotion.as_ref())? {
        // What is missing in front of more is the cause itself.
        Failure::CommandEnds { .. } if restore.more_behind => None,
        Failure::CommandEnds { file, exit, .. } => Some(CommandDoubt::Ends { file: file.clone(), exit: *exit }),
        _ => None,
    }
}

/// The archive, as a server on this machine would have to name it; `None` for several places.
fn named(archive: &dyn Source) -> Option<String> {
    let name = archive.describe();
    let is_here = archive.local().is_some();
    let path = std::path::absolute(&name).ok().filter(|path| path.exists());
    if is_here { path.map(|path| path.display().to_string()) } else { Some(name).filter(|name| name.contains("://")) }
}

/// The server gets a file of wrong size that is right once it is unpacked.
fn gets_packed(restore: &Restore, of_files: &[Finding]) -> bool {
    let Some(Failure::Size { file, found, .. } | Failure::SizeAhead { file, found, .. }) = &restore.failure else {
        return false;
    };
    // A segment of another size, or the beginning of one, lies there as it is.
    if SegmentSize::new(*found).is_some() {
        return false;
    }
    let is_it = |f: &&Finding| f.file.as_deref().and_then(|own| own.rsplit('/').next()) == Some(file.as_str());
    !of_files.iter().filter(is_it).any(|f| f.severity > Severity::Info)
}

/// Whether none of the folders is that of the archive, or no segment there has such a name.
/// `must`: the server will be started here.
fn elsewhere(archive: &dyn Source, from: &[(PathBuf, String)], must: bool) -> Result<Option<CommandDoubt>, Error> {
    let Some(local) = archive.local() else { return Ok(None) };
    let listing = archive.list()?;
    let segments = || listing.entries.iter().filter(|entry| matches!(entry.name, Some(FileName::Segment(_))));
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folders: BTreeSet<PathBuf> =
        segments().filter_map(|entry| local.path(entry).parent().map(Path::to_path_buf)).collect();
    let folders: BTreeSet<PathBuf> = folders.iter().map(|folder| real(folder)).collect();
    // Below a folder that is named, they are this archive's, and the command does not find them.
    let holds = |folder: &Path| folders.iter().any(|own| own.starts_with(folder));
    let here: Vec<&(PathBuf, String)> = from.iter().filter(|(folder, _)| holds(&real(folder))).collect();
    let Some((first, _)) = from.first() else { return Ok(None) };
    if here.is_empty() {
        if must && from.iter().all(|(folder, _)| is_gone(folder)) {
            return Ok(Some(CommandDoubt::NotHere(first.display().to_string())));
        }
        return Ok((!folders.is_empty()).then(|| CommandDoubt::Elsewhere(first.display().to_string())));
    }
    let named = |suffix: &str| {
        segments().any(|entry| match entry.name {
            Some(FileName::Segment(name)) => {
                let file = format!("{name}{suffix}");
                local.path(entry).file_name().is_some_and(|own| *own == *file)
            }
            _ => false,
        })
    };
    let suffix = here.iter().find(|(_, suffix)| !named(suffix)).map(|(_, suffix)| suffix.clone());
    let any = here.iter().any(|(_, suffix)| named(suffix));
    Ok(suffix.filter(|_| !any).map(CommandDoubt::NoSuchNames))
}
