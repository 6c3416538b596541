//! A store on loopback: serves objects in memory as S3 does (ListObjectsV2, GET with Range, PUT with a condition), and
//! misbehaves as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What it does to requests for objects.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StoreManner {
    /// As it should.
    Good,
    /// So many answers of 500 before it does.
    Failing(usize),
    /// 403 with this code.
    Refusing(&'static str),
    /// The same for whatever is asked, lists included.
    #[allow(dead_code, reason = "tests of other crates do not ask")]
    Locked(&'static str),
    /// 404 for an object that it lists.
    Forgetting,
    /// So many bodies end in their middle before one does not.
    Breaking(usize),
    /// Says that there is more than it sends, each time.
    Lying,
    /// Sends other bytes of that many than it listed.
    Shorter,
    /// A few bytes at a time.
    Slow,
    /// Puts replace what is there, whatever condition they name.
    #[allow(dead_code, reason = "tests of other crates ask")]
    Unconditional,
    /// Of what is put, half is kept.
    #[allow(dead_code, reason = "tests of other crates ask")]
    Halving,
}

pub struct StoreServer {
    pub url: String,
    state: Arc<StoreState>,
}

struct StoreState {
    objects: Mutex<BTreeMap<String, StoredObject>>,
    manner: Mutex<StoreManner>,
    page: usize,
    gets: AtomicUsize,
    bytes: AtomicUsize,
    lists: AtomicUsize,
    busy: AtomicUsize,
    most: AtomicUsize,
    /// Every request, in order: its method and what it is about.
    requests: Mutex<Vec<String>>,
}

#[derive(Clone)]
struct StoredObject {
    bytes: Arc<Vec<u8>>,
    /// As real stores do, it is made once, when the object is put.
    tag: String,
}

impl StoredObject {
    fn of(bytes: Vec<u8>) -> StoredObject {
        StoredObject { tag: tag(&bytes), bytes: Arc::new(bytes) }
    }
}

impl StoreServer {
    /// Serves objects of the bucket `b`; a listing has so many names a page.
    pub fn new(objects: impl IntoIterator<Item = (String, Vec<u8>)>, page: usize) -> StoreServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(StoreState {
            objects: Mutex::new(objects.into_iter().map(|(key, bytes)| (key, StoredObject::of(bytes))).collect()),
            manner: Mutex::new(StoreManner::Good),
            page,
            gets: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            requests: Mutex::new(Vec::new()),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // An answer's body waits for nobody's acknowledgement of its head.
                let _ = stream.set_nodelay(true);
                thread::spawn(move || while state.answer(&stream).is_some_and(|goes_on| goes_on) {});
            }
        });
        StoreServer { url, state }
    }

    pub fn behaves(&self, manner: StoreManner) {
        *self.state.manner.lock().unwrap() = manner;
    }

    /// What it holds, by name.
    #[allow(dead_code, reason = "tests of other crates ask")]
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        let objects = self.state.objects.lock().unwrap();
        objects.iter().map(|(key, object)| (key.clone(), object.bytes.to_vec())).collect()
    }

    #[allow(dead_code, reason = "tests of other crates ask")]
    pub fn holds(&self, key: &str) -> Option<Vec<u8>> {
        self.state.objects.lock().unwrap().get(key).map(|object| object.bytes.to_vec())
    }

    #[allow(dead_code, reason = "tests of other crates ask")]
    pub fn remove(&self, key: &str) {
        self.state.objects.lock().unwrap().remove(key);
    }

    pub fn put(&self, key: &str, bytes: Vec<u8>) {
        self.state.objects.lock().unwrap().insert(key.to_owned(), StoredObject::of(bytes));
    }

    /// All requests since the last time, in order: `LIST wal/0000`, `GET wal/0000.zst`, `HEAD …`, `PUT …`.
    #[allow(dead_code, reason = "tests of other crates ask")]
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.state.requests.lock().unwrap())
    }

    /// Objects that were asked for, bytes that were sent of them, and pages of lists, since the last time.
    pub fn asked(&self) -> (usize, usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::Relaxed);
        (take(&self.state.gets), take(&self.state.bytes), take(&self.state.lists))
    }

    /// Most requests at once.
    pub fn most(&self) -> usize {
        self.state.most.load(Ordering::Relaxed)
    }
}

struct StoreRequest {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    range: Option<(usize, Option<usize>)>,
    if_match: Option<String>,
    if_none_match: bool,
    signed: bool,
    /// What is put.
    body: Option<Vec<u8>>,
    /// Only the headers are wanted.
    head: bool,
}

