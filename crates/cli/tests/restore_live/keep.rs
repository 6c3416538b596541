//! A scenario as files: `archive/`, `base/` (hard links), `settings.json`, `observed.json`, `foretold.json`.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};
use walproof_live::Observed;

use crate::{predict, scenario::Scenario, seen, target::Settings, workload::Workload};

/// What was seen of a scenario.
pub fn document(scenario: &Scenario, seen: &Observed) -> Value {
    let mut document = seen::document(seen);
    document["seed"] = json!(scenario.seed);
    document["what"] = json!(scenario.what);
    document
}

/// Keep it below the folder, as `MAJOR-SEED`.
pub fn keep(workload: &Workload, scenario: &Scenario, observed: &Value, foretold: Option<&Value>, below: &Path) {
    let folder = below.join(format!("{}-{:04}", workload.major(), scenario.seed));
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    walproof_live::link(&scenario.archive, &folder.join("archive")).unwrap();
    walproof_live::link(&scenario.backup, &folder.join("base")).unwrap();
    let settings: Map<String, Value> =
        scenario.settings.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let restored = scenario.is_restored;
    write(
        &folder.join("settings.json"),
        &json!({ "version": workload.major(), "settings": settings, "restored": restored }),
    );
    write(&folder.join("observed.json"), observed);
    if let Some(foretold) = foretold {
        write(&folder.join("foretold.json"), foretold);
    }
}

/// What was kept of a scenario.
pub struct Kept {
    /// The server's major version.
    pub major: u32,
    /// The settings of recovery.
    pub settings: Settings,
    /// What was seen.
    pub observed: Value,
    restored: bool,
}

impl Kept {
    /// What this `walproof` foretells of it.
    pub fn foretold_anew(&self, folder: &Path) -> Value {
        let (archive, base) = (folder.join("archive"), folder.join("base"));
        if self.restored {
            taken_from(&archive, &base);
            predict::restored(&archive, &base)
        } else {
            predict::restore(&archive, &base, &self.settings)
        }
    }
}

/// Commands in the directory took files from where the archive was, and from its workload's.
fn taken_from(archive: &Path, base: &Path) {
    let included = fs::read_dir(base.join("conf.d")).into_iter().flatten().map(|file| file.unwrap().path());
    let own = ["postgresql.conf", "postgresql.auto.conf", "recovery.conf"].map(|name| base.join(name));
    for path in own.into_iter().chain(included) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let moved = |line: &str| match line.split_once("'cp /").zip(line.split_once("/archive/%f ")) {
            Some(((setting, _), (_, behind))) => format!("{setting}'cp {}/%f {behind}", archive.display()),
            None => line.to_owned(),
        };
        let lines: Vec<String> = text.lines().map(moved).collect();
        // What was kept shares its files with where it was.
        fs::remove_file(&path).unwrap();
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
}

/// Read it from its folder.
pub fn load(folder: &Path) -> Kept {
    let document = read(&folder.join("settings.json"));
    let settings = document["settings"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    Kept {
        major: u32::try_from(document["version"].as_u64().unwrap()).unwrap(),
        settings,
        observed: read(&folder.join("observed.json")),
        restored: document["restored"] == true,
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn write(path: &Path, document: &Value) {
    fs::write(path, format!("{document:#}\n")).unwrap();
}
