use super::{
    PATIENCE,
    dump::{Dump, State},
    replica::Replica,
};

/// Waits until replicas that are connected hold the same: everything that any of them holds. They do not connect again
/// for it, so that nothing that was lost on the way is made good by that.
pub async fn settled(replicas: &mut [&mut Replica]) -> State {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut dumps = Vec::new();
        for replica in &mut *replicas {
            let dump = replica.dump().await;
            assert!(dump.closed.is_none(), "{} keeps to the rules and got {:?}", replica.name, dump.closed);
            dumps.push(dump);
        }
        let all = dumps.iter().map(|dump| dump.state.clone()).reduce(|all, state| all.joined(&state)).unwrap();
        let lacks = |dump: &Dump| dump.pending || !dump.state.holds(&all);
        let Some(place) = dumps.iter().position(lacks) else { return agreed(replicas, dumps) };
        let (lagging, dump) = (&mut replicas[place], &dumps[place]);
        let changed = tokio::time::timeout_at(deadline, lagging.changed(dump.version)).await;
        let differences = dump.state.differences(&all);
        assert!(changed.is_ok(), "{} never got all (waits: {}):\n{differences}", lagging.name, dump.pending);
    }
}

/// Those who hold the same units and have deleted the same must show the same.
fn agreed(replicas: &[&mut Replica], dumps: Vec<Dump>) -> State {
    let mut states = replicas.iter().zip(dumps).map(|(replica, dump)| (&replica.name, dump.state));
    let (first, state) = states.next().unwrap();
    for (name, other) in states {
        assert!(state == other, "{first} and {name} differ:\n{}", state.differences(&other));
    }
    state
}
