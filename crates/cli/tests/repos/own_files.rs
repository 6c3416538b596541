//! What a tool's own files say decides what it restores, and what has to be typed for that.

use super::build::{self, Repo, SEGMENTS};
use super::{codes, json};

#[test]
fn wal_that_barman_does_not_list_is_told_and_its_list_is_written_anew_first() {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    let typed = |repo: &Repo| {
        let (document, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
        assert_eq!((code, &document["verdict"]), (0, &"proven".into()), "{document}");
        let typed = document["repository"]["restore_command"].as_str().unwrap().to_owned();
        (typed, codes(&document))
    };
    let line = |segment: &str| format!("{segment}\t1048576\t1795881374.86\tNone\n");
    let recover = format!("barman recover --target-tli=latest prod {} DIR", build::BARMAN_ID);
    repo.put("prod/wals/prod-xlog.db", SEGMENTS.map(line).concat());
    assert_eq!(typed(&repo), (recover.clone(), Vec::new()));
    let anew = format!("barman rebuild-xlogdb prod &&\n{recover}");
    repo.put("prod/wals/prod-xlog.db", line(SEGMENTS[0]));
    assert_eq!(typed(&repo), (anew.clone(), vec!["WP126 warning".to_owned()]));
    repo.remove("prod/wals/prod-xlog.db");
    assert_eq!(typed(&repo), (anew, Vec::new()));
}
