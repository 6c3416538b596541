//! Records taken one after another by a fold of one's own.

use super::{ListError, ListRequest, Listed, WalItem, lend};
use pgwal_source::Source;
use std::fmt;

/// Why a fold ended early. Where `E` is no `std::error::Error`, as that of `anyhow`, a `match` takes it apart.
#[derive(Debug)]
pub enum FoldError<E> {
    /// Nothing could be looked at.
    List(ListError),
    /// The fold itself said so.
    Fold(E),
}

impl<E: fmt::Display> fmt::Display for FoldError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FoldError::List(error) => write!(f, "{error}"),
            FoldError::Fold(error) => write!(f, "{error}"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for FoldError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FoldError::List(error) => error.source(),
            FoldError::Fold(error) => error.source(),
        }
    }
}

/// Hands every record to `take` in the order of WAL, findings in their places, and gives back what it made of them.
/// What `take` fails with ends it: the rest is not read. What the list came to is always there where it ends well.
///
/// # Errors
/// Those of [`list`](super::list()), and those of `take`. Damage is a [`WalItem::Finding`].
pub fn fold<A, E>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    begin: A,
    mut take: impl FnMut(&mut A, WalItem<'_>) -> Result<(), E>,
) -> Result<(A, Option<Listed>), FoldError<E>> {
    let (made, listed) = lend(source, wanted, |records| {
        let mut made = begin;
        while let Some(item) = records.next() {
            take(&mut made, item)?;
        }
        Ok(made)
    })
    .map_err(FoldError::List)?;
    Ok((made.map_err(FoldError::Fold)?, listed))
}
