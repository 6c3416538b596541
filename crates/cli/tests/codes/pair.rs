//! A code's two archives: the one that has it, and the one that nearly has.

use crate::expect::{Answer, Expect};
use crate::folder;
use crate::step::{self, Step};
use pgwal::Code;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    #[serde(skip)]
    code: String,
    triggers: Fixture,
    nearly: Fixture,
}

/// An archive, what is asked of it, and the answer that is right.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    /// In a sentence, for readers.
    what: String,
    /// Made in a folder of its own, in which the program runs.
    steps: Vec<Step>,
    /// `verify wal`, if it is not said; the format is added.
    #[serde(default = "verify")]
    run: Vec<String>,
    /// What happens while it runs.
    during: Option<During>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct During {
    /// How long the program has been running.
    after_ms: u64,
    /// Again and again, with this pause, until it ends.
    every_ms: Option<u64>,
    steps: Vec<Step>,
}

fn verify() -> Vec<String> {
    vec!["verify".into(), "wal".into()]
}

impl Pair {
    /// `None` where a code has no file: that is told once for all of them.
    pub fn of(code: Code) -> Option<Pair> {
        let bytes = fs::read(folder().join(format!("{}.json", code.id()))).ok()?;
        let pair: Pair = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{code}: {error}"));
        Some(Pair { code: code.id().to_owned(), ..pair })
    }

    /// What is not as it should be.
    pub fn problems(&self) -> Vec<String> {
        let (triggers, nearly) = (self.triggers.answer(), self.nearly.answer());
        let mut wrong = Vec::new();
        match triggers.of(&self.code) {
            None => wrong.push(format!("{}: it is not told of {:?}", self.code, self.triggers.what)),
            Some(found) if self.triggers.expect.finding.as_ref().is_none_or(Map::is_empty) => {
                wrong.push(format!("{}: expect more of {found:#}", self.code));
            }
            Some(_) => {}
        }
        if nearly.of(&self.code).is_some() {
            wrong.push(format!("{}: it is told of {:?}", self.code, self.nearly.what));
        }
        for (fixture, answer) in [(&self.triggers, &triggers), (&self.nearly, &nearly)] {
            let found = fixture.expect.problems(answer, &self.code);
            wrong.extend(found.into_iter().map(|problem| format!("{}: {:?}: {problem}", self.code, fixture.what)));
        }
        wrong
    }
}

impl Fixture {
    fn answer(&self) -> Answer {
        let place = tempfile::tempdir().unwrap();
        for step in &self.steps {
            step.take(place.path()).unwrap_or_else(|error| panic!("{:?}: {step:?}: {error}", self.what));
        }
        step::settle(place.path(), &self.steps);
        let mut words: Vec<&str> = self.run.iter().map(String::as_str).collect();
        words.extend(match words[0] {
            "verify" => ["--format", "json"].as_slice(),
            "dump" => &["--format", "jsonl"],
            other => panic!("{other}: say how its answer is read"),
        });
        let mut child = started(place.path(), &words);
        if let Some(during) = &self.during {
            during.happens(place.path(), &mut child);
        }
        let output = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
        let read = |text: &str| {
            serde_json::from_str::<Value>(text)
                .unwrap_or_else(|error| panic!("{:?}: {words:?}: {error}: {out}{err}", self.what))
        };
        let exit = output.status.code().expect("it ends by itself");
        match words[0] {
            "dump" => Answer::of_lines(exit, out.lines().map(read).collect()),
            _ => Answer::of_document(exit, read(&out)),
        }
    }
}

impl During {
    fn happens(&self, place: &Path, child: &mut Child) {
        std::thread::sleep(Duration::from_millis(self.after_ms));
        assert!(child.try_wait().unwrap().is_none(), "it was over before anything could happen");
        loop {
            self.steps.iter().for_each(|step| step.take(place).unwrap());
            let Some(pause) = self.every_ms else { break };
            std::thread::sleep(Duration::from_millis(pause));
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
    }
}

/// The program, in that folder.
pub fn started(place: &Path, words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.args(words).current_dir(place).env("TZ", "UTC");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}
