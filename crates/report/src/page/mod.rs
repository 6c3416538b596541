//! The frame of a page, and what all pages have.
//!
//! One file with nothing from elsewhere: styles in it, pictures as SVG in it, no script. Its own policy forbids all
//! that, so that whatever a hostile name managed to be, it would load nothing and run nothing. Light or dark as the
//! reader's system is.

pub mod canvas;

use crate::outside::Escaped;
use crate::time::{Zone, rfc3339};
use pgwal_format::rmgr::xact::Timestamp;
use std::fmt::Write;
use std::time::Duration;

/// Only its own styles. `'none'` is for everything else: scripts, pictures, fonts, connections, forms.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Begins a page with this title.
pub fn open(title: &str) -> String {
    let mut out = String::with_capacity(64 << 10);
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        Escaped(title),
        include_str!("style.css")
    );
    out
}

/// Ends it: when it was made, and how long that took.
pub fn close(out: &mut String, began: Timestamp, took: Duration, zone: &Zone) {
    let _ = write!(
        out,
        "<footer>walproof {}, {}, {:.1} s</footer>\n</main>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        moment(began, zone),
        took.as_secs_f64()
    );
}

/// A label and its lines in a list of answers.
pub fn term(out: &mut String, label: &str, text: &[String]) {
    let lines: Vec<String> = text.iter().map(|line| Escaped(line).to_string()).collect();
    let _ = writeln!(out, "<dt>{label}</dt><dd>{}</dd>", lines.join("<br>"));
}

/// A cell of a table; where the page is narrow its label stands beside it.
pub fn cell(out: &mut String, label: &str, class: &str, text: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = write!(out, "<td{class} data-label=\"{}\">{text}</td>", Escaped(label));
}

/// A time with its machine-readable form.
pub fn moment(time: Timestamp, zone: &Zone) -> String {
    match (rfc3339(time), zone.local(time)) {
        // To the second: nobody reads further.
        (Some(utc), Some(local)) => {
            let seconds: String = local.chars().take(19).collect();
            let zone: String = local.chars().skip(19).skip_while(|c| !matches!(c, '+' | '-')).collect();
            format!("<time datetime=\"{utc}\">{} {}</time>", Escaped(seconds), Escaped(zone))
        }
        _ => "a time that no calendar has".into(),
    }
}
