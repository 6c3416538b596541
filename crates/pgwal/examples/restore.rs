//! Asks of a base backup and an archive what a server would do with them, and for which files it would ask.

use pgwal::recovery::backup;
use pgwal::recovery::outcome::Ending;
use pgwal::recovery::{Given, ServerZone, Settings, Site};
use pgwal::verify::recovery::{RestoreFiles, verify_restore};
use pgwal::{Options, Verdict, open};

fn restore(target: &str) -> Result<(Verdict, Ending), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let archive = open(&[format!("{root}/demo/good").into()])?;
    let backup = backup::open(format!("{root}/backup/15").as_ref())?;
    let options = Options::default();
    let Some(mut site) = Site::new(archive.as_ref(), &backup, options.site())? else {
        return Err("the backup does not say where replay starts".into());
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(restore("0/A00000")?, (Verdict::Proven, Ending::Pauses));
    // Behind the end of WAL.
    assert_eq!(restore("0/FF00000")?, (Verdict::Refuted, Ending::Fatal));
    Ok(())
}

#[test]
fn a_restore_is_foretold() {
    main().unwrap();
}
