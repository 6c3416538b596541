//! The folder that pages are saved in.

use super::saving::Waiting;
use anyhow::{Context, bail};
use pgwal::format::image::{Unrestorable, restore, stamp};
use pgwal::source::Images;
use pgwal::verify::Finding;
use pgwal_query::filter::FORKS;
use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder that was empty, or was not there.
pub struct ImageFolder {
    path: PathBuf,
    page: RefCell<Vec<u8>>,
}

impl ImageFolder {
    /// Makes it, where it is not there.
    ///
    /// # Errors
    /// There is something in it, or it cannot be made.
    pub fn new(path: &Path) -> anyhow::Result<ImageFolder> {
        let shown = path.display();
        match fs::read_dir(path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    bail!("the folder {shown} is not empty; pages are saved in one that is empty or not yet there");
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path).with_context(|| format!("cannot make {shown}"))?
            }
            Err(error) => return Err(error).with_context(|| format!("cannot look into {shown}")),
        }
        Ok(ImageFolder { path: path.to_path_buf(), page: RefCell::default() })
    }

    /// Saves the page. `Some` where the image cannot be restored.
    pub fn save(&self, image: &Waiting) -> io::Result<Option<Finding>> {
        let block = &image.block;
        let refused = |why: Unrestorable| Ok(Some(Finding::image(image.lsn, image.timeline, block, why)));
        let Some(fork) = FORKS.get(usize::from(block.fork)) else {
            return refused(Unrestorable::Fork { number: block.fork });
        };
        let mut page = self.page.borrow_mut();
        if let Err(why) = restore(&image.layout, &image.image, &image.stored, &Images, &mut page) {
            return refused(why);
        }
        stamp(&image.layout, &mut page, image.end, block.block);
        let (timeline, lsn, rel) = (image.timeline.0, image.lsn, &block.rel);
        let (high, low, number) = (lsn.high(), lsn.low(), block.block);
        let name = format!("{timeline:08X}-{high:08X}-{low:08X}.{}.{}.{}.{number}_{fork}", rel.spc, rel.db, rel.rel);
        let file = self.path.join(name);
        // A full disk here is not the reader of our output going away.
        fs::write(&file, page.as_slice())
            .map_err(|error| io::Error::other(format!("cannot write {}: {error}", file.display())))?;
        Ok(None)
    }
}
