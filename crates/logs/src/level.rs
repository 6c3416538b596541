//! How loudly a message was said.

/// The level of a message, as the server or a tool writes it before it; the order is that of the table of translations.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LogLevel {
    /// `DEBUG1` to `DEBUG5`.
    Debug,
    /// `LOG`.
    Log,
    /// `INFO`.
    Info,
    /// `NOTICE`.
    Notice,
    /// `WARNING`.
    Warning,
    /// `ERROR`: a statement, or a tool, ends.
    Error,
    /// `FATAL`: a process ends; where it is the startup process, the server does.
    Fatal,
    /// `PANIC`: the server ends.
    Panic,
    /// `DETAIL`: more of the message before.
    Detail,
    /// `HINT`.
    Hint,
    /// `CONTEXT`.
    Context,
}

impl LogLevel {
    /// All of them.
    pub(super) const ALL: [LogLevel; 11] = [
        LogLevel::Debug,
        LogLevel::Log,
        LogLevel::Info,
        LogLevel::Notice,
        LogLevel::Warning,
        LogLevel::Error,
        LogLevel::Fatal,
        LogLevel::Panic,
        LogLevel::Detail,
        LogLevel::Hint,
        LogLevel::Context,
    ];

    /// The level of an English word. Servers write capitals, tools write small letters; `Error` is nobody's.
    pub(super) fn of(word: &str) -> Option<LogLevel> {
        let all_small = word.chars().all(|c| !c.is_ascii_uppercase());
        let name = |level: &&LogLevel| *word == *level.name() || (all_small && word.eq_ignore_ascii_case(level.name()));
        match word.strip_suffix(|c: char| ('1'..='5').contains(&c)) {
            Some("DEBUG" | "debug") => Some(LogLevel::Debug),
            _ => LogLevel::ALL.iter().find(name).copied(),
        }
    }

    /// As the server writes it.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Debug => "DEBUG",
            LogLevel::Log => "LOG",
            LogLevel::Info => "INFO",
            LogLevel::Notice => "NOTICE",
            LogLevel::Warning => "WARNING",
            LogLevel::Error => "ERROR",
            LogLevel::Fatal => "FATAL",
            LogLevel::Panic => "PANIC",
            LogLevel::Detail => "DETAIL",
            LogLevel::Hint => "HINT",
            LogLevel::Context => "CONTEXT",
        }
    }

    /// Whether the line only adds to the message before it.
    pub fn is_addition(self) -> bool {
        matches!(self, LogLevel::Detail | LogLevel::Hint | LogLevel::Context)
    }
}
