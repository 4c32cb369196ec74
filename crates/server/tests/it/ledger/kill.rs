use rand::Rng;
use rustix::process::{Signal, kill_process};

use super::{
    abroad::{Abroad, Outage},
    house::{Blow, House},
    stage::{Cast, Stage},
};
use crate::support::{program::Server, run};

/// Nine writers in six conversations.
const CAST: Cast = Cast { shared: (2, 3), lonely: 3, leaves: 0.03 };

/// Edits that are acknowledged between two blows, at least and at most.
const EDITS: std::ops::Range<u64> = 30..120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_over_and_over_keeps_all_that_it_acknowledged() {
    let mut house = House::open("kills", CAST, seed()).await;
    while house.tally.kills < 20 {
        let edits = house.stage.rng.random_range(EDITS);
        house.stage.write(edits).await;
        house.stage.nap().await;
        let blow = Blow::any(&mut house.stage.rng);
        house = house.strike(blow).await;
    }
    let house = house.end().await;
    println!("{:?}", house.tally);
    enough(house.stage, 20 * EDITS.start).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_killed_over_and_over_keeps_all_that_was_acknowledged() {
    let mut abroad = Abroad::open("outages", CAST, seed()).await;
    // Each kind once at least.
    for number in 0..20 {
        let edits = abroad.stage.rng.random_range(EDITS);
        abroad.stage.write(edits).await;
        abroad.stage.nap().await;
        let outage = Outage::ALL
            [if number < Outage::ALL.len() { number } else { abroad.stage.rng.random_range(0..Outage::ALL.len()) }];
        abroad = abroad.strike(outage).await;
    }
    let abroad = abroad.end().await;
    enough(abroad.stage, 20 * EDITS.start).await;
}

/// The seed of this run: `LEDGER_SEED`, or another each time. It is printed.
pub fn seed() -> u64 {
    let chosen = std::env::var("LEDGER_SEED").ok().map(|seed| seed.parse().expect("LEDGER_SEED is a number"));
    let seed = chosen.unwrap_or_else(rand::random);
    println!("LEDGER_SEED={seed}");
    seed
}

/// A test that did nothing would pass as well.
async fn enough(stage: Stage, least: u64) {
    let club = stage.leave().await;
    let book = club.book.lock().unwrap();
    let [lines, struck, highlights, comments] = book.kinds();
    println!("{} made, {} acked: {:?}, {:?}", book.made, book.acked, book.kinds(), club.ends.lock().unwrap());
    assert!(book.acked >= least, "{} edits were acknowledged", book.acked);
    assert!(lines > least / 3 && struck > least / 50 && highlights > least / 20 && comments > least / 20);
}

#[test]
fn when_the_tests_are_killed_their_server_goes_too() {
    crate::database::assert_it_goes_too("ledger::kill::leaves_a_server_and_is_killed");
}

#[tokio::test]
#[ignore = "started by the test above"]
async fn leaves_a_server_and_is_killed() {
    let server = Server::start(&run::scratch("left").join("data"), None).await;
    println!("left process {}", server.process());
    kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
}
