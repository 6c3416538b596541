//! Arrays in descriptions: `, dead: [1, 2, 3]` as 16 and later print them (`array_desc`); earlier versions leave them
//! to documents.

use super::cursor::Cursor;
use super::sink::{Nest, Show, Sink, Value};
use super::table::Short;

/// Tells one element, shown or not.
pub(super) type Each<'e> = &'e mut dyn FnMut(&mut dyn Sink, Show) -> Result<(), Short>;

/// A list of `count` elements. With `words`, the text shows it behind them; without, only documents have it.
pub(super) fn array(
    sink: &mut dyn Sink,
    name: &'static str,
    words: Option<&str>,
    count: usize,
    each: Each<'_>,
) -> Result<(), Short> {
    let show = if words.is_some() { Show::Plain } else { Show::Not };
    if let Some(words) = words {
        sink.text(words);
        sink.text("[");
    }
    sink.open(name, Nest::List);
    let mut told = Ok(());
    for i in 0..count {
        if i > 0 && words.is_some() {
            sink.text(", ");
        }
        told = each(sink, show);
        if told.is_err() {
            break;
        }
    }
    sink.close(Nest::List);
    if words.is_some() && told.is_ok() {
        sink.text("]");
    }
    told
}

/// All that is left, as numbers of two bytes: line pointers of a page.
pub(super) fn offsets(
    sink: &mut dyn Sink,
    name: &'static str,
    words: Option<&str>,
    mut all: Cursor<'_>,
) -> Result<(), Short> {
    array(sink, name, words, all.rest.len().div_ceil(2), &mut |sink, show| {
        sink.field("", Value::Unsigned(all.u16(name)?.into()), show);
        Ok(())
    })
}

/// The names of the bits that are set.
pub(super) fn names(
    sink: &mut dyn Sink,
    name: &'static str,
    words: Option<&str>,
    bits: u16,
    table: &[(u16, &'static str)],
) -> Result<(), Short> {
    let mut set = table.iter().filter(|(bit, _)| bits & bit != 0);
    let count = set.clone().count();
    array(sink, name, words, count, &mut |sink, show| {
        if let Some((_, word)) = set.next() {
            sink.field("", Value::Name(word), show);
        }
        Ok(())
    })
}