impl StoreState {
    /// Answers one request; whether the connection goes on.
    fn answer(&self, stream: &TcpStream) -> Option<bool> {
        let request = read(stream)?;
        self.note(&request);
        self.most.fetch_max(self.busy.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let goes_on = if request.head { self.looked_at(stream, &request) } else { self.answered(stream, &request) };
        self.busy.fetch_sub(1, Ordering::Relaxed);
        goes_on
    }

    fn note(&self, request: &StoreRequest) {
        let key = request.path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
        let prefix = request.query.get("prefix").map_or("", String::as_str);
        let (method, about) = match request.method.as_str() {
            "GET" if key.is_empty() => ("LIST", prefix),
            method => (method, key),
        };
        self.requests.lock().unwrap().push(format!("{method} {about}"));
    }

    /// An answer without a body, whatever it is.
    fn looked_at(&self, stream: &TcpStream, request: &StoreRequest) -> Option<bool> {
        let key = request.path.trim_start_matches('/').split_once('/')?.1;
        let found = self.objects.lock().unwrap().get(key).cloned();
        let refused = matches!(*self.manner.lock().unwrap(), StoreManner::Refusing(_)) || !request.signed;
        match found {
            _ if refused => head(stream, 403, &[], 0)?,
            None => head(stream, 404, &[], 0)?,
            Some(StoredObject { bytes, tag }) => {
                let tag = format!("ETag: {tag}");
                head(stream, 200, &[tag, "Last-Modified: Sat, 28 Nov 2026 15:00:00 GMT".to_owned()], bytes.len())?;
            }
        }
        Some(true)
    }

    fn answered(&self, stream: &TcpStream, request: &StoreRequest) -> Option<bool> {
        if !request.signed {
            return refuse(stream, 403, "AccessDenied");
        }
        let manner = *self.manner.lock().unwrap();
        if let StoreManner::Locked(code) = manner {
            return refuse(stream, 403, code);
        }
        let path = request.path.trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        if bucket != "b" {
            return refuse(stream, 404, "NoSuchBucket");
        }
        if key.is_empty() {
            if request.query.contains_key("delete") {
                return self.removes(stream, request.body.as_deref().unwrap_or(&[]));
            }
            self.lists.fetch_add(1, Ordering::Relaxed);
            return send(stream, 200, &[], self.list(&request.query).as_bytes());
        }
        if let Some(body) = &request.body {
            return self.take_in(stream, key, request, body);
        }
        self.gets.fetch_add(1, Ordering::Relaxed);
        let found = self.objects.lock().unwrap().get(key).cloned();
        let Some(StoredObject { bytes, tag }) = found else { return refuse(stream, 404, "NoSuchKey") };
        let manner = {
            let mut manner = self.manner.lock().unwrap();
            let now = *manner;
            match now {
                StoreManner::Failing(0) | StoreManner::Breaking(0) => *manner = StoreManner::Good,
                StoreManner::Failing(times) => *manner = StoreManner::Failing(times - 1),
                StoreManner::Breaking(times) => *manner = StoreManner::Breaking(times - 1),
                _ => {}
            }
            now
        };
        if request.if_match.as_ref().is_some_and(|wanted| *wanted != tag) {
            return refuse(stream, 412, "PreconditionFailed");
        }
        let whole = bytes.len();
        let (from, to) = match request.range {
            None => (0, whole),
            Some((from, to)) => (from, to.map_or(whole, |to| (to + 1).min(whole))),
        };
        if from >= to && whole > 0 {
            return refuse(stream, 416, "InvalidRange");
        }
        let body = &bytes[from..to];
        let mut headers = vec![format!("ETag: {tag}"), "Last-Modified: Sat, 28 Nov 2026 15:00:00 GMT".to_owned()];
        let code = if request.range.is_some() {
            headers.push(format!("Content-Range: bytes {from}-{}/{whole}", to.saturating_sub(1)));
            206
        } else {
            200
        };
        match manner {
            StoreManner::Failing(1..) => refuse(stream, 500, "InternalError"),
            StoreManner::Refusing(code) => refuse(stream, 403, code),
            StoreManner::Forgetting => refuse(stream, 404, "NoSuchKey"),
            StoreManner::Breaking(1..) | StoreManner::Lying => {
                head(stream, code, &headers, body.len())?;
                (&*stream).write_all(&body[..body.len() / 2]).ok()?;
                Some(false)
            }
            StoreManner::Shorter => send(stream, 200, &headers, &body[..body.len() / 2]),
            StoreManner::Slow => {
                head(stream, code, &headers, body.len())?;
                for piece in body.chunks(body.len().div_ceil(20).max(1)) {
                    (&*stream).write_all(piece).ok()?;
                    thread::sleep(Duration::from_millis(20));
                }
                Some(true)
            }
            _ => {
                self.bytes.fetch_add(body.len(), Ordering::Relaxed);
                send(stream, code, &headers, body)
            }
        }
    }

    fn take_in(&self, stream: &TcpStream, key: &str, request: &StoreRequest, body: &[u8]) -> Option<bool> {
        let manner = *self.manner.lock().unwrap();
        if let StoreManner::Refusing(code) = manner {
            return refuse(stream, 403, code);
        }
        let body = if manner == StoreManner::Halving { &body[..body.len() / 2] } else { body };
        let mut objects = self.objects.lock().unwrap();
        let now = objects.get(key).map(|object| object.tag.clone());
        let refused = request.if_none_match && now.is_some() || request.if_match.is_some() && request.if_match != now;
        if refused && manner != StoreManner::Unconditional {
            return refuse(stream, 412, "PreconditionFailed");
        }
        let object = StoredObject::of(body.to_vec());
        let said = format!("ETag: {}", object.tag);
        objects.insert(key.to_owned(), object);
        send(stream, 200, &[said], b"")
    }

    /// Several at once: `<Delete><Object><Key>…</Key></Object>…</Delete>`.
    fn removes(&self, stream: &TcpStream, body: &[u8]) -> Option<bool> {
        let text = String::from_utf8_lossy(body);
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        let mut objects = self.objects.lock().unwrap();
        let gone = |key: &str| {
            objects.remove(key);
            format!("<Deleted><Key>{key}</Key></Deleted>")
        };
        let told: String = keys.map(gone).collect();
        send(stream, 200, &[], format!("<?xml version=\"1.0\"?><DeleteResult>{told}</DeleteResult>").as_bytes())
    }

    fn list(&self, query: &BTreeMap<String, String>) -> String {
        let said = |name: &str| query.get(name).map_or("", String::as_str);
        let (prefix, delimiter) = (said("prefix"), said("delimiter"));
        let after = said("continuation-token").max(said("start-after"));
        let objects = self.objects.lock().unwrap();
        let (mut items, mut last, mut more) = (Vec::new(), String::new(), false);
        for (key, object) in objects.range(prefix.to_owned()..) {
            let Some(rest) = key.strip_prefix(prefix) else { break };
            let folder = rest.find(delimiter).filter(|_| !delimiter.is_empty()).map(|at| &key[..prefix.len() + at + 1]);
            let name = folder.unwrap_or(key).to_owned();
            if name.as_str() <= after || name == last {
                continue;
            }
            if items.len() == self.page {
                more = true;
                break;
            }
            items.push(match folder {
                Some(folder) => format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"),
                None => format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-11-28T15:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
                    object.tag.replace('"', "&quot;"),
                    object.bytes.len()
                ),
            });
            last = name;
        }
        let token = if more { format!("<NextContinuationToken>{last}</NextContinuationToken>") } else { String::new() };
        format!(
            "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><IsTruncated>{more}</IsTruncated>{token}{}</ListBucketResult>",
            items.concat()
        )
    }
}

