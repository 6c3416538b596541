//! What one transaction did, by relation: mostly to a few, so that they are looked through; to many, an index finds
//! them.

use foldhash::fast::RandomState;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::row_changes::RowChange;
use std::collections::HashMap;

/// What a transaction did to a relation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RelationSum {
    /// Rows inserted.
    pub inserted: u64,
    /// Rows updated, those that went to another partition included.
    pub updated: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Bytes of records.
    pub bytes: u64,
}

impl RelationSum {
    /// Adds another.
    pub fn add(&mut self, other: RelationSum) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.deleted += other.deleted;
        self.bytes += other.bytes;
    }

    pub(crate) fn count(&mut self, change: RowChange, rows: u32) {
        *match change {
            RowChange::Inserted => &mut self.inserted,
            RowChange::Updated | RowChange::Moved => &mut self.updated,
            RowChange::Deleted => &mut self.deleted,
        } += u64::from(rows);
    }
}

/// So many are looked through.
const FEW: usize = 16;

/// Sums by relation, in the order in which they were touched first.
#[derive(Clone, Debug, Default)]
pub struct RelationSums {
    list: Vec<(RelFileLocator, RelationSum)>,
    /// Where each stands in the list, once there are many.
    places: Option<HashMap<RelFileLocator, usize, RandomState>>,
}

impl RelationSums {
    fn place(&self, rel: &RelFileLocator) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(rel).copied(),
            // The last one is the likeliest.
            None => self.list.iter().rposition(|(own, _)| own == rel),
        }
    }

    /// The sum of a relation.
    pub fn get(&self, rel: &RelFileLocator) -> Option<&RelationSum> {
        self.list.get(self.place(rel)?).map(|(_, sum)| sum)
    }

    /// Whether it was touched.
    pub fn contains_key(&self, rel: &RelFileLocator) -> bool {
        self.place(rel).is_some()
    }

    /// The sum of a relation, to add to; `None` where `most` are there already.
    pub fn entry(&mut self, rel: RelFileLocator, most: usize) -> Option<&mut RelationSum> {
        let at = match self.place(&rel) {
            Some(at) => at,
            None if self.list.len() >= most => return None,
            None => self.push(rel),
        };
        self.list.get_mut(at).map(|(_, sum)| sum)
    }

    fn push(&mut self, rel: RelFileLocator) -> usize {
        let at = self.list.len();
        self.list.push((rel, RelationSum::default()));
        if let Some(places) = &mut self.places {
            places.insert(rel, at);
        } else {
            self.index();
        }
        at
    }

    /// Finds them by an index from now on, where there are many.
    fn index(&mut self) {
        if self.list.len() > FEW {
            let all = self.list.iter().zip(0..).map(|((rel, _), at)| (*rel, at));
            self.places = Some(all.collect());
        }
    }

    /// Takes the place of what was there; each relation comes once.
    pub fn fill<'s>(&mut self, sums: impl Iterator<Item = (&'s RelFileLocator, &'s RelationSum)>) {
        self.list.clear();
        self.places = None;
        for (rel, sum) in sums {
            // Put together where it lies: what is copied there would have to wait until it is stored elsewhere.
            self.list.push((RelFileLocator::default(), RelationSum::default()));
            self.list.last_mut().into_iter().for_each(|own| (own.0, own.1) = (*rel, *sum));
        }
        self.index();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// None was touched.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&RelFileLocator, &RelationSum)> {
        self.list.iter().map(|(rel, sum)| (rel, sum))
    }

    /// The relations.
    pub fn keys(&self) -> impl Iterator<Item = &RelFileLocator> {
        self.iter().map(|(rel, _)| rel)
    }

    /// The sums.
    pub fn values(&self) -> impl Iterator<Item = &RelationSum> {
        self.iter().map(|(_, sum)| sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_found_alike() {
        let rel = |rel: u32| RelFileLocator { spc: 1663, db: 5, rel };
        let mut sums = RelationSums::default();
        for round in 1..=2u64 {
            for n in 0..100 {
                let sum = sums.entry(rel(n), 50);
                assert_eq!(sum.is_some(), n < 50, "{n}");
                sum.into_iter().for_each(|sum| sum.inserted += u64::from(n));
                let own = sums.get(&rel(n)).map(|sum| sum.inserted);
                assert_eq!(own, (n < 50).then_some(round * u64::from(n)), "{n}");
            }
        }
        assert_eq!((sums.len(), sums.is_empty(), sums.contains_key(&rel(50))), (50, false, false));
        assert_eq!(sums.keys().map(|rel| rel.rel).collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        assert_eq!(sums.values().map(|sum| sum.inserted).sum::<u64>(), 2 * (0..50).sum::<u64>());
    }
}
