//! Trial.
fn main() {
    println!("serving as {} with {:?} {:?} reload {:?}", std::process::id(), std::env::var("DATA_DIR"), std::env::var("LISTEN"), std::env::var("DEV_RELOAD"));
    for (k, v) in std::env::vars() { if k.starts_with("CARGO") || k.starts_with("LD_") || k.starts_with("RUST") { println!("{k}={v}"); } }
    std::thread::sleep(std::time::Duration::from_secs(600));
}
