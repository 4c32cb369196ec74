//! Migrations are compiled into the binary; cargo does not see a new file there by itself.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
