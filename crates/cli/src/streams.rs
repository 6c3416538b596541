//! Standard output and standard error: opened here alone, behind a guard of the form of what is written.

use pgwal_report::outside::{OutputForm, OutputGuard};
use std::io::{self, BufWriter, IsTerminal, Write};

/// Standard output for an answer, written when it is flushed.
#[expect(clippy::disallowed_methods, reason = "opened here, behind the guard")]
pub fn page(form: OutputForm) -> OutputGuard<Box<dyn Write>> {
    let out: Box<dyn Write> = match form {
        OutputForm::Styled => Box::new(BufWriter::new(anstream::stdout().lock())),
        _ => Box::new(BufWriter::new(io::stdout().lock())),
    };
    OutputGuard::new(form, out)
}

/// Standard output for a list, written as it comes.
#[expect(clippy::disallowed_methods, reason = "opened here, behind the guard")]
pub fn stream(form: OutputForm) -> OutputGuard<io::StdoutLock<'static>> {
    OutputGuard::new(form, io::stdout().lock())
}

/// Standard error. It is not locked: other threads move a bar there.
#[expect(clippy::disallowed_methods, reason = "opened here, behind the guard")]
pub fn standard_error() -> OutputGuard<io::Stderr> {
    OutputGuard::new(OutputForm::Plain, io::stderr())
}

/// Whether somebody reads the answer as it is written.
#[expect(clippy::disallowed_methods, reason = "asked, not written to")]
pub fn is_read_on_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Columns of the terminal on which the answer is read, where it is read on one.
#[expect(clippy::disallowed_methods, reason = "asked, not written to")]
pub fn columns() -> Option<usize> {
    io::stdout().is_terminal().then(terminal_size::terminal_size)?.map(|(width, _)| usize::from(width.0))
}

/// Whether somebody sees standard error.
#[expect(clippy::disallowed_methods, reason = "asked, not written to")]
pub fn is_watched_on_terminal() -> bool {
    io::stderr().is_terminal()
}
