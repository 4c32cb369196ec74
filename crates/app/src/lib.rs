//! Trial.
/// Start.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() { let doc = yrs::Doc::new(); web_sys::window().unwrap().set_name(&format!("{}", doc.client_id())).unwrap(); }
