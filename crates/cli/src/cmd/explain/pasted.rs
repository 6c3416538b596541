//! What was given to explain: words of the command line, the file of a log, or a log on standard input.

use super::utf16::Utf16;
use anyhow::{Context, bail};
use pgwal::verify::log_line::{LogReader, LogReading};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Bytes of a log that are read.
const MAX_LOG: u64 = 4 << 30;
/// Bytes of a line that are kept.
const MAX_LINE: usize = 64 << 10;

/// What was given.
pub struct PastedText {
    /// The words, or the name of the log.
    pub text: String,
    /// What its lines say.
    pub reading: LogReading,
    is_log: bool,
}

impl PastedText {
    /// As a sentence begins that says that it is nothing: "… a message about WAL" follows.
    pub fn shown(&self) -> String {
        match (self.is_log, self.text.as_str()) {
            (true, "-") => self.none_of("standard input"),
            (true, name) => self.none_of(name),
            (false, text) => format!("\"{}\" is neither a code nor", text.trim()),
        }
    }
}

impl PastedText {
    fn none_of(&self, log: &str) -> String {
        match self.reading.lines {
            0 => format!("{log} has no line: it is neither a code nor"),
            1 => format!("the only line of {log} is neither a code nor"),
            lines => format!("none of the {lines} lines of {log} is a code or"),
        }
    }
}

/// Takes what the words name, or the words themselves.
pub fn given(words: &[String]) -> anyhow::Result<PastedText> {
    if let [word] = words {
        if word == "-" {
            return Ok(PastedText {
                text: word.clone(),
                reading: log(io::stdin().lock(), "standard input")?,
                is_log: true,
            });
        }
        // Anything but a plain file is words: what is in a pipe or a device nobody meant to explain.
        if !word.contains('\n') && fs::metadata(word).is_ok_and(|m| m.is_file()) {
            let file = File::open(Path::new(word)).with_context(|| word.clone())?;
            return Ok(PastedText { text: word.clone(), reading: log(BufReader::new(file), word)?, is_log: true });
        }
    }
    // Words that a shell took apart are one line, whole lines are several.
    let are_lines = words.len() > 1 && words.iter().any(|word| word.trim().contains(' '));
    let text = words.join(if are_lines { "\n" } else { " " });
    let mut reader = LogReader::default();
    text.lines().for_each(|line| reader.take(line));
    Ok(PastedText { text, reading: reader.finish(), is_log: false })
}

fn log(mut input: impl BufRead, name: &str) -> anyhow::Result<LogReading> {
    let beginning = input.fill_buf().with_context(|| name.to_owned())?;
    if let Some(order) = Utf16::<File>::order(beginning) {
        return lines(BufReader::new(Utf16::new(input.take(MAX_LOG), order)), name);
    }
    if let Some(tool) = packed(beginning) {
        bail!("{name} is packed; unpack it on the way: {tool} < FILE | walproof explain -");
    }
    lines(input, name)
}

fn lines(input: impl BufRead, name: &str) -> anyhow::Result<LogReading> {
    let mut reader = LogReader::default();
    let mut input = input.take(MAX_LOG);
    let mut line = Vec::new();
    loop {
        let (taken, is_whole) = {
            let bytes = match input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.with_context(|| name.to_owned())?,
            };
            if bytes.is_empty() {
                break;
            }
            let end = bytes.iter().position(|&b| b == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
            let room = MAX_LINE.saturating_sub(line.len()).min(part.len());
            line.extend_from_slice(part.get(..room).unwrap_or(part));
            (part.len() + usize::from(end.is_some()), end.is_some())
        };
        input.consume(taken);
        if is_whole {
            reader.take(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    if !line.is_empty() {
        reader.take(&String::from_utf8_lossy(&line));
    }
    Ok(reader.finish())
}

/// What unpacks a log that begins so.
fn packed(beginning: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 4] = [
        (b"\x1f\x8b", "gzip -dc"),
        (b"\x28\xb5\x2f\xfd", "zstd -dc"),
        (b"\xfd7zXZ\0", "xz -dc"),
        (b"BZh", "bzip2 -dc"),
    ];
    kinds.iter().find(|(magic, _)| beginning.starts_with(magic)).map(|(_, tool)| *tool)
}
