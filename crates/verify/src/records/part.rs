//! What renderers put out: text, and events between it.
//!
//! ```text
//! text     0/00AAC648 Heap …\n0/00AAC690 Heap …\n0/00AAC6E8 …
//! events                     ▲ said beside it    ▲ an image
//! ```
//! What is rendered is kept, cut at a limit, or thrown away before it is told: what belongs beside a line goes with it.

use std::convert::Infallible;
use std::io;

/// Nothing but text is put out.
pub type NoEvent = Infallible;

/// Where a list goes, part by part.
pub type ListSink<'a, E> = dyn FnMut(&ListPart<E>) -> io::Result<()> + 'a;

/// Text, and events between it, in order.
#[derive(Clone, Debug)]
pub struct ListPart<E> {
    text: Vec<u8>,
    /// Each with the length of the text before it.
    events: Vec<(usize, E)>,
}

impl<E> Default for ListPart<E> {
    fn default() -> ListPart<E> {
        ListPart { text: Vec::new(), events: Vec::new() }
    }
}

/// A place in a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ListPlace {
    text: usize,
    events: usize,
}

/// What comes next in a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListItem<'p, E> {
    /// Text up to the next event, or to the end.
    Text(&'p [u8]),
    /// An event.
    Event(&'p E),
}

impl<E> ListPart<E> {
    /// Where to append text.
    #[inline(always)]
    pub fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// All of the text, whatever happened in between.
    pub fn as_text(&self) -> &[u8] {
        &self.text
    }

    /// Puts an event behind the text that is there.
    pub fn event(&mut self, event: E) {
        self.events.push((self.text.len(), event));
    }

    /// Appends what another piece has, its events as `into` makes them, and empties it.
    pub fn append<F>(&mut self, other: &mut ListPart<F>, into: impl Fn(F) -> E) {
        let before = self.text.len();
        self.text.append(&mut other.text);
        self.events.extend(other.events.drain(..).map(|(at, event)| (before + at, into(event))));
    }

    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.events.is_empty()
    }

    /// The end.
    #[inline(always)]
    pub fn end(&self) -> ListPlace {
        ListPlace { text: self.text.len(), events: self.events.len() }
    }

    /// Keeps what lies before a place.
    pub fn cut(&mut self, place: ListPlace) {
        self.text.truncate(place.text);
        self.events.truncate(place.events);
    }

    /// Takes everything away, and keeps the room.
    pub fn clear(&mut self) {
        self.cut(ListPlace::default());
    }

    /// An event by its number, and the text between the one before and it.
    pub fn nth(&self, number: usize) -> Option<(&[u8], &E)> {
        let (to, event) = self.events.get(number)?;
        let before = number.checked_sub(1).and_then(|before| self.events.get(before));
        Some((self.text.get(before.map_or(0, |(from, _)| *from)..*to)?, event))
    }

    /// Text and events, in order.
    pub fn items(&self) -> impl Iterator<Item = ListItem<'_, E>> {
        let (mut at, mut events) = (0, self.events.iter().peekable());
        std::iter::from_fn(move || {
            let next = events.peek().map_or(self.text.len(), |(place, _)| *place);
            if at < next {
                let text = self.text.get(at..next)?;
                at = next;
                return Some(ListItem::Text(text));
            }
            events.next().map(|(_, event)| ListItem::Event(event))
        })
    }
}

impl<E: Clone> ListPart<E> {
    /// What lies between two places.
    pub fn between(&self, from: ListPlace, to: ListPlace) -> ListPart<E> {
        let text = self.text.get(from.text..to.text).unwrap_or_default().to_vec();
        let events = self.events.get(from.events..to.events).unwrap_or_default().iter();
        ListPart { text, events: events.map(|(at, event)| (at.saturating_sub(from.text), event.clone())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(items: &[(&str, Option<char>)]) -> ListPart<char> {
        let mut out = ListPart::default();
        for (text, event) in items {
            out.text().extend_from_slice(text.as_bytes());
            event.iter().for_each(|event| out.event(*event));
        }
        out
    }

    fn told(piece: &ListPart<char>) -> String {
        let one = |item: ListItem<'_, char>| match item {
            ListItem::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ListItem::Event(event) => format!("[{event}]"),
        };
        piece.items().map(one).collect()
    }

    #[test]
    fn text_and_events_come_in_order() {
        assert_eq!(
            told(&piece(&[("", Some('a')), ("one", Some('b')), ("", Some('c')), ("two", None)])),
            "[a]one[b][c]two"
        );
        assert!(piece(&[("", None)]).is_empty() && !piece(&[("", Some('a'))]).is_empty());
    }

    #[test]
    fn what_belongs_to_a_line_is_cut_with_it() {
        let mut all = piece(&[("one", Some('a'))]);
        let first = all.end();
        all.append(&mut piece(&[("two", Some('b')), ("three", None)]), |event| event.to_ascii_uppercase());
        assert_eq!(told(&all), "one[a]two[B]three");
        assert_eq!(told(&all.between(first, all.end())), "two[B]three");
        all.cut(first);
        assert_eq!(told(&all), "one[a]");
    }
}
