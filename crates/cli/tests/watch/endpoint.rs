//! The endpoint, and clients that are not meant well.

use crate::started::{Started, copied, text};
use crate::tools::{python, run_python};
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn requests_of_every_kind() {
    let (_folder, archive) = copied("demo/good");
    let watch = Started::of(&[text(&archive), "--listen", "0"]);
    watch.health("200");
    assert!(watch.address().starts_with("127.0.0.1:"));
    for (request, status) in [
        (&b"GET /metrics HTTP/1.0\r\n\r\n"[..], "200"),
        (b"GET /metrics?x=1 HTTP/1.1\nHost: a\n\n", "200"),
        (b"HEAD /health HTTP/1.0\r\n\r\n", "200"),
        (b"GET / HTTP/1.0\r\n\r\n", "404"),
        (b"GET /../etc/passwd HTTP/1.0\r\n\r\n", "404"),
        (b"POST /metrics HTTP/1.0\r\n\r\n", "405"),
        (b"\0\xFF\xFE\r\n\r\n", "400"),
        (b"\r\n\r\n", "400"),
    ] {
        let said = watch.send(request);
        assert!(said.starts_with(&format!("HTTP/1.0 {status} ")), "{:?}: {said}", String::from_utf8_lossy(request));
    }
    let head = watch.send(b"HEAD /metrics HTTP/1.0\r\n\r\n");
    assert!(head.ends_with("\r\n\r\n") && head.contains("Content-Type: text/plain; version=0.0.4"), "{head}");
    // More than any request has is not read to its end.
    let long = [b"GET /metrics HTTP/1.0\r\nX: ".to_vec(), vec![b'x'; 1 << 20]].concat();
    let said = watch.send(&long);
    assert!(said.is_empty() || said.starts_with("HTTP/1.0 431 "), "{said}");
    watch.health("200");
}

/// Those who connect and say nothing keep nobody out for long.
#[test]
fn clients_that_say_nothing() {
    let (_folder, archive) = copied("demo/good");
    let watch = Started::of(&[text(&archive), "--listen", "0"]);
    watch.until("state", 1);
    let mut silent: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(watch.address()).unwrap()).collect();
    for stream in &mut silent {
        let _ = stream.write_all(b"GET /met");
    }
    watch.health("200");
    for mut stream in silent {
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        assert!(said.is_empty());
    }
}

#[test]
fn a_parser_of_prometheus_reads_it() {
    let Some(python) = python("prometheus_client.parser") else { return };
    let (_folder, archive) = copied("demo/good");
    let (_other, damaged) = copied("demo/damaged");
    let watch = Started::of(&[text(&archive), text(&damaged), "--listen", "0"]);
    watch.until("state", 2);
    watch.looks(1);
    let script = "import sys, urllib.request\nfrom prometheus_client.parser import text_string_to_metric_families as read\n\
                  text = urllib.request.urlopen('http://' + sys.argv[1] + '/metrics').read().decode()\n\
                  families = {f.name: f for f in read(text)}\n\
                  verdicts = {(s.labels['archive'], s.labels['verdict']): s.value for s in families['walproof_verdict'].samples}\n\
                  assert verdicts[sys.argv[2], 'proven'] == 1 and verdicts[sys.argv[3], 'refuted'] == 1, verdicts\n\
                  assert families['walproof_watch_looks'].type == 'counter'\n\
                  assert {s.labels['archive'] for s in families['walproof_watch_up'].samples} == set(sys.argv[2:4])";
    run_python(&python, script, &[&watch.address(), text(&archive), text(&damaged)]);
}
