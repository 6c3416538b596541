//! How much of what is wrong with archives a tool's own check finds: the damaged archives of testdata, and repositories
//! of backup tools where some are given, each handed to a command.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use crate::Case;

/// A command that says whether an archive is right.
#[derive(Debug, Clone)]
pub struct ScoredTool {
    /// For a shell; `{}` stands for the folder, which is put in quotes.
    pub command: String,
    /// Where it exits with 0 whatever it finds: what it prints of an archive that is not right.
    pub damage_text: Option<String>,
}

/// An archive, and what is true of it.
struct Exam {
    name: String,
    what: String,
    is_damaged: bool,
    folder: PathBuf,
}

/// What a tool said of all of them.
#[derive(Debug, Default, Clone)]
#[non_exhaustive]
pub struct Score {
    /// Damaged archives, and of them those that it found nothing wrong with: name, and what was done to it.
    pub damaged: usize,
    /// Those that it took for good.
    pub missed: Vec<(String, String)>,
    /// Good archives.
    pub good: usize,
    /// Those that it took for damaged.
    pub false_alarms: Vec<(String, String)>,
}

impl Score {
    /// How many damaged archives it found.
    pub fn caught(&self) -> usize {
        self.damaged - self.missed.len()
    }

    fn take(&mut self, exam: &Exam, is_refused: bool) {
        let told = || (exam.name.clone(), exam.what.clone());
        if exam.is_damaged {
            self.damaged += 1;
            self.missed.extend((!is_refused).then(told));
        } else {
            self.good += 1;
            self.false_alarms.extend(is_refused.then(told));
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, what) in &self.missed {
            writeln!(f, "missed       {name}: {what}")?;
        }
        for (name, what) in &self.false_alarms {
            writeln!(f, "false alarm  {name}: {what}")?;
        }
        let (caught, alarms) = (self.caught(), self.false_alarms.len());
        write!(
            f,
            "caught {caught} of {} damaged archives; {alarms} false alarms in {} good ones",
            self.damaged, self.good
        )
    }
}

/// Scores each tool on every archive of `damaged-15`, made in a folder of `scratch`, one after the other.
///
/// # Errors
/// What the file system says, or that a command cannot be run.
pub fn score_cases(tools: &[ScoredTool], scratch: &Path) -> io::Result<Vec<Score>> {
    let mut scores = vec![Score::default(); tools.len()];
    for case in Case::all()? {
        let folder = scratch.join(&case.case);
        fs::create_dir(&folder)?;
        case.rebuild(&folder)?;
        let is_damaged = case.expect.exit == 1;
        let exam = Exam { name: case.case, what: case.what, is_damaged, folder };
        judge(tools, &exam, &mut scores)?;
        fs::remove_dir_all(&exam.folder)?;
    }
    Ok(scores)
}

/// Scores each tool on repositories: every folder in `repos` that has a `manifest.json` beside its `good/` and its
/// `damaged/CASE/`, each with a `CASE.json` that says what is expected.
///
/// # Errors
/// As [`score_cases`], or that a JSON file is not as expected.
pub fn score_repositories(tools: &[ScoredTool], repos: &Path) -> io::Result<Vec<Score>> {
    let mut scores = vec![Score::default(); tools.len()];
    for repository in folders(repos)?.into_iter().filter(|folder| folder.join("manifest.json").is_file()) {
        let name = repository.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let good = Exam {
            name: format!("{name} good"),
            what: "nothing was done to it".to_owned(),
            is_damaged: false,
            folder: repository.join("good"),
        };
        judge(tools, &good, &mut scores)?;
        for folder in folders(&repository.join("damaged"))? {
            let told: ScoredRepositoryCase = serde_json::from_slice(&fs::read(folder.with_extension("json"))?)?;
            // What depends on how it is asked ("PROVEN or REFUTED") is no exam.
            let is_damaged = match told.expect.verdict.as_str() {
                "REFUTED" => true,
                "PROVEN" => false,
                _ => continue,
            };
            let case = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let exam = Exam { name: format!("{name} {case}"), what: told.what_was_done, is_damaged, folder };
            judge(tools, &exam, &mut scores)?;
        }
    }
    Ok(scores)
}

#[derive(Deserialize)]
struct ScoredRepositoryCase {
    what_was_done: String,
    expect: ScoredRepositoryExpect,
}

#[derive(Deserialize)]
struct ScoredRepositoryExpect {
    verdict: String,
}

fn folders(parent: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(parent)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    found.retain(|path| path.is_dir());
    found.sort();
    Ok(found)
}

fn judge(tools: &[ScoredTool], exam: &Exam, scores: &mut [Score]) -> io::Result<()> {
    for (tool, score) in tools.iter().zip(scores) {
        score.take(exam, tool.refuses(&exam.folder)?);
    }
    Ok(())
}

impl ScoredTool {
    /// Whether it says that something is wrong: by its exit code, or by what it prints.
    fn refuses(&self, folder: &Path) -> io::Result<bool> {
        let quoted = format!("'{}'", folder.display().to_string().replace('\'', "'\\''"));
        let command = self.command.replace("{}", &quoted);
        let output = Command::new("sh").args(["-c", &command]).stdin(Stdio::null()).output()?;
        let says = |text: &String| {
            [&output.stdout, &output.stderr].iter().any(|said| String::from_utf8_lossy(said).contains(text.as_str()))
        };
        Ok(!output.status.success() || self.damage_text.as_ref().is_some_and(says))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(command: &str, says: Option<&str>, is_damaged: bool) -> Score {
        let folder = tempfile::tempdir().unwrap();
        let exam = Exam { name: "it's".into(), what: "a flip".into(), is_damaged, folder: folder.path().to_path_buf() };
        let tools = [ScoredTool { command: command.into(), damage_text: says.map(str::to_owned) }];
        let mut scores = vec![Score::default()];
        judge(&tools, &exam, &mut scores).unwrap();
        scores.remove(0)
    }

    #[test]
    fn exit_codes_and_words_count() {
        assert_eq!(scored("false", None, true).caught(), 1);
        assert_eq!(scored("true", None, true).to_string().lines().next(), Some("missed       it's: a flip"));
        assert_eq!(scored("echo status: error in {}", Some("status: error"), true).caught(), 1);
        assert_eq!(scored("echo status: ok", Some("status: error"), true).caught(), 0);
        assert_eq!(scored("test -d {}", None, false).false_alarms.len(), 0);
        let alarm = scored("false", None, false).to_string();
        assert!(alarm.ends_with("caught 0 of 0 damaged archives; 1 false alarms in 1 good ones"), "{alarm}");
    }
}