fn tag(bytes: &[u8]) -> String {
    format!("\"{:x}\"", bytes.iter().fold(7u64, |sum, &b| sum.wrapping_mul(31).wrapping_add(u64::from(b))))
}

fn read(stream: &TcpStream) -> Option<StoreRequest> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&count| count > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut request = StoreRequest {
        method: line.split(' ').next().unwrap_or_default().to_owned(),
        path: decoded(path),
        query: query.map(|(name, value)| (decoded(name), decoded(value))).collect(),
        range: None,
        if_match: None,
        if_none_match: false,
        signed: false,
        body: None,
        head: line.starts_with("HEAD "),
    };
    let is_put = line.starts_with("PUT ") || line.starts_with("POST ");
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (from, to) = value.strip_prefix("bytes=")?.split_once('-')?;
                request.range = Some((from.parse().ok()?, to.parse().ok()));
            }
            "if-match" => request.if_match = Some(value.to_owned()),
            "if-none-match" => request.if_none_match = value == "*",
            "authorization" => request.signed = value.contains("Credential=KEY/"),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).ok()?;
    // Whoever puts has gone away: nothing of it is kept.
    if (body.len() as u64) < length {
        return None;
    }
    request.body = is_put.then_some(body);
    Some(request)
}

fn decoded(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [a, b, behind @ ..]) => {
                out.push(u8::from_str_radix(&String::from_utf8_lossy(&[*a, *b]), 16).unwrap_or(b'?'));
                rest = behind;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

fn refuse(stream: &TcpStream, status: u16, code: &str) -> Option<bool> {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>by the test</Message></Error>");
    send(stream, status, &[], body.as_bytes())
}

fn send(stream: &TcpStream, status: u16, headers: &[String], body: &[u8]) -> Option<bool> {
    head(stream, status, headers, body.len())?;
    (&*stream).write_all(body).ok()?;
    Some(true)
}

fn head(mut stream: &TcpStream, status: u16, headers: &[String], length: usize) -> Option<()> {
    let mut head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n");
    for header in headers {
        head += header;
        head += "\r\n";
    }
    head += "\r\n";
    stream.write_all(head.as_bytes()).ok()
}
