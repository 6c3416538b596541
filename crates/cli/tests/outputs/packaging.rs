//! The examples under `packaging/`: their commands run, and tools that know their formats take them.

use crate::prometheus::metrics;
use crate::run::{testdata, walproof};
use crate::tools::{another_program, passed, program, python, run_python};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(example(file)).unwrap()
}

/// Runs a line as cron and others do, with our program first in the path.
fn shell(line: &str, folder: &Path, archive: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_walproof"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path)
        .env("WAL_ARCHIVE", archive)
        .output()
        .unwrap()
}

#[test]
fn cron_is_silent_unless_something_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let table = read("cron/walproof");
    let lines: Vec<&str> = table.lines().filter(|line| line.contains("walproof verify")).collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        // Five fields of time, the user, and the command; an unescaped % would end it.
        let command = line.splitn(9, ' ').filter(|word| !word.is_empty()).nth(6).unwrap_or_else(|| panic!("{line}"));
        let command = &line[line.find(command).unwrap()..];
        assert!(!command.replace("\\%", "").contains('%'), "{command}");
        let metrics = folder.path().join("walproof.prom");
        // Each archive has an index of its own.
        let index = |archive: &str| folder.path().join(archive.replace('/', "-")).to_str().unwrap().to_owned();
        let command = command
            .replace("\\%", "%")
            .replace("/var/lib/prometheus/node-exporter/walproof.prom", metrics.to_str().unwrap());
        for (archive, silent) in [("demo/good", true), ("demo/damaged", false)] {
            let command =
                command.replace("/var/lib/walproof/wal", &index(archive)).replace("/srv/wal", &testdata(archive));
            let output = shell(&command, folder.path(), "");
            let said = String::from_utf8(output.stdout).unwrap();
            if command.contains("prometheus") {
                assert!(said.is_empty() && !self::metrics(&std::fs::read_to_string(&metrics).unwrap()).is_empty());
            } else {
                assert!(said.is_empty() == silent && (silent || said.starts_with("VERDICT  REFUTED")), "{said}");
            }
        }
    }
}

#[test]
fn systemd_takes_the_units() {
    let unit = read("systemd/walproof-verify@.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let line = start.replace("%f", &testdata("demo/damaged"));
    assert_eq!(shell(&line, folder.path(), "").status.code(), Some(1));
    assert_eq!(
        shell(&format!("export WALPROOF_OPTIONS='--format nagios -o out'; {line}"), folder.path(), "").status.code(),
        Some(2)
    );
    if let Some(analyze) = program(&["systemd-analyze"]) {
        // The program need not be installed where the tests run.
        for (file, instance) in [
            ("walproof-verify@.service", "walproof-verify@srv-wal.service"),
            ("walproof-verify@.timer", "walproof-verify@srv-wal.timer"),
            ("walproof-watch@.service", "walproof-watch@srv-wal.service"),
        ] {
            let text = read(&format!("systemd/{file}")).replace("/usr/bin/walproof", env!("CARGO_BIN_EXE_walproof"));
            std::fs::write(folder.path().join(file), &text).unwrap();
            std::fs::write(folder.path().join(instance), text).unwrap();
        }
        let names =
            ["walproof-verify@srv-wal.service", "walproof-verify@srv-wal.timer", "walproof-watch@srv-wal.service"]
                .map(|name| folder.path().join(name));
        let output = Command::new(analyze).args(["verify", "--man=no"]).args(names).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("walproof")).collect();
        assert!(ours.is_empty(), "{ours:#?}");
    }
}

#[test]
fn the_workflow_runs() {
    let file = example("github-actions/verify-wal.yml");
    let text = read("github-actions/verify-wal.yml");
    let commands: Vec<&str> = text.lines().filter_map(|line| line.trim_start().strip_prefix("run: ")).collect();
    assert_eq!(commands.len(), 2);
    for (archive, code) in [("demo/good", 0), ("demo/damaged", 1)] {
        let folder = tempfile::tempdir().unwrap();
        for command in &commands {
            assert_eq!(shell(command, folder.path(), &testdata(archive)).status.code(), Some(code), "{command}");
        }
        for upload in ["walproof.sarif", "walproof.html"] {
            assert!(text.contains(upload) && std::fs::metadata(folder.path().join(upload)).unwrap().len() > 1000);
        }
    }
    if let Some(python) = python("yaml") {
        let script = "import sys, yaml\nsteps = yaml.safe_load(open(sys.argv[1]))['jobs']['verify']['steps']\n\
                      print(*[s['run'] for s in steps if 'run' in s], sep='\\n')";
        let output = run_python(&python, script, &[file.to_str().unwrap()]);
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), commands);
    }
}

#[test]
fn alerts_ask_for_metrics_that_there_are() {
    let rules = read("prometheus/walproof.rules.yml");
    let told = metrics(&walproof(&["verify", &testdata("demo/good"), "--format", "prometheus"]).out);
    let mut asked = 0;
    for line in rules.lines().filter(|line| line.trim_start().starts_with("expr:")) {
        for word in
            line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("walproof_"))
        {
            assert!(told.iter().any(|(name, ..)| name == word), "{word}");
            asked += 1;
        }
    }
    assert!(asked >= 5);
    if let Some(promtool) = another_program("promtool") {
        passed(Command::new(promtool).args(["check", "rules"]).arg(example("prometheus/walproof.rules.yml")));
    }
    if let Some(python) = python("yaml") {
        run_python(
            &python,
            "import sys, yaml\nyaml.safe_load(open(sys.argv[1]))['groups'][0]['rules'][3]['expr']",
            &[example("prometheus/walproof.rules.yml").to_str().unwrap()],
        );
    }
}

