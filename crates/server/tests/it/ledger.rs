//! Nothing that was acknowledged is ever lost: the real program under load, killed at any moment, and a ledger of every
//! edit that it has acknowledged.
//!
//! The moments are chosen by a seed, which is printed; `LEDGER_SEED` repeats the choices. What happens between them is
//! up to the machine, so a failure may take several runs to come again.

mod abroad;
mod book;
mod club;
mod house;
mod kill;
mod reading;
mod soak;
mod stage;
mod tab;
mod writer;
