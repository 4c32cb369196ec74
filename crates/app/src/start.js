// Loads the tools' code and starts it: at once and not when the browser is idle, all files side by side, and preloading
// nothing that a page without scripts would report as refused.
((folder) => {
  const code = import(`${folder}/app.js`);
  const wasm = fetch(`${folder}/app_bg.wasm`);
  // Which `app.js` asks for when it is there; what it loads later comes when it is wanted.
  import(`${folder}/later.js`);
  const parsed = new Promise((resolve) =>
    document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", resolve, { once: true }) : resolve());
  Promise.all([code, parsed]).then(async ([module]) => {
    await module.default({ module_or_path: wasm });
    module.start();
  });
})
