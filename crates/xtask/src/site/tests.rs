use std::{env, time::Duration};

use super::*;

/// A checkout of its own for each test.
struct Checkout(Workspace);

impl Checkout {
    fn new(name: &str) -> Self {
        let root = env::temp_dir().join(format!("xtask-site-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let checkout = Self(Workspace { target: root.join("target"), root, rust_version: "1.94".into() });
        checkout.write("bundle/app.js", &"js ".repeat(1000));
        checkout.write("bundle/app_bg.wasm", &"wasm ".repeat(1000));
        checkout.write("style/10-base.css", "@layer base {}");
        checkout.write("style/20-page.css", "@layer page {}");
        checkout.write("style/pages/30-home.css", "@layer home {}");
        checkout.write("style/print/90-print.css", "@layer paper {}");
        checkout.write("style/math/43-math.css", "@layer formulas {}");
        checkout.write("public/favicon.svg", &"<svg/>".repeat(1000));
        checkout.write("public/fonts/serif.woff2", &"font".repeat(1000));
        checkout
    }

    fn write(&self, name: &str, text: &str) {
        files::write(&self.0.root.join(name), text.as_bytes()).unwrap();
    }

    fn assemble(&self) -> String {
        assemble(&self.0, &self.0.root.join("bundle"), Mode::Dev).unwrap();
        fs::read_to_string(self.site("build-id")).unwrap()
    }

    fn site(&self, name: &str) -> PathBuf {
        self.0.dist().join("site").join(name)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0.root);
    }
}

#[test]
fn a_page_finds_all_it_loads_under_the_build_id() {
    let checkout = Checkout::new("layout");
    let id = checkout.assemble();
    assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let css = fs::read_to_string(checkout.site(&format!("pkg/{id}/app.css"))).unwrap();
    assert_eq!(css, "@layer base {}\n@layer page {}\n", "nothing of the pages without tools");
    assert_eq!(fs::read_to_string(checkout.site(&format!("pkg/{id}/pages.css"))).unwrap(), "@layer home {}\n");
    assert_eq!(fs::read_to_string(checkout.site(&format!("pkg/{id}/print.css"))).unwrap(), "@layer paper {}\n");
    for name in ["app.js", "app.js.br", "app_bg.wasm", "app_bg.wasm.br"] {
        assert!(checkout.site(&format!("pkg/{id}/{name}")).is_file(), "{name}");
    }
    assert!(!checkout.site(&format!("pkg/{id}/app.css.br")).exists(), "too small to be worth it");
    assert!(checkout.site("favicon.svg.br").is_file());
    assert!(checkout.site("fonts/serif.woff2").is_file() && !checkout.site("fonts/serif.woff2.br").exists());
}

#[test]
fn the_compressed_file_holds_what_the_plain_one_holds() {
    let text = "grimoire ".repeat(5000);
    for mode in [Mode::Dev, Mode::Release] {
        let packed = compressed("a.js", text.as_bytes(), mode).unwrap();
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &*packed, &mut unpacked).unwrap();
        assert!(unpacked == text.as_bytes() && packed.len() < text.len() / 10);
    }
}

#[test]
fn a_build_of_the_same_things_has_the_same_id_and_a_changed_sheet_gives_another() {
    let checkout = Checkout::new("id");
    let first = checkout.assemble();
    let written = fs::metadata(checkout.site("build-id")).unwrap().modified().unwrap();
    assert_eq!(checkout.assemble(), first);
    assert_eq!(fs::metadata(checkout.site("build-id")).unwrap().modified().unwrap(), written, "not written again");
    checkout.write("style/20-page.css", "@layer gape {}");
    assert_ne!(checkout.assemble(), first);
}

#[test]
fn what_leaves_public_leaves_the_site_and_what_changes_there_changes_here() {
    let checkout = Checkout::new("public");
    checkout.assemble();
    fs::remove_file(checkout.0.root.join("public/fonts/serif.woff2")).unwrap();
    checkout.write("public/favicon.svg", "<svg>small</svg>");
    let id = checkout.assemble();
    assert!(!checkout.site("fonts/serif.woff2").exists());
    assert_eq!(fs::read_to_string(checkout.site("favicon.svg")).unwrap(), "<svg>small</svg>");
    assert!(!checkout.site("favicon.svg.br").exists(), "a stale compressed file would be served instead");
    assert!(checkout.site(&format!("pkg/{id}/app.js")).is_file());
}

#[test]
fn the_last_three_builds_stay_loadable() {
    let checkout = Checkout::new("prune");
    let ids: Vec<String> = (0..5)
        .map(|turn| {
            checkout.write("style/20-page.css", &format!("/* {turn} */"));
            let id = checkout.assemble();
            // Folders made within one tick of the clock could not be told apart.
            let past = SystemTime::now() - Duration::from_secs(100 - turn);
            File::open(checkout.site(&format!("pkg/{id}"))).unwrap().set_modified(past).unwrap();
            id
        })
        .collect();
    let kept: Vec<bool> = ids.iter().map(|id| checkout.site(&format!("pkg/{id}")).is_dir()).collect();
    assert_eq!(kept, [false, false, true, true, true]);
}

#[test]
fn a_page_that_is_too_heavy_is_named_in_release_builds() {
    assert_eq!(
        sizes(450_000, 1, Mode::Release),
        "450 of 450 KB to load before the tools work, within the budget, 1 KB later"
    );
    assert_eq!(
        sizes(450_001, 9_999, Mode::Release),
        "451 of 450 KB to load before the tools work, OVER THE BUDGET, 10 KB later"
    );
    assert_eq!(sizes(2_000_000, 0, Mode::Dev), "2000 of 450 KB to load before the tools work, 0 KB later");
}
