//! Stored bytes on their way to a decoder, with a look ahead.

use std::io;

/// Bytes read at once.
const CAPACITY: usize = 128 << 10;

/// A buffer in front of a file or stream.
pub(crate) struct BufferedInput<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
}

impl<R: io::Read> BufferedInput<R> {
    /// `buffer` is grown to the capacity once and can be used again.
    pub(crate) fn new(source: R, mut buffer: Vec<u8>) -> BufferedInput<R> {
        buffer.resize(CAPACITY, 0);
        BufferedInput { source, buffer, start: 0, end: 0, at_end: false }
    }

    /// What it reads from.
    pub(crate) fn get_ref(&self) -> &R {
        &self.source
    }

    /// Gives the buffer back.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// The next bytes: at least `wanted`, fewer only at the end of the file.
    pub(crate) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        let wanted = wanted.min(self.buffer.len());
        if self.buffer.len() - self.start < wanted {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        while self.end - self.start < wanted && !self.at_end {
            self.end += self.read_at_most(self.end, self.start + wanted)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Bytes to decode; empty only at the end of the file.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end && !self.at_end {
            (self.start, self.end) = (0, 0);
            self.end = self.read_at_most(0, self.buffer.len())?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// `count` bytes of what [`BufferedInput::fill`] gave are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Reads past the buffer, until `out` is full or the file ends.
    pub(crate) fn read_into(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = (self.end - self.start).min(out.len());
        out[..ready].copy_from_slice(&self.buffer[self.start..self.start + ready]);
        self.start += ready;
        let mut done = ready;
        while done < out.len() && !self.at_end {
            match self.source.read(&mut out[done..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn read_at_most(&mut self, from: usize, to: usize) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.buffer[from..to]) {
                Ok(count) => {
                    self.at_end = count == 0;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl io::Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = out.len().min(1);
            io::Read::read(&mut self.0, &mut out[..count])
        }
    }

    #[test]
    fn a_look_ahead_takes_nothing_away() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut input = BufferedInput::new(Drops(&bytes), Vec::new());
        assert_eq!(input.peek(10).unwrap(), &bytes[..10]);
        input.consume(4);
        assert_eq!(input.peek(10).unwrap(), &bytes[4..14]);
        let mut rest = vec![0; 300];
        assert_eq!(input.read_into(&mut rest).unwrap(), 252);
        assert_eq!(rest[..252], bytes[4..]);
        assert!(input.peek(1).unwrap().is_empty());
        assert!(input.fill().unwrap().is_empty());
    }
}
