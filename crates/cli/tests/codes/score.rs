//! The runner with which other tools are scored, on this one and on one that looks at nothing; what
//! docs/for-backup-tools.md says of both.

use walproof_testdata::{ScoredTool, root, score_cases, score_repositories};

fn tool(command: &str) -> ScoredTool {
    ScoredTool {
        command: command.replace("walproof ", &format!("'{}' ", env!("CARGO_BIN_EXE_walproof"))),
        damage_text: None,
    }
}

#[test]
fn this_program_catches_all_of_it_and_nothing_catches_none() {
    let commands = ["walproof verify -q {}", "true"];
    let scratch = tempfile::tempdir().unwrap();
    let scores = score_cases(&commands.map(tool), scratch.path()).unwrap();
    assert_eq!((scores[0].caught(), scores[0].damaged, scores[0].good), (46, 46, 11), "{}", scores[0]);
    assert!(scores[0].false_alarms.is_empty(), "{}", scores[0]);
    assert_eq!((scores[1].caught(), scores[1].missed.len()), (0, 46));
    let page = std::fs::read_to_string(root().join("../docs/for-backup-tools.md")).unwrap();
    for (command, score) in commands.iter().zip(&scores) {
        let said = score.to_string();
        let told = format!("{command}\n{}\n", said.lines().last().unwrap());
        assert!(page.contains(&told), "docs/for-backup-tools.md does not say: {told}");
    }
}

#[test]
fn repositories_of_ones_own_are_scored_by_what_lies_beside_them() {
    let repos = tempfile::tempdir().unwrap();
    let at = |path: &str| repos.path().join("one").join(path);
    for (from, to) in [("good", "good"), ("damaged", "damaged/flip"), ("good", "damaged/nothing")] {
        std::fs::create_dir_all(at(to)).unwrap();
        for file in std::fs::read_dir(root().join("demo").join(from)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), at(to).join(file.file_name())).unwrap();
        }
    }
    let put = |path: &str, verdict: &str| {
        let told = format!("{{\"what_was_done\": \"as said\", \"expect\": {{\"verdict\": \"{verdict}\"}}}}");
        std::fs::write(at(path), told).unwrap();
    };
    std::fs::write(at("manifest.json"), "{}").unwrap();
    put("damaged/flip.json", "REFUTED");
    put("damaged/nothing.json", "PROVEN");
    let scores = score_repositories(&[tool("walproof verify -q {}"), tool("false")], repos.path()).unwrap();
    assert_eq!((scores[0].caught(), scores[0].damaged, scores[0].false_alarms.len()), (1, 1, 0), "{}", scores[0]);
    assert_eq!((scores[1].caught(), scores[1].good, scores[1].false_alarms.len()), (1, 2, 2), "{}", scores[1]);
}
