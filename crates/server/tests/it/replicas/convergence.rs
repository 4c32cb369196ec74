use std::{
    env, fs,
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
};

use futures::FutureExt;

use super::{generate, plan::Plan, run};

/// How many seeds a run of all tests plays; `PROMPTGRIMOIRE_SEEDS` asks for more.
const SEEDS: u64 = 8;

/// From `PROMPTGRIMOIRE_FIRST_SEED` on, or from 1.
#[tokio::test]
async fn replicas_of_three_libraries_agree_whatever_happens_to_network_and_server() {
    let first = number("PROMPTGRIMOIRE_FIRST_SEED").unwrap_or(1);
    for seed in first..first + number("PROMPTGRIMOIRE_SEEDS").unwrap_or(SEEDS) {
        let plan = generate::plan(seed);
        play(&plan, &format!("seed {seed}")).await;
    }
}

#[tokio::test]
async fn plans_that_once_found_something_find_nothing_any_more() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/replicas/plans");
    let mut plans: Vec<_> = fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()).collect();
    plans.sort();
    assert!(!plans.is_empty());
    for path in plans {
        let plan: Plan = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        play(&plan, &path.display().to_string()).await;
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}

/// Plays a plan; one that fails is printed and kept.
async fn play(plan: &Plan, name: &str) {
    if let Err(failure) = AssertUnwindSafe(run::play(plan)).catch_unwind().await {
        let text = printed(plan);
        let file = failed(plan.seed);
        fs::write(&file, &text).unwrap();
        eprintln!("{text}\n{name} failed; its plan is in {}: keep it in tests/it/replicas/plans", file.display());
        resume_unwind(failure);
    }
}

/// A line a step.
fn printed(plan: &Plan) -> String {
    let lines = |values: Vec<String>| values.join(",\n    ");
    let replicas = plan.replicas.iter().map(|role| serde_json::to_string(role).unwrap()).collect();
    let steps = plan.steps.iter().map(|step| serde_json::to_string(step).unwrap()).collect();
    let (replicas, steps) = (lines(replicas), lines(steps));
    format!("{{\"seed\": {},\n\"replicas\": [\n    {replicas}],\n\"steps\": [\n    {steps}]}}\n", plan.seed)
}

/// Where it outlives the run.
fn failed(seed: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failed-plans");
    fs::create_dir_all(&folder).unwrap();
    folder.join(format!("seed-{seed}.json"))
}
