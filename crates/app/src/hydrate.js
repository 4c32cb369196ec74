// Loads the islands' code and hands each island to it. Ours and not leptos' own: this starts at once and not when the
// browser is idle, fetches both files side by side, and preloads nothing that a page without scripts would report as refused.
((folder) => {
  const code = import(`${folder}/app.js`);
  const wasm = fetch(`${folder}/app_bg.wasm`);
  const parsed = new Promise((resolve) =>
    document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", resolve, { once: true }) : resolve());
  Promise.all([code, parsed]).then(async ([module]) => {
    await module.default({ module_or_path: wasm });
    module.hydrate();
    for (const island of document.querySelectorAll("leptos-island")) module[island.dataset.component]?.(island);
  });
})