//! What an update goes through before it is stored, in order. A failure at any step stores nothing, relays nothing
//! and leaves the document readable.

use std::collections::BTreeSet;

use bytes::Bytes;
use shared::{
    access::Access,
    ids::UserId,
    rules::{Refusal, Sender, Talk, Unfit, may_annotate},
    sync::{
        self, CloseCode, Frame,
        prescan::{Outline, prescan},
    },
};
use tokio::time::Instant;

use super::{
    copies::{Copies, Corrupt, Trial},
    echoes::Echoes,
    seat::SeatId,
};

/// A frame that may go on to the room.
#[derive(Debug)]
pub(super) enum Said {
    /// A state vector: answer with what is lacking.
    Step1(Bytes),
    /// An update, or an answer to the server's SyncStep1, which is one too.
    Update(Bytes),
    /// An awareness update.
    Awareness(Bytes),
    /// Send who is here.
    QueryAwareness,
}

/// Step 1: the limits of a frame, and that it is one. `first_answer` says whether no SyncStep2 has come yet, `echoes` which
/// large frames may come back; both are kept up to date. `None` is a frame that means nothing to the server.
pub(super) fn frame(bytes: &Bytes, first_answer: &mut bool, echoes: &Echoes) -> Result<Option<Said>, CloseCode> {
    if bytes.len() > sync::MAX_FIRST_ANSWER {
        return Err(CloseCode::TooLarge);
    }
    let frame = Frame::decode(bytes).map_err(|_| CloseCode::Malformed);
    let may_be_large = match frame {
        Ok(Frame::Step2(_)) => std::mem::take(first_answer),
        Ok(Frame::Update(_)) => bytes.len() > sync::MAX_FRAME && echoes.take(),
        _ => false,
    };
    if bytes.len() > sync::MAX_FRAME && !may_be_large {
        return Err(CloseCode::TooLarge);
    }
    Ok(Some(match frame? {
        Frame::Step1(vector) => {
            sync::prescan::state_vector(vector).map_err(|_| CloseCode::Malformed)?;
            Said::Step1(bytes.slice_ref(vector))
        }
        Frame::Step2(update) | Frame::Update(update) => Said::Update(bytes.slice_ref(update)),
        Frame::Awareness(update) => Said::Awareness(bytes.slice_ref(update)),
        Frame::QueryAwareness => Said::QueryAwareness,
        Frame::Auth(_) => return Ok(None),
        // The server's own messages: nobody says them to it.
        Frame::Epoch(_) | Frame::Acked(_) | Frame::Refused(_) | Frame::Run(_) => return Err(CloseCode::Malformed),
    }))
}

/// What becomes of an update.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The probe has it; to be committed, with what it says to people.
    Accepted(Talk),
    /// All of it was accepted before; there is nothing to store.
    Unchanged,
    /// It breaks a rule. The ids are the Yjs clients whose later updates will lack this one.
    Refused(Refusal, Vec<u64>),
    /// It builds on units of this Yjs client that never arrived.
    Gap(u64),
    /// It is no update, or none that can be applied.
    Malformed,
}

/// An update to be judged.
pub(super) struct Case {
    pub(super) seat: SeatId,
    /// Who is signed in.
    pub(super) user: UserId,
    /// Who they are in the document.
    pub(super) sender: Sender,
    /// Whether its client knows what a refusal is, and so is heard after one.
    pub(super) goes_on: bool,
    pub(super) update: Bytes,
    /// When it arrived.
    pub(super) heard: Instant,
}

/// Judges updates in order. What a connection sent after something for which it will be closed is not judged.
pub(super) fn judge_all(
    copies: &mut Copies,
    cases: impl Iterator<Item = Case>,
) -> Result<Vec<(Case, Verdict)>, Corrupt> {
    let mut stopped = BTreeSet::new();
    let mut judged = Vec::new();
    for case in cases {
        if stopped.contains(&case.seat) {
            continue;
        }
        let verdict = judge(copies, &case.update, case.user, &case.sender)?;
        let ends = match verdict {
            Verdict::Malformed => true,
            Verdict::Refused(..) => !case.goes_on,
            Verdict::Accepted(_) | Verdict::Unchanged | Verdict::Gap(_) => false,
        };
        if ends {
            stopped.insert(case.seat);
        }
        judged.push((case, verdict));
    }
    Ok(judged)
}

/// Steps 2 to 5. Blocks, for milliseconds where much is to be done.
fn judge(copies: &mut Copies, update: &Bytes, user: UserId, sender: &Sender) -> Result<Verdict, Corrupt> {
    // 2. The pre-scan.
    let Ok(outline) = prescan(update) else { return Ok(Verdict::Malformed) };
    if outline.is_empty() {
        return Ok(Verdict::Unchanged);
    }
    // Late work is kept whole: what follows its first change is no gap.
    if sender.access == Access::Closed && copies.lacks(&outline) {
        return Ok(Verdict::Refused(Refusal::ActivityClosed, clients(&outline)));
    }
    // 4. Gaps, before the probe is touched, so that they cost no rebuild.
    if let Some(client) = outline.gap(|client| copies.reached(client)) {
        return Ok(Verdict::Gap(client));
    }
    // 5. Rules that need no look at the state after the update.
    let refused = |refusal| Ok(Verdict::Refused(refusal, clients(&outline)));
    if copies.lacks(&outline)
        && let Err(refusal) = before(copies, update, &outline, user, sender)
    {
        return refused(refusal);
    }
    let survey = match copies.survey(update) {
        Ok(survey) => survey,
        Err(Unfit::Refused(refusal)) => return refused(refusal),
        Err(Unfit::Malformed) => return Ok(Verdict::Malformed),
    };
    let state = copies.state_at(&survey);
    // 3. The probe.
    let cut = match copies.try_on_probe(update, &outline) {
        Trial::Unchanged => return Ok(Verdict::Unchanged),
        Trial::Changed(cut) => cut,
        // The outline saw all that it builds on, and yrs does not: it is not what it seems.
        Trial::Gap | Trial::Broken => {
            copies.rebuild()?;
            return Ok(Verdict::Malformed);
        }
    };
    // 5. Rules, judged on the state after the update.
    let reviewed = may_annotate(sender).and_then(|()| copies.review(sender, &survey, &state, &cut));
    if let Err(refusal) = reviewed {
        copies.rebuild()?;
        return refused(refusal);
    }
    let talk = copies.talk(&survey, &state);
    copies.accept(update.clone(), &outline, &survey, user);
    Ok(Verdict::Accepted(talk))
}

fn before(
    copies: &mut Copies,
    update: &Bytes,
    outline: &Outline,
    user: UserId,
    sender: &Sender,
) -> Result<(), Refusal> {
    may_annotate(sender)?;
    if copies.is_foreign(outline, user) {
        return Err(Refusal::NotYourClient);
    }
    if copies.would_exceed(update.len(), sync::MAX_DOCUMENT) { Err(Refusal::Full) } else { Ok(()) }
}

fn clients(outline: &Outline) -> Vec<u64> {
    outline.brings.keys().copied().collect()
}
