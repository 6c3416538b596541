//! What is known of numbers, from position to position of WAL.
//!
//! ```text
//!             fact at A: orders          fact at B: orders, from now on sales         fact at C: gone
//! ───────────────┬──────────────────────────────┬────────────────────────────────────────┬──────────
//!  orders        │          orders              │              sales                     │  nobody
//! ```
//! A fact holds up to the next one, and the first one before itself, too, as far as no break lies between: where WAL is
//! missing, or a change was made that nobody could read, nothing carries over.

use pgwal_format::Lsn;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// So many facts are kept, and so many of one number.
const MOST: usize = 500_000;
const MOST_OF_ONE: usize = 4096;
/// So many breaks.
const MOST_BREAKS: usize = 100_000;

/// Positions over which nothing carries: what is known before one says nothing of it and what is behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breaks {
    at: Vec<Lsn>,
    /// From here on nothing is known at all, for there was too much to keep.
    end: Option<Lsn>,
}

impl Breaks {
    /// Here is one.
    pub fn add(&mut self, at: Lsn) {
        let place = self.at.partition_point(|own| *own < at);
        if self.at.get(place) == Some(&at) {
            return;
        }
        if self.at.len() < MOST_BREAKS {
            self.at.insert(place, at);
        } else {
            self.end_at(at);
        }
    }

    /// Nothing carries over to this position or any behind it.
    pub fn end_at(&mut self, at: Lsn) {
        self.end = Some(self.end.map_or(at, |end| end.min(at)));
    }

    /// Whether one lies behind `from`, at `to` or before it.
    pub fn lie_between(&self, from: Lsn, to: Lsn) -> bool {
        let next = self.at.get(self.at.partition_point(|own| *own <= from));
        self.end.is_some_and(|end| end <= to) || next.is_some_and(|own| *own <= to)
    }
}

/// What a number stood for before a fact.
#[derive(Clone, Debug)]
pub(crate) enum WasBefore<V> {
    /// The same as from then on.
    Same,
    /// Something else.
    Was(Arc<V>),
    /// That is not known.
    Unknown,
}

#[derive(Clone, Debug)]
struct Fact<V> {
    at: Lsn,
    before: WasBefore<V>,
    /// `None`: nothing has this number any more.
    after: Option<Arc<V>>,
}

/// What is known of a number at a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known<'a, V> {
    /// What it stands for.
    Is(&'a V),
    /// Nothing has it.
    Nobody,
    /// Nothing is known.
    Nothing,
}

/// What is known of numbers of one kind.
#[derive(Clone, Debug)]
pub(crate) struct NumberFacts<K, V> {
    of: HashMap<K, Vec<Fact<V>>>,
    count: usize,
}

impl<K, V> Default for NumberFacts<K, V> {
    fn default() -> NumberFacts<K, V> {
        NumberFacts { of: HashMap::new(), count: 0 }
    }
}

impl<K: Eq + Hash + Copy, V: PartialEq> NumberFacts<K, V> {
    /// What is known at a position, which the record there does not change yet. `breaks`: whether one lies between two.
    pub fn at(&self, key: &K, lsn: Lsn, breaks: &dyn Fn(Lsn, Lsn) -> bool) -> Known<'_, V> {
        let facts = self.of.get(key).map_or(&[][..], Vec::as_slice);
        let next = facts.partition_point(|fact| fact.at < lsn);
        let last = next.checked_sub(1).and_then(|at| facts.get(at));
        if let Some(last) = last.filter(|last| !breaks(last.at, lsn)) {
            return last.after.as_deref().map_or(Known::Nobody, Known::Is);
        }
        match facts.get(next).filter(|next| !breaks(lsn, next.at)) {
            Some(Fact { before: WasBefore::Was(value), .. }) => Known::Is(value),
            Some(Fact { before: WasBefore::Same, after: Some(value), .. }) => Known::Is(value),
            _ => Known::Nothing,
        }
    }

    /// Puts a fact in. `false`: there is no room.
    pub fn put(
        &mut self,
        key: K,
        at: Lsn,
        (before, after): (WasBefore<V>, Option<Arc<V>>),
        breaks: &dyn Fn(Lsn, Lsn) -> bool,
    ) -> bool {
        // What is known already is no news.
        if let (WasBefore::Same, Some(value)) = (&before, &after)
            && self.at(&key, at, breaks) == Known::Is(value.as_ref())
        {
            return true;
        }
        let facts = self.of.entry(key).or_default();
        let place = facts.partition_point(|fact| fact.at < at);
        if let Some(same) = facts.get_mut(place).filter(|fact| fact.at == at) {
            match (&same.before, before) {
                (WasBefore::Was(_), _) | (WasBefore::Unknown, WasBefore::Same) => {}
                (_, before) => same.before = before,
            }
            same.after = same.after.take().or(after);
            return true;
        }
        if self.count >= MOST || facts.len() >= MOST_OF_ONE {
            return false;
        }
        self.count += 1;
        facts.insert(place, Fact { at, before, after });
        true
    }

    /// Everything that a number ever stood for, each with a position at which it did, in their order.
    pub fn of_one(&self, key: &K) -> Vec<(Lsn, &V)> {
        let facts = self.of.get(key).map_or(&[][..], Vec::as_slice);
        facts.iter().flat_map(values).map(|(at, value)| (at, value.as_ref())).collect()
    }

    /// Every number with everything that it ever stood for, each with a position at which it did.
    pub fn all(&self) -> impl Iterator<Item = (&K, Lsn, &Arc<V>)> {
        self.of.iter().flat_map(|(key, facts)| facts.iter().flat_map(values).map(move |(at, value)| (key, at, value)))
    }
}

