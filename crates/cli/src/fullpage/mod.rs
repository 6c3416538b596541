//! `--save-fullpage DIR`: the page images of the records that are listed, a file each, named as `pg_waldump` names them:
//!
//! ```text
//! 00000001-00000000-00AAC648.1663.5.16393.31_main
//! timeline position           spc    db rel block fork
//! ```
//! A page is whole again: unpacked, its hole zeros. It has the position that replay gives it, the end of the record, and the checksum that
//! belongs there (`pg_waldump` leaves both as they are in the image).
//!
//! Records are rendered by several threads, and some for nothing, behind a limit: which images are wanted is known where the list is put in
//! order. So [`Saving`] puts marks between the lines, and [`Folder`] restores what the marks stand for when they come by.

mod folder;
mod saving;

pub use folder::Folder;

use pgwal::source::Source;
use pgwal::verify::records::{ListError, Listed, Render, Wanted};
use saving::Saving;
use std::io;

/// [`pgwal::verify::records::list`], saving images.
pub fn list<R: Render>(
    source: &dyn Source,
    wanted: &Wanted<'_>,
    render: &R,
    folder: &Folder,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Listed, ListError> {
    let saving = Saving::new(render);
    let mut failed = 0;
    let mut listed = pgwal::verify::records::list(source, wanted, &saving, &mut |marked| {
        saving.unmark(
            marked,
            &mut |image, line| {
                if let Some(finding) = folder.save(image)? {
                    failed += 1;
                    render.finding(&finding, Some(&image.layout), line);
                }
                Ok(())
            },
            sink,
        )
    })?;
    listed.findings += failed;
    listed.complete &= failed == 0;
    Ok(listed)
}
