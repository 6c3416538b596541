//! `cargo xtask score`: how much a tool's own check finds.

use std::path::PathBuf;
use std::process::ExitCode;
use walproof_testdata::{ScoredTool, score_cases, score_repositories};

const USAGE: &str = "usage: cargo xtask score --cmd COMMAND [--damage-text TEXT] [--cmd …] [--repos DIR]

  --cmd COMMAND       runs for each archive, {} is its folder; an exit code other than 0 says that something is wrong
  --damage-text TEXT  of the command before: what it prints of damage, where it exits with 0 all the same
  --repos DIR         instead of the archives of testdata, the repositories in DIR";

struct ScoreRequest {
    tools: Vec<ScoredTool>,
    repos: Option<PathBuf>,
}

fn asked() -> Option<ScoreRequest> {
    let mut asked = ScoreRequest { tools: Vec::new(), repos: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next()?;
        match word.as_str() {
            "--cmd" => asked.tools.push(ScoredTool { command: value, damage_text: None }),
            "--damage-text" => asked.tools.last_mut()?.damage_text = Some(value),
            "--repos" => asked.repos = Some(value.into()),
            _ => return None,
        }
    }
    (!asked.tools.is_empty()).then_some(asked)
}

fn main() -> ExitCode {
    let Some(asked) = asked() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let scratch = std::env::temp_dir().join(format!("walproof-score-{}", std::process::id()));
    let scored = match &asked.repos {
        Some(repos) => score_repositories(&asked.tools, repos),
        None => std::fs::create_dir(&scratch).and_then(|()| {
            let scored = score_cases(&asked.tools, &scratch);
            let _ = std::fs::remove_dir_all(&scratch);
            scored
        }),
    };
    match scored {
        Ok(scores) => {
            for (tool, score) in asked.tools.iter().zip(scores) {
                println!("{}\n{score}", tool.command);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("score: {error}");
            ExitCode::from(2)
        }
    }
}
