//! The page: nothing from elsewhere, nothing that a name of a file could become, and what a real browser makes of it.

use crate::elements::{Element, elements};
use crate::run::{testdata, walproof};
use crate::tools::{passed, program};
use crate::{archives, hostile, inside};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

const ELEMENTS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "main", "header", "footer", "div", "h1", "h2", "p", "span", "br",
    "b", "small", "code", "time", "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "details",
    "summary", "svg", "defs", "pattern", "g", "path", "rect", "text", "pre",
];

/// Fails where anything is in the page that we do not write.
fn page(text: &str) -> Vec<Element> {
    let found = elements(text, &["meta", "br"]);
    for element in &found {
        assert!(ELEMENTS.contains(&element.name.as_str()), "<{}>", element.name);
        for (name, value) in &element.attributes {
            assert!(
                !name.starts_with("on") && !matches!(name.as_str(), "src" | "href" | "style" | "action" | "srcset"),
                "{name}={value}"
            );
        }
    }
    let style = text.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(!style.contains("@import") && style.matches("url(").count() == style.matches("url(#").count());
    let policy = found.iter().find(|e| e.get("http-equiv") == Some("Content-Security-Policy")).unwrap();
    assert!(policy.get("content").unwrap().starts_with("default-src 'none';"));
    found
}

fn html(archive: &str) -> String {
    walproof(&["verify", archive, "--format", "html"]).out
}