/// What a fact says that a number stood for, with a position at which it did.
fn values<V>(fact: &Fact<V>) -> impl Iterator<Item = (Lsn, &Arc<V>)> {
    let was = if let WasBefore::Was(value) = &fact.before { Some((fact.at, value)) } else { None };
    // The record at a position counts from behind it on.
    let is = fact.after.as_ref().map(|value| (Lsn::new(fact.at.get().saturating_add(1)), value));
    was.into_iter().chain(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(
        facts: &mut NumberFacts<u32, &'static str>,
        at: u64,
        before: WasBefore<&'static str>,
        after: Option<&'static str>,
    ) {
        assert!(facts.put(7, Lsn::new(at), (before, after.map(Arc::new)), &|_, _| false));
    }

    fn at(facts: &NumberFacts<u32, &'static str>, breaks: &Breaks, lsn: u64) -> Option<Option<&'static str>> {
        match facts.at(&7, Lsn::new(lsn), &|from, to| breaks.lie_between(from, to)) {
            Known::Is(value) => Some(Some(value)),
            Known::Nobody => Some(None),
            Known::Nothing => None,
        }
    }

    #[test]
    fn a_name_holds_from_fact_to_fact_and_over_no_break() {
        let mut facts = NumberFacts::default();
        put(&mut facts, 100, WasBefore::Same, Some("orders"));
        put(&mut facts, 150, WasBefore::Same, Some("orders"));
        put(&mut facts, 200, WasBefore::Was(Arc::new("orders")), Some("sales"));
        put(&mut facts, 300, WasBefore::Same, None);
        assert_eq!(facts.count, 3, "what is known is not kept twice");
        let mut breaks = Breaks::default();
        let told = |breaks: &Breaks| [50, 100, 200, 201, 300, 301].map(|lsn| at(&facts, breaks, lsn));
        let (orders, sales) = (Some(Some("orders")), Some(Some("sales")));
        assert_eq!(told(&breaks), [orders, orders, orders, sales, sales, Some(None)]);
        // Between 40 and 60, and between 250 and 300.
        breaks.add(Lsn::new(250));
        breaks.add(Lsn::new(60));
        assert_eq!(told(&breaks), [None, orders, orders, sales, None, Some(None)]);
        breaks.end_at(Lsn::new(201));
        assert_eq!(told(&breaks), [None, orders, orders, None, None, None]);
    }

    #[test]
    fn what_was_before_is_not_guessed() {
        let mut facts = NumberFacts::default();
        put(&mut facts, 100, WasBefore::Unknown, Some("sales"));
        assert_eq!([99, 100, 101].map(|lsn| at(&facts, &Breaks::default(), lsn)), [None, None, Some(Some("sales"))]);
        // The row as it was comes later than the row as it is.
        put(&mut facts, 100, WasBefore::Was(Arc::new("orders")), None);
        assert_eq!(at(&facts, &Breaks::default(), 100), Some(Some("orders")));
        assert_eq!(at(&facts, &Breaks::default(), 101), Some(Some("sales")));
    }
}
