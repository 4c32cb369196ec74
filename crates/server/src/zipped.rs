//! Zip archives that are written whole, in memory, or while they are read.

use std::{
    io::{self, Cursor, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use tokio::{runtime::Handle, sync::mpsc};
use zip::{
    ZipWriter,
    result::ZipError,
    write::{SimpleFileOptions, StreamWriter},
};

use crate::error::Error;

/// A zip that is being written, a part after the other.
pub struct Zipped(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Zipped {
    /// One without parts.
    fn default() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }
}

impl Zipped {
    /// Adds a part, deflated.
    ///
    /// # Errors
    /// A name that is there already, or what the format does not hold: a fault of ours.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.start(name).and_then(|()| Ok(self.0.write_all(bytes)?)).map_err(failed)
    }

    fn start(&mut self, name: &str) -> Result<(), ZipError> {
        self.0.start_file(name, SimpleFileOptions::default())
    }

    /// The archive's bytes.
    ///
    /// # Errors
    /// What the format does not hold: a fault of ours.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        Ok(self.0.finish().map_err(failed)?.into_inner())
    }
}

fn failed(error: ZipError) -> Error {
    Error::Internal(error.into())
}

/// A zip of these parts, in their order.
///
/// # Errors
/// As [`Zipped`] has them.
pub fn of<'n>(parts: impl IntoIterator<Item = (&'n str, Vec<u8>)>) -> Result<Vec<u8>, Error> {
    let mut zip = Zipped::default();
    for (name, bytes) in parts {
        zip.add(name, &bytes)?;
    }
    zip.finish()
}

/// Bytes that are given out together.
const CHUNK: usize = 64 << 10;

/// Chunks that wait for whoever reads; parts that wait to be written.
const WAITING: usize = 2;

/// A zip that is read while it is written: what is in memory of it are a few parts.
pub struct Flow(mpsc::Sender<Step>);

enum Step {
    Begin(String),
    Bytes(Bytes),
    Finish,
}

/// What comes out.
enum Piece {
    Bytes(Bytes),
    /// That was all.
    End,
}

/// Nobody reads the zip any more, or it cannot be written: there is no sense in going on.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads any more")]
pub struct Unread;

impl Flow {
    /// One without parts, and its bytes. These end in an error unless [`Self::finish`] is called: what is cut off must not
    /// look whole. Whoever reads nothing for as long as `patience` gets no more.
    pub fn new(patience: Duration) -> (Self, impl Stream<Item = io::Result<Bytes>> + Send) {
        let (steps, todo) = mpsc::channel(WAITING);
        let (to, pieces) = mpsc::channel(WAITING);
        let pipe = Pipe { to, chunk: BytesMut::new(), patience, runtime: Handle::current(), given_up: Arc::default() };
        tokio::task::spawn_blocking(move || {
            if let Err(error) = write(todo, pipe) {
                tracing::debug!(%error, "a zip is not written to its end");
            }
        });
        let read = |pieces: Option<mpsc::Receiver<Piece>>| async move {
            let mut pieces = pieces?;
            match pieces.recv().await {
                Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(pieces))),
                Some(Piece::End) => None,
                None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
            }
        };
        (Self(steps), stream::unfold(Some(pieces), read))
    }

    /// Adds a part, deflated.
    ///
    /// # Errors
    /// Nobody wants it.
    pub async fn add(&self, name: &str, bytes: Vec<u8>) -> Result<(), Unread> {
        self.begin(name).await?;
        self.more(bytes.into()).await
    }

    /// Begins a part whose bytes come by and by.
    ///
    /// # Errors
    /// Nobody wants it.
    pub async fn begin(&self, name: &str) -> Result<(), Unread> {
        self.0.send(Step::Begin(name.to_owned())).await.map_err(|_| Unread)
    }

    /// More of the part that was begun last.
    ///
    /// # Errors
    /// Nobody wants it.
    pub async fn more(&self, bytes: Bytes) -> Result<(), Unread> {
        self.0.send(Step::Bytes(bytes)).await.map_err(|_| Unread)
    }

    /// There are no more parts.
    ///
    /// # Errors
    /// Nobody wants it.
    pub async fn finish(self) -> Result<(), Unread> {
        self.0.send(Step::Finish).await.map_err(|_| Unread)
    }
}

