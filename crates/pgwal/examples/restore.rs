//! Asks of a base backup and an archive what a server would do with them, and for which files it would ask.

use pgwal::recovery::backup::{self, Backup};
use pgwal::recovery::outcome::Ending;
use pgwal::recovery::{Given, ServerZone, Settings, SettingsError, Site, choose};
use pgwal::verify::recovery::{RestoreFiles, verify_restore};
use pgwal::{Options, Verdict, open};

fn restore(target: &str) -> Result<(Verdict, Ending), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let archive = open(&[format!("{root}/demo/good").into()])?;
    let backup = backup::open(format!("{root}/backup/15").as_ref())?;
    let options = Options::default();
    let Some(mut site) = Site::new(archive.as_ref(), &backup, options.site())? else {
        return Err("the backup does not say where replay starts, or there is no WAL".into());
    };
    // As it would be set up: what is not given here is as a server of that version has it.
    let given = Given {
        planned: true,
        options: vec![("recovery_target_lsn".to_owned(), target.to_owned())],
        ..Given::default()
    };
    let settings = Settings::read(site.layout().dialect.version, &given, &ServerZone::system());
    let outcome = verify_restore(&mut site, settings.as_ref(), RestoreFiles::Asked, &options)?;
    for finding in &outcome.findings {
        println!("{} {}", finding.code, finding.message(outcome.layout.as_ref()));
    }
    let restore = outcome.restore.expect("a restore was asked for");
    println!("{target}: {:?}, replays to {:?}", restore.ending, restore.replay_end);
    for file in &restore.files {
        println!("  {} {:?}", file.name, file.status);
    }
    Ok((outcome.verdict, restore.ending))
}

/// What a restore to a time comes to, from the newest backup of an archive that reaches it; its own settings,
/// where its files are at hand, are part of what a server reads. The backup's name, and the last transaction that is
/// kept.
fn restore_to(time: &str) -> Result<(String, Option<u32>), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let archive = open(&[format!("{root}/15/archive").into()])?;
    let options = Options::default();
    let mut read = |backup: &Backup, version| -> Result<Option<Settings>, pgwal::Error> {
        let given = Given {
            planned: true,
            files: &backup.settings,
            signal: backup.signal,
            options: vec![("recovery_target_time".to_owned(), time.to_owned())],
            ..Given::default()
        };
        // Without its files nothing tells the zone of the server; a time with its own needs none.
        let zone = ServerZone::of_settings(&backup.settings).unwrap_or(ServerZone::UTC);
        match Settings::read(version, &given, &zone) {
            Err(error @ SettingsError::TimeNotRead { .. }) => Err(pgwal::Error::NotRead(error.to_string())),
            read => Ok(read.ok()),
        }
    };
    let chosen = choose(archive.as_ref(), backup::newest_first(archive.as_ref())?, options.site(), &mut read)?;
    let (backup, _) = chosen.ok_or("the archive knows of no backup")?;
    let mut site = Site::new(archive.as_ref(), &backup, options.site())?.ok_or("no WAL says how it is laid out")?;
    let settings = read(&backup, site.layout().dialect.version)?.ok_or("a server refuses these settings")?;
    let outcome = verify_restore(&mut site, Ok(&settings), RestoreFiles::Asked, &options)?;
    let restore = outcome.restore.ok_or("a restore was asked for")?;
    Ok((backup.name.clone(), restore.replayed.last_commit.map(|commit| commit.xid)))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(restore("0/A00000")?, (Verdict::Proven, Ending::Pauses));
    // Behind the end of WAL.
    assert_eq!(restore("0/FF00000")?, (Verdict::Refuted, Ending::Fatal));
    let (backup, last) = restore_to("2026-11-22 03:17:21+00")?;
    println!("from {backup}: the last transaction kept is {last:?}");
    assert_eq!(backup, "00000001000000000000005F.00000028.backup");
    // In no spelling that is read here: nothing is said of it.
    assert!(restore_to("2 hours ago").is_err());
    Ok(())
}

#[test]
fn a_restore_is_foretold() {
    main().unwrap();
}