#[test]
fn every_archive_has_a_page() {
    let hostile = hostile();
    let all = archives();
    let (pages, mut files) = (tempfile::tempdir().unwrap(), Vec::new());
    for archive in all.iter().map(|(folder, _)| folder).chain([&inside(&hostile)]) {
        let text = html(archive);
        let found = page(&text);
        let count = |class: &str| {
            found.iter().filter(|e| e.get("class").is_some_and(|c| c.split(' ').any(|c| c == class))).count()
        };
        let verdict: serde_json::Value =
            serde_json::from_str(&walproof(&["verify", archive, "--format", "json"]).out).unwrap();
        assert_eq!(count("lane"), verdict["timelines"].as_array().unwrap().len(), "{archive}");
        assert_eq!(count(verdict["verdict"].as_str().unwrap()), 1, "{archive}");
        for finding in verdict["findings"].as_array().unwrap() {
            assert!(text.contains(&format!("<code>{}</code>", finding["code"].as_str().unwrap())), "{archive}");
        }
        let file = pages.path().join(format!("{}.html", files.len()));
        std::fs::write(&file, &text).unwrap();
        files.push(file);
    }
    if let Some(tidy) = program(&["tidy"]) {
        // It knows nothing of SVG within HTML but that it is allowed.
        let output = passed(Command::new(tidy).args(["-q", "-e"]).args(&files));
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Events over time, and the way back to before one of them.
#[test]
fn events_have_a_page() {
    let words = ["events", &testdata("demo/good"), "--rows", "1", "--timezone", "UTC", "--format", "html"];
    let text = walproof(&[&words[..], &["--before", "last"]].concat()).out;
    let found = page(&text);
    let document = walproof(&["events", &testdata("demo/good"), "--rows", "1", "--format", "json"]).out;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let rows = found.iter().filter(|e| e.name == "tr").count();
    assert_eq!(rows, document["events"].as_array().unwrap().len() + 1);
    for picture in ["wide", "narrow"] {
        assert_eq!(found.iter().filter(|e| e.get("class") == Some(picture)).count(), 1, "{picture}");
    }
    assert!(found.iter().any(|e| e.get("class").is_some_and(|class| class.starts_with("mark "))));
    assert!(text.contains("\nrecovery_target_inclusive = &#39;false&#39;\n"), "{text}");
    let hostile = walproof(&["events", &inside(&hostile()), "--format", "html"]).out;
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in [text, hostile].iter().filter(|text| !text.is_empty()).enumerate() {
        page(text);
        let file = folder.path().join(format!("{number}.html"));
        std::fs::write(&file, text).unwrap();
        if let Some(tidy) = program(&["tidy"]) {
            let output = passed(Command::new(tidy).args(["-q", "-e"]).arg(&file));
            assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// What a restore adds to the answer is on its page, and volume is counted of what it replays alone.
#[test]
fn a_restore_has_a_page() {
    let restore = |options: &[&str]| {
        let words = ["verify", &testdata("demo/good"), "--backup", "latest", "--timezone", "UTC", "--format", "html"];
        walproof(&[&words, options].concat()).out
    };
    let (whole, early) = (restore(&[]), restore(&["--target-time", "2026-11-22 03:17:02.45"]));
    let volume = |text: &str| {
        let figure = text.split(" in records on the way of recovery").next().unwrap().rsplit('>').next().unwrap();
        figure.to_owned()
    };
    for text in [&whole, &early] {
        let found = page(text);
        for label in ["RESTORE", "COMMITS", "FILES", "ASSUMED"] {
            assert!(text.contains(&format!("<dt>{label}</dt>")), "{label}");
        }
        // Each picture for a screen and for a telephone; and in a table on a telephone each figure has its label.
        for picture in ["wide", "narrow"] {
            assert_eq!(found.iter().filter(|e| e.get("class") == Some(picture)).count(), 2, "{picture}");
        }
        assert!(found.iter().any(|e| e.name == "td" && e.get("data-label") == Some("Last commit")));
    }
    assert_ne!(volume(&whole), volume(&early));
}

#[test]
fn ten_thousand_findings_are_folded() {
    let folder = tempfile::tempdir().unwrap();
    crate::copy(Path::new(&testdata("demo/good")), folder.path());
    for i in 0..10_000 {
        std::fs::write(folder.path().join(format!("{:08X}.history", i + 16)), "moon\n").unwrap();
    }
    let text = html(folder.path().to_str().unwrap());
    let found = page(&text);
    let rows = found.iter().filter(|e| e.name == "tr").count();
    assert!(rows > 10_000, "{rows}");
    assert!(found.iter().filter(|e| e.get("class") == Some("more")).count() >= 9);
    assert!(text.len() < 8 << 20, "{} bytes", text.len());
}

/// Opened in a browser, light and dark: what it made of the page, and a picture of it kept in the target folder.
#[test]
fn a_browser_shows_it_and_asks_nobody() {
    let browser = program(&["chromium", "chromium-browser", "google-chrome", "chrome-headless-shell"]);
    let Some(browser) = browser else { return };
    let folder = hostile();
    // Anything that asks for something would ask here.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let port = server.local_addr().unwrap().port();
    let text = html(&inside(&folder)).replace("127.0.0.1:1/", &format!("127.0.0.1:{port}/"));
    let file = folder.path().join("page.html");
    std::fs::write(&file, &text).unwrap();
    let dom = String::from_utf8(open(&browser, &file, &["--dump-dom"])).unwrap();
    for wanted in [
        "REFUTED",
        "id=\"lanes\"",
        "class=\"lane\"",
        "timeline 1",
        "id=\"volume\"",
        "WP201",
        "incorrect resource manager data checksum",
    ] {
        assert!(dom.contains(wanted), "{wanted} is not in {dom}");
    }
    // No name became an element.
    for name in ["<script", "<img", "<b onmouseover"] {
        assert!(!dom.contains(name), "{name} in {dom}");
    }
    assert_eq!(dom.matches("<table").count(), text.matches("<table").count());
    for (archive, mode, name, color) in [
        (inside(&folder), &[][..], "page-light", [0xf5, 0xf6, 0xf8]),
        (inside(&folder), &["--force-dark-mode"], "page-dark", [0x11, 0x15, 0x1a]),
        (testdata("15/archive"), &[], "timelines-light", [0xf5, 0xf6, 0xf8]),
        (testdata("15/archive"), &["--force-dark-mode"], "timelines-dark", [0x11, 0x15, 0x1a]),
    ] {
        std::fs::write(&file, html(&archive)).unwrap();
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        let shot = format!("--screenshot={}", picture.display());
        let words: Vec<&str> =
            [shot.as_str(), "--hide-scrollbars", "--window-size=1280,2000"].iter().chain(mode).copied().collect();
        open(&browser, &file, &words);
        assert_eq!(first_pixel(&picture), color, "{}", picture.display());
    }
    assert!(server.accept().is_err(), "the page asked for something");
}

fn open(browser: &Path, file: &Path, words: &[&str]) -> Vec<u8> {
    let profile = tempfile::tempdir().unwrap();
    let quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ];
    let mut command = Command::new(browser);
    command.args(quiet).args(["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).args(words);
    command.arg(format!("file://{}", file.display()));
    passed(&mut command).stdout
}

/// The colour in the corner: the first bytes of the first line, which no filter of PNG changes.
fn first_pixel(file: &PathBuf) -> [u8; 3] {
    let bytes = std::fs::read(file).unwrap();
    let mut packed = Vec::new();
    let mut rest = &bytes[8..];
    while rest.len() >= 12 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        if &rest[4..8] == b"IDAT" {
            packed.extend_from_slice(&rest[8..8 + length]);
        }
        rest = &rest[12 + length..];
    }
    let mut pixel = [0; 4];
    flate2::read::ZlibDecoder::new(&packed[..]).read_exact(&mut pixel).unwrap();
    [pixel[1], pixel[2], pixel[3]]
}