/// Blocks.
fn write(mut todo: mpsc::Receiver<Step>, pipe: Pipe) -> io::Result<()> {
    let given_up = pipe.given_up.clone();
    let mut zip: ZipWriter<StreamWriter<Pipe>> = ZipWriter::new_stream(pipe);
    loop {
        match todo.blocking_recv() {
            Some(Step::Begin(name)) => zip.start_file(name, SimpleFileOptions::default())?,
            Some(Step::Bytes(bytes)) => zip.write_all(&bytes)?,
            Some(Step::Finish) => return zip.finish()?.into_inner().end(),
            None => {
                given_up.store(true, Ordering::Relaxed);
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// What is written into it comes out in chunks.
struct Pipe {
    to: mpsc::Sender<Piece>,
    chunk: BytesMut,
    patience: Duration,
    runtime: Handle,
    /// What a zip writes when it is dropped goes nowhere then, and it does not complain.
    given_up: Arc<AtomicBool>,
}

impl Pipe {
    /// Waits until there is room for it.
    fn send(&self, piece: Piece) -> io::Result<()> {
        let sent = self.runtime.block_on(self.to.send_timeout(piece, self.patience));
        sent.map_err(|_| {
            self.given_up.store(true, Ordering::Relaxed);
            io::ErrorKind::BrokenPipe.into()
        })
    }

    fn send_chunk(&mut self) -> io::Result<()> {
        let chunk = self.chunk.split().freeze();
        self.send(Piece::Bytes(chunk))
    }

    /// What is left, and that this is all.
    fn end(mut self) -> io::Result<()> {
        self.send_chunk()?;
        self.send(Piece::End)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.given_up.load(Ordering::Relaxed) {
            return Ok(bytes.len());
        }
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK {
            self.send_chunk()?;
        }
        Ok(bytes.len())
    }

    /// What is in it comes out with what follows.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, TryStreamExt};

    use super::*;

    /// Longer than a test.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Bytes that cannot be made smaller.
    fn noise(seed: u32, len: usize) -> Vec<u8> {
        let step = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24) as u8)
        };
        let mut state = seed;
        std::iter::from_fn(|| step(&mut state)).take(len).collect()
    }

    /// Adds parts until nobody wants more.
    async fn fill(flow: &Flow, from: u32) {
        for part in from.. {
            if flow.add(&part.to_string(), noise(part, 1 << 20)).await.is_err() {
                return;
            }
        }
    }

    #[tokio::test]
    async fn a_zip_that_is_read_while_it_is_written_holds_all_parts() {
        let (flow, bytes) = Flow::new(PATIENCE);
        let writing = tokio::spawn(async move {
            for part in 0..20_u32 {
                flow.add(&format!("{part}.bin"), noise(part, 100_000)).await.unwrap();
            }
            flow.begin("ä/late.txt").await.unwrap();
            flow.more("in ".into()).await.unwrap();
            flow.more("two".into()).await.unwrap();
            flow.finish().await.unwrap();
        });
        let chunks: Vec<Bytes> = bytes.try_collect().await.unwrap();
        writing.await.unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(chunks.concat())).unwrap();
        assert_eq!(zip.len(), 21);
        for part in 0..20 {
            let mut read = Vec::new();
            io::copy(&mut zip.by_name(&format!("{part}.bin")).unwrap(), &mut read).unwrap();
            assert_eq!(read, noise(part, 100_000));
        }
        assert_eq!(io::read_to_string(zip.by_name("ä/late.txt").unwrap()).unwrap(), "in two");
    }

    #[tokio::test]
    async fn nothing_is_made_ahead_of_whoever_reads() {
        let (flow, bytes) = Flow::new(PATIENCE);
        let mut parts = 0;
        let full = async {
            while flow.add(&format!("{parts}"), noise(parts, 1 << 20)).await.is_ok() {
                parts += 1;
            }
        };
        let waits = tokio::time::timeout(Duration::from_millis(500), full).await;
        assert!(waits.is_err() && parts < 6, "{parts}");
        drop(bytes);
        tokio::time::timeout(Duration::from_secs(20), fill(&flow, parts + 1)).await.unwrap();
    }

    #[tokio::test]
    async fn a_zip_that_is_cut_off_does_not_look_whole() {
        let (flow, bytes) = Flow::new(PATIENCE);
        flow.add("one", vec![1; 10]).await.unwrap();
        drop(flow);
        let all: Vec<io::Result<Bytes>> = bytes.collect().await;
        assert!(all.last().unwrap().is_err());
    }

    #[tokio::test]
    async fn whoever_does_not_read_on_is_not_waited_for_and_gets_no_whole_zip() {
        let (flow, bytes) = Flow::new(Duration::from_millis(100));
        tokio::time::timeout(Duration::from_secs(20), fill(&flow, 0)).await.unwrap();
        drop(flow);
        let all: Vec<io::Result<Bytes>> = bytes.collect().await;
        assert!(all.last().unwrap().is_err());
    }
}
