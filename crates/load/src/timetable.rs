use rand::{Rng, SeedableRng, rngs::StdRng};

/// The same times in every run, and so for every server.
const SEED: u64 = 0x5eed;

/// When each of `writers` writes within `length` microseconds, from 0, so that all of them together write `rate` times
/// a second. People are neither in step nor regular: each starts at a time of their own and pauses half to one and a
/// half times as long as on average.
pub fn of(writers: usize, rate: f64, length: u64) -> Vec<Vec<u64>> {
    let pause = writers as f64 / rate * 1e6;
    let mut random = StdRng::seed_from_u64(SEED);
    let mut times = |_| {
        let mut times = Vec::new();
        let mut at = random.random_range(0.0..pause);
        while at < length as f64 {
            times.push(at as u64);
            at += pause * random.random_range(0.5..1.5);
        }
        times
    };
    (0..writers).map(&mut times).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_the_writers_keep_the_rate() {
        for (writers, rate) in [(1, 10.0), (50, 250.0), (1_500, 350.0), (500, 500.0)] {
            let timetable = of(writers, rate, 60_000_000);
            let count: usize = timetable.iter().map(Vec::len).sum();
            let asked = rate * 60.0;
            assert!((count as f64 - asked).abs() < asked * 0.05 + 2.0, "{count} instead of {asked}");
            assert!(timetable.iter().all(|times| times.is_sorted()));
        }
    }

    #[test]
    fn it_is_the_same_every_time_and_nobody_is_in_step() {
        let timetable = of(50, 250.0, 1_000_000);
        assert_eq!(timetable, of(50, 250.0, 1_000_000));
        assert_ne!(timetable[0], timetable[1]);
    }
}
