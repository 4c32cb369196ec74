use std::{
    env, fs,
    time::{Duration, Instant},
};

use super::{
    club::Club,
    house::{Blow, House, Tally},
    kill::seed,
    stage::Cast,
};

/// Forty writers in sixteen conversations.
const CAST: Cast = Cast { shared: (12, 3), lonely: 4, leaves: 0.005 };

/// Edits between two lines that say how it goes, at most.
const STRIDE: u64 = 2_000;

/// What `cargo xtask soak` sets.
struct Plan {
    edits: u64,
    kills: u64,
}

impl Plan {
    fn of_environment() -> Plan {
        let number = |name: &str, default: u64| {
            env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
        };
        Plan { edits: number("SOAK_EDITS", 200_000), kills: number("SOAK_KILLS", 20) }
    }

    /// Edits from one blow to the next. The last quarter is without any, so that the memory of a server that has not
    /// just been started is known too.
    fn stride(&self) -> u64 {
        (self.edits * 3 / 4 / (self.kills + 1)).max(1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes minutes: cargo xtask soak"]
async fn soak() {
    let (plan, seed, since) = (Plan::of_environment(), seed(), Instant::now());
    let mut house = House::open("soak", CAST, seed).await;
    let at_start = house.server.memory();
    let mut done = 0;
    while house.tally.kills < plan.kills {
        done += plan.stride();
        write_until(&mut house, done, since).await;
        house.stage.nap().await;
        let blow = Blow::any(&mut house.stage.rng);
        println!("{blow:?}");
        house = house.strike(blow).await;
    }
    let unbroken = plan.edits.saturating_sub(done);
    write_until(&mut house, plan.edits.max(done), since).await;
    house.stage.settle().await;
    let at_end = house.server.memory();
    let house = house.end().await;
    let tally = house.tally;
    let club = house.stage.leave().await;
    let memory = format!(
        "server memory: {} when it was started first, {} at the end, after {unbroken} edits without a restart",
        mib(at_start),
        mib(at_end)
    );
    summarise(&club, tally, seed, since.elapsed(), &memory);
}

async fn write_until(house: &mut House, goal: u64, since: Instant) {
    loop {
        let acked = house.stage.club.progress.borrow().acked;
        if acked >= goal {
            return;
        }
        house.stage.write((goal - acked).min(STRIDE)).await;
        let acked = house.stage.club.progress.borrow().acked;
        let per_second = acked as f64 / since.elapsed().as_secs_f64();
        let memory = mib(house.server.memory());
        println!("{acked} edits acknowledged, {per_second:.0} a second so far; server memory {memory}");
    }
}

fn summarise(club: &Club, tally: Tally, seed: u64, took: Duration, memory: &str) {
    let (made, acked) = {
        let book = club.book.lock().unwrap();
        (book.made, book.acked)
    };
    let Tally { kills, stops, postgres_kills } = tally;
    let (rooms, writers, seconds) = (CAST.rooms(), CAST.writers(), took.as_secs());
    let summary = format!(
        "{acked} edits acknowledged (of {made} made), by {writers} writers in {rooms} conversations, seed {seed}\n\
         {kills} kills of the server, {stops} orderly stops, {postgres_kills} kills of Postgres; the server was compared \
         with the ledger after each\n\
         0 acknowledged edits missing, in the database and on the server\n\
         replicas equal: {writers} writers, {rooms} documents in the database and on the server (JSON, state vectors, \
         delete sets)\n\
         {} min {} s; {memory}\n",
        seconds / 60,
        seconds % 60,
    );
    println!("{summary}");
    if let Some(file) = env::var_os("SOAK_SUMMARY") {
        fs::write(file, summary).unwrap();
    }
}

fn mib(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "unknown".to_owned(), |bytes| format!("{} MiB", bytes >> 20))
}
