// Has the service worker started. A page that came before the worker was in control tells it that it is there and what it
// has loaded, now and later, so that the first visit can be opened without a network too.
(() => {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  // Not `controller`: the worker may have taken this page over after it came, and before this runs.
  const cameByWorker = performance.getEntriesByType("navigation")[0]?.workerStart > 0;
  const register = async () => {
    await serviceWorker.register("/service-worker.js");
    const { active } = await serviceWorker.ready;
    // Somebody may not read any longer what they have open (`annotate/browser/ended.rs`).
    document.addEventListener("promptgrimoire:ended", () => active.postMessage({ kind: "ended" }));
    if (cameByWorker) return;
    active.postMessage({ kind: "page" });
    const tell = (entries) => active.postMessage({
      kind: "assets",
      paths: entries.map(({ name }) => new URL(name)).filter(({ origin }) => origin === location.origin).map(({ pathname }) => pathname),
    });
    new PerformanceObserver((list) => tell(list.getEntries())).observe({ type: "resource", buffered: true });
  };
  // Not before the page itself is there; and without a worker (it may be forbidden) everything else works.
  const start = () => register().catch(() => {});
  if (document.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
})();
