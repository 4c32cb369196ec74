use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

/// yrs recurses over what it decodes; the pre-scan limits the depth, and this leaves room for it many times over.
const STACK: usize = 16 << 20;

type Work = Box<dyn FnOnce() + Send>;

/// The work panicked. Whatever it held is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("work on a document panicked")]
pub struct Panicked;

/// A few threads with large stacks: all work on documents is done here, so that it neither blocks the runtime nor
/// ends the process.
#[derive(Clone)]
pub struct Stacks {
    work: mpsc::Sender<Work>,
}

impl Stacks {
    /// One thread per core; they end when the last clone is dropped.
    pub fn start() -> Self {
        Self::of("documents", thread::available_parallelism().map_or(2, usize::from))
    }

    /// A single thread.
    pub fn one() -> Self {
        Self::of("aside", 1)
    }

    fn of(name: &str, threads: usize) -> Self {
        let (work, waiting) = mpsc::channel::<Work>();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .stack_size(STACK)
                .spawn(move || serve(&waiting))
                .expect("threads can be started while the server starts");
        }
        Self { work }
    }

    /// Does `work` on one of the threads, unless nobody waits for it any more when its turn comes.
    ///
    /// # Errors
    /// It panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Panicked> {
        let (done, result) = oneshot::channel();
        let work = move || {
            if done.is_closed() {
                return;
            }
            let _ = done.send(catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked));
        };
        self.work.send(Box::new(work)).map_err(|_| Panicked)?;
        result.await.unwrap_or(Err(Panicked))
    }
}

fn serve(waiting: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        let work = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match work {
            Ok(work) => work(),
            Err(mpsc::RecvError) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_the_work_and_not_the_thread() {
        let stacks = Stacks::start();
        for _ in 0..50 {
            assert_eq!(stacks.run(|| panic!("on purpose")).await, Err::<(), _>(Panicked));
        }
        assert_eq!(stacks.run(|| 1 + 1).await, Ok(2));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_begun() {
        let stacks = Stacks::one();
        let (go, wait) = mpsc::channel::<()>();
        let (begun, count) = (Arc::new(Mutex::new(0)), |begun: &Arc<Mutex<i32>>| *begun.lock().unwrap());
        let first = tokio::spawn({
            let stacks = stacks.clone();
            async move { stacks.run(move || wait.recv().is_ok()).await }
        });
        tokio::task::yield_now().await;
        let given_up = tokio::spawn({
            let (stacks, begun) = (stacks.clone(), begun.clone());
            async move { stacks.run(move || *begun.lock().unwrap() += 1).await }
        });
        tokio::task::yield_now().await;
        given_up.abort();
        assert!(given_up.await.is_err());
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        assert_eq!(stacks.run(|| ()).await, Ok(()));
        assert_eq!(count(&begun), 0);
    }
}