#[test]
fn the_nagios_command_runs() {
    let text = read("nagios/walproof.cfg");
    let command = text.lines().find_map(|line| line.trim().strip_prefix("command_line")).unwrap().trim();
    let folder = tempfile::tempdir().unwrap();
    let output =
        shell(&command.replace("/usr/bin/", "").replace("$ARG1$", &testdata("demo/damaged")), folder.path(), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("WALPROOF CRITICAL"));
}

/// Manual pages that man takes without a word, and completions that shells take.
#[test]
fn pages_and_completions() {
    let folder = tempfile::tempdir().unwrap();
    let (man, completions) = (folder.path().join("man"), folder.path().join("completions"));
    for (what, there) in [("man", &man), ("completions", &completions)] {
        assert_eq!(walproof(&["generate", what, there.to_str().unwrap()]).code, 0);
    }
    let pages: Vec<PathBuf> = std::fs::read_dir(&man).unwrap().map(|entry| entry.unwrap().path()).collect();
    let help = walproof(&["--help"]).out;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in listed
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
    {
        assert!(man.join(format!("walproof-{command}.1")).is_file(), "{command}: {pages:?}");
    }
    let verify = std::fs::read_to_string(man.join("walproof-verify.1")).unwrap();
    assert!(verify.contains("prometheus") && verify.contains("fail\\-on"));
    assert!(verify.contains(".SH EXAMPLES") && verify.contains(".SH \"EXIT STATUS\""), "{verify}");
    if let Some(formatter) = program(&["man"]) {
        for page in &pages {
            let output = passed(
                Command::new(&formatter)
                    .args(["--warnings", "-l"])
                    .arg(page)
                    .env("LC_ALL", "C.UTF-8")
                    .env("MANPAGER", "cat"),
            );
            assert!(output.stderr.is_empty(), "{}: {}", page.display(), String::from_utf8_lossy(&output.stderr));
        }
    }
    if let Some(bash) = program(&["bash"]) {
        let script = format!(
            "source {}; COMP_WORDS=(walproof verify --form); COMP_CWORD=2; _walproof walproof --form verify; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            completions.join("walproof.bash").display()
        );
        let output = passed(Command::new(bash).args(["-c", &script]));
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "--format");
    }
    if let Some(zsh) = program(&["zsh"]) {
        passed(Command::new(zsh).arg("-n").arg(completions.join("_walproof")));
    }
    if let Some(fish) = program(&["fish"]) {
        passed(Command::new(fish).arg("-n").arg(completions.join("walproof.fish")));
    }
}

/// What the Jobs run, with an archive of ours in the place of the bucket.
#[test]
fn kubernetes_jobs_run_the_program_as_nobody() {
    let Some(python) = python("yaml") else { return };
    let script = "import json, sys, yaml\nfor path in sys.argv[1:]:\n    for d in yaml.safe_load_all(open(path)):\n        \
                  job = d['spec'].get('jobTemplate', d)['spec']\n        print(json.dumps([d['kind'], job]))";
    let files = ["cronjob.yaml", "job.yaml"].map(|file| example("kubernetes").join(file));
    let output = run_python(&python, script, &files.each_ref().map(|file| file.to_str().unwrap()));
    let said = String::from_utf8(output.stdout).unwrap();
    let jobs: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(jobs.iter().map(|job| &job[0]).collect::<Vec<_>>(), ["CronJob", "Job"]);
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("cipher-pass");
    std::fs::write(&passphrase, "of the repository\n").unwrap();
    for job in &jobs {
        let pod = &job[1]["template"]["spec"];
        assert_eq!((&pod["restartPolicy"], &job[1]["backoffLimit"]), (&"Never".into(), &0.into()));
        let container = &pod["containers"][0];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        let words = container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        for (archive, code) in [("demo/good", 0), ("demo/damaged", 1)] {
            let place = testdata(archive);
            let words: Vec<String> = words
                .clone()
                .map(|word| match word {
                    "s3://backups/pg-main" => place.clone(),
                    // The commits of testdata are older every day.
                    "6h" => "100000d".to_owned(),
                    word => word.replace("/keys/cipher-pass", passphrase.to_str().unwrap()),
                })
                .collect();
            let ran = walproof(&words.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(ran.code, code, "{words:?}: {}{}", ran.out, ran.err);
        }
    }
}

/// What the Containerfile copies is what a release lays beside it.
#[test]
fn the_image_has_the_program_and_nobody_in_it() {
    let text = read("container/Containerfile");
    let release =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/src/release.rs")).unwrap();
    let mut copied = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        assert!(release.contains(&format!("DIR/{}", line.split(' ').next().unwrap())), "{line}");
        copied += 1;
    }
    assert!(copied == 2 && text.contains("\nFROM scratch\n") && text.contains("\nUSER 65532:65532\n"), "{text}");
}
