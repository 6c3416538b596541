//! A stand-in for whoever gives out keys: answers as a test says, and knows what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The service, for as long as the test runs.
pub struct StandIn {
    pub url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

/// A request: `GET /path`, its headers in small letters (their names), its body.
pub struct Asked {
    pub line: String,
    headers: Vec<String>,
    pub body: String,
}

impl Asked {
    /// Whether a header begins so.
    pub fn has(&self, start: &str) -> bool {
        self.headers.iter().any(|header| header.starts_with(start))
    }
}

/// An answer.
#[derive(Clone)]
pub enum Said {
    Text(u16, String),
    /// None at all.
    Silent,
    /// One that does not end.
    Endless,
}

impl Said {
    pub fn good(text: &str) -> Said {
        Said::Text(200, text.to_owned())
    }

    pub fn status(status: u16, text: &str) -> Said {
        Said::Text(status, text.to_owned())
    }
}

/// Keys as machines and containers are told them.
pub fn json(id: &str, expires: &str) -> String {
    format!(
        "{{\"Code\":\"Success\",\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"secret\",\"Token\":\"t==\",\
         \"Expiration\":\"{expires}\"}}"
    )
}

/// Keys as the service of roles says them.
pub fn xml(id: &str, expires: &str) -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>secret\
         </SecretAccessKey><SessionToken>t==</SessionToken><Expiration>{expires}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    )
}

impl StandIn {
    pub fn new(says: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (url, lines) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(Mutex::new(Vec::new())));
        let (shared, says) = (Arc::clone(&lines), Arc::new(says));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, says) = (Arc::clone(&shared), Arc::clone(&says));
                thread::spawn(move || {
                    let Some(asked) = read(&stream) else { return };
                    shared.lock().unwrap().push(asked.line.clone());
                    answer(&stream, says(&asked));
                });
            }
        });
        StandIn { url, lines }
    }

    /// What was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

fn answer(mut stream: &TcpStream, said: Said) {
    match said {
        Said::Text(status, text) => {
            let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            let _ = stream.write_all(format!("{head}{text}").as_bytes());
        }
        Said::Silent => thread::sleep(Duration::from_secs(60)),
        Said::Endless => {
            let head = "HTTP/1.1 200 Said\r\nConnection: close\r\n\r\n";
            let mut goes_on = stream.write_all(head.as_bytes()).is_ok();
            while goes_on {
                goes_on = stream.write_all(&[b'x'; 4096]).is_ok();
            }
        }
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&count| count > 0)?;
    let line = line.rsplit_once(' ')?.0.to_owned();
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.trim().parse().ok()?;
        }
        headers.push(format!("{name}: {}", value.trim()));
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body).ok()?;
    Some(Asked { line, headers, body })
}
