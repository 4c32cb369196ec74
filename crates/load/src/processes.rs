use std::{collections::HashMap, fs, ops::Sub};

use anyhow::{Context, Result};
use rustix::param::clock_ticks_per_second;
use serde::{Deserialize, Serialize};

/// A server's processes, and below it those of a Postgres that it started.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// The server's process id.
    pub server: u32,
}

/// What processes have used since they began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// The server and its children, in seconds, without Postgres.
    pub server: f64,
    /// Postgres and its children, in seconds.
    pub postgres: f64,
    /// This generator, in seconds.
    pub generator: f64,
    /// The witness, in seconds.
    pub witness: f64,
    /// Everything else on the machine, in seconds: other people's work, and the kernel's that belongs to nobody.
    pub others: f64,
    /// What a virtual machine's host gave to others, in seconds.
    pub stolen: f64,
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Resident, of the server and its children, without Postgres.
    pub server: u64,
    /// Postgres's share: what several of its processes map is counted once.
    pub postgres: u64,
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            generator: self.generator - before.generator,
            witness: self.witness - before.witness,
            // Ticks are coarse; there is no less than nothing.
            others: (self.others - before.others).max(0.0),
            stolen: self.stolen - before.stolen,
        }
    }
}

/// One process, as `/proc/<pid>/stat` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stat {
    id: u32,
    parent: u32,
    name: String,
    /// Ticks of its own, and of its children that have ended.
    ticks: u64,
}

impl Watched {
    /// CPU time so far.
    ///
    /// # Errors
    /// The server is gone.
    pub fn cpu(self) -> Result<Cpu> {
        let (server, postgres) = self.families()?;
        let (mut own, _) = Watched { server: std::process::id() }.families()?;
        let generator = own.swap_remove(0);
        let (busy, stolen) = whole(&fs::read_to_string("/proc/stat")?).context("what the machine has used")?;
        let ticks = |family: &[Stat]| family.iter().map(|stat| stat.ticks).sum::<u64>();
        let known = ticks(&server) + ticks(&postgres) + generator.ticks + ticks(&own);
        let seconds = |ticks: u64| ticks as f64 / clock_ticks_per_second() as f64;
        Ok(Cpu {
            server: seconds(ticks(&server)),
            postgres: seconds(ticks(&postgres)),
            generator: seconds(generator.ticks),
            witness: seconds(ticks(&own)),
            others: seconds(busy.saturating_sub(known)),
            stolen: seconds(stolen),
        })
    }

    /// Memory now.
    ///
    /// # Errors
    /// The server is gone.
    pub fn memory(self) -> Result<Memory> {
        let (server, postgres) = self.families()?;
        let sum = |family: &[Stat], of: fn(u32) -> Option<u64>| family.iter().filter_map(|stat| of(stat.id)).sum();
        Ok(Memory { server: sum(&server, resident), postgres: sum(&postgres, proportional) })
    }

    /// The highest memory of the server process since [`Self::forget_peak`], in bytes.
    pub fn peak(self) -> Option<u64> {
        field(&format!("/proc/{}/status", self.server), "VmHWM:")
    }

    /// Lets the peak begin anew. Where that is not allowed, it is that of the process's whole life.
    pub fn forget_peak(self) {
        let _ = fs::write(format!("/proc/{}/clear_refs", self.server), "5");
    }

    /// The server with its descendants, and Postgres with its own.
    fn families(self) -> Result<(Vec<Stat>, Vec<Stat>)> {
        let all = every_process();
        let (mut server, mut postgres) = (Vec::new(), Vec::new());
        divide(&all, self.server, false, &mut server, &mut postgres);
        anyhow::ensure!(!server.is_empty(), "the server is gone");
        Ok((server, postgres))
    }
}

fn divide(all: &HashMap<u32, Stat>, id: u32, below: bool, server: &mut Vec<Stat>, postgres: &mut Vec<Stat>) {
    let Some(stat) = all.get(&id) else { return };
    let below = below || stat.name == "postgres";
    if below {
        postgres.push(stat.clone())
    } else {
        server.push(stat.clone())
    }
    let children = all.values().filter(|stat| stat.parent == id).map(|stat| stat.id);
    children.for_each(|child| divide(all, child, below, server, postgres));
}

/// The ticks that all processors were busy, and those that a host took, of `/proc/stat`.
fn whole(stat: &str) -> Option<(u64, u64)> {
    let fields: Vec<u64> = stat.lines().next()?.split_whitespace().skip(1).flat_map(str::parse).collect();
    let [user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen, ..] = fields[..] else {
        return None;
    };
    Some((user + nice + system + interrupts + soft_interrupts, stolen))
}

fn every_process() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, read_stat(id)?))).collect()
}

fn read_stat(id: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The name stands in brackets and may hold anything, brackets too.
fn parse_stat(line: &str) -> Option<Stat> {
    let (id, rest) = line.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<_> = rest.split(' ').collect();
    // Counted from the state, which is the third: utime, stime, cutime and cstime are 14 to 17.
    let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Stat { id: id.parse().ok()?, parent: fields.get(1)?.parse().ok()?, name: name.to_owned(), ticks })
}

fn resident(id: u32) -> Option<u64> {
    field(&format!("/proc/{id}/status"), "VmRSS:")
}

/// Resident, with shared pages divided among those who share them; of those that we may ask about.
fn proportional(id: u32) -> Option<u64> {
    field(&format!("/proc/{id}/smaps_rollup"), "Pss:")
}

fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let kib: u64 = text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_brackets_in_its_name_is_read_whole() {
        let line = "42 (a (b) c) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 5 6 7";
        let stat = Stat { id: 42, parent: 7, name: "a (b) c".into(), ticks: 110 };
        assert_eq!(parse_stat(line), Some(stat));
    }

    #[test]
    fn idle_time_is_not_work_and_stolen_time_is_told_apart() {
        assert_eq!(whole("cpu  10 1 5 900 30 2 3 4 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"), Some((21, 4)));
        assert_eq!(whole("cpu 1 2 3\n"), None);
    }

    #[test]
    fn postgres_and_what_it_started_is_counted_apart() {
        let stat = |id, parent, name: &str| (id, Stat { id, parent, name: name.into(), ticks: u64::from(id) });
        let all = HashMap::from([
            stat(1, 0, "init"),
            stat(10, 1, "promptgrimoire"),
            stat(11, 10, "helper"),
            stat(20, 10, "postgres"),
            stat(21, 20, "checkpointer"),
            stat(30, 1, "postgres"),
        ]);
        let (mut server, mut postgres) = (Vec::new(), Vec::new());
        divide(&all, 10, false, &mut server, &mut postgres);
        let ids = |family: Vec<Stat>| {
            let mut ids: Vec<_> = family.iter().map(|stat| stat.id).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!((ids(server), ids(postgres)), (vec![10, 11], vec![20, 21]));
    }

    #[test]
    fn this_process_uses_cpu_and_memory() {
        let own = Watched { server: std::process::id() };
        let before = own.cpu().unwrap();
        let mut sum = 0_u64;
        while own.cpu().unwrap().server - before.server < 0.02 {
            sum = (0..100_000).fold(sum, |sum, number| sum.wrapping_mul(31).wrapping_add(number));
        }
        assert!(own.memory().unwrap().server > 100_000 && own.peak().unwrap() > 100_000, "{sum}");
    }
}
