//! Plays a plan, and looks whether all agree.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt;

use super::{
    agreement::settled,
    dump::{Dump, State},
    link::Arrival,
    plan::{Plan, Step},
    replica::{Library, Replica},
    stage::{PEOPLE, Stage},
};
/// The client ids of those who come at the end; a plan's are larger.
const NEWCOMER: u64 = 1;

/// Plays a plan to its end. What fails is told with its step.
pub async fn play(plan: &Plan) {
    let mut run = Run::begin(plan).await;
    for (number, step) in plan.steps.iter().enumerate() {
        let done = AssertUnwindSafe(run.step(step)).catch_unwind().await;
        if let Err(failure) = done {
            eprintln!("step {number} failed: {}", serde_json::to_string(step).unwrap());
            resume_unwind(failure);
        }
    }
    run.end().await;
}

struct Run {
    stage: Stage,
    cast: Vec<Actor>,
    is_up: bool,
}

struct Actor {
    replica: Replica,
    is_held: bool,
    is_cut: bool,
}

impl Run {
    async fn begin(plan: &Plan) -> Self {
        let stage = Stage::set().await;
        let mut cast = Vec::new();
        for (place, role) in plan.replicas.iter().enumerate() {
            let mut replica = stage.replica(role.library, role.person, role.client).await;
            replica.name =
                format!("replica {place} ({:?}, {}, client {})", role.library, PEOPLE[role.person], role.client);
            cast.push(Actor { replica, is_held: false, is_cut: false });
        }
        Self { stage, cast, is_up: true }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Edit { replica, edit } => {
                let edit = self.stage.concrete(edit);
                self.cast[*replica].replica.edit(&edit).await;
            }
            Step::Repeat { replica, edit } => {
                let edit = self.stage.concrete(edit);
                self.cast[*replica].replica.edit_and_repeat(&edit).await;
            }
            Step::Shuffle { replica, edits, order } => {
                let edits: Vec<_> = edits.iter().map(|edit| self.stage.concrete(edit)).collect();
                self.cast[*replica].replica.edit_and_shuffle(&edits, order).await;
            }
            Step::Cut { replica } => self.cast[*replica].cut().await,
            Step::Join { replica, resend } => self.cast[*replica].join(*resend).await,
            Step::Hold { replica } => self.cast[*replica].hold(),
            Step::Release { replica, arrival } => self.cast[*replica].release(*arrival),
            Step::Stop => self.down(false).await,
            Step::Kill => self.down(true).await,
            Step::Start => self.up().await,
            Step::Snapshot => self.stage.snapshot().await,
            Step::Settle if self.cast.iter().all(|actor| actor.is_cut) => {}
            Step::Settle => drop(self.settle().await),
        }
    }

    async fn down(&mut self, kill: bool) {
        if kill {
            self.stage.kill();
        } else {
            self.stage.stop().await;
        }
        self.is_up = false;
        for actor in &mut self.cast {
            actor.release(Arrival::InOrder);
            actor.replica.link.closed().await;
        }
    }

    /// Before anybody else connects, somebody new looks whether all that was acknowledged is still there: otherwise
    /// those who hold it would bring it back.
    async fn up(&mut self) {
        for actor in &mut self.cast {
            actor.release(Arrival::InOrder);
            actor.replica.link.cut().await;
        }
        self.stage.start().await;
        self.is_up = true;
        let found = self.newcomer(Library::Yrs).await;
        for actor in &mut self.cast {
            for update in actor.replica.ledger() {
                let is_there = found.state.holds_update(&update);
                assert!(is_there, "an acknowledged update of {} is gone: {update:?}", actor.replica.name);
            }
        }
        for actor in self.cast.iter_mut().filter(|actor| !actor.is_cut) {
            actor.replica.join(false).await;
        }
    }

    async fn newcomer(&mut self, library: Library) -> Dump {
        let mut newcomer = self.stage.replica(library, 0, NEWCOMER).await;
        newcomer.dump().await
    }

    /// Among those who are connected. Whom the server asked to come again has come again.
    async fn settle(&mut self) -> State {
        let connected = self.cast.iter_mut().filter(|actor| !actor.is_cut).map(|actor| &mut actor.replica);
        let mut connected: Vec<_> = connected.collect();
        for replica in &mut connected {
            replica.join(false).await;
        }
        settled(&mut connected).await
    }

    /// All connect and agree, and so does the database, after a kill and after an orderly end, and who comes then.
    async fn end(&mut self) {
        if !self.is_up {
            self.up().await;
        }
        for actor in &mut self.cast {
            actor.release(Arrival::InOrder);
            if actor.is_cut {
                actor.join(false).await;
            }
        }
        let state = self.settle().await;
        for actor in &self.cast {
            actor.replica.acknowledged().await;
        }
        self.stage.until_stored(&state).await;
        for actor in &mut self.cast {
            actor.cut().await;
        }
        for (kill, library) in [(true, Library::Yrs), (false, Library::Yjs)] {
            self.down(kill).await;
            self.stage.start().await;
            let found = self.newcomer(library).await;
            let differences = found.state.differences(&state);
            assert!(found.state == state, "who comes after the server (killed: {kill}) differs:\n{differences}");
            self.stage.until_stored(&state).await;
        }
    }
}

impl Actor {
    async fn cut(&mut self) {
        self.is_cut = true;
        self.is_held = false;
        self.replica.link.cut().await;
    }

    async fn join(&mut self, resend: bool) {
        self.is_cut = false;
        self.replica.join(resend).await;
    }

    fn hold(&mut self) {
        self.is_held = true;
        self.replica.link.hold();
    }

    fn release(&mut self, arrival: Arrival) {
        if std::mem::take(&mut self.is_held) {
            self.replica.link.release(arrival);
        }
    }
}
