// A page that was kept looks as it did then. Says so, and which of its links lead to what is not kept here; a
// conversation's own status tells more.
(() => {
  const AGAIN_MS = 5000;

  const worker = navigator.serviceWorker?.controller;
  if (!worker) return;

  const note = Object.assign(document.createElement("p"), { className: "shown-note" });
  note.setAttribute("role", "status");
  const say = (...parts) => note.replaceChildren(...parts);

  const mark = (paths) => {
    for (const link of document.querySelectorAll("main a.conversation-link")) {
      if (paths.includes(link.getAttribute("href"))) continue;
      link.dataset.notKept = "";
      link.querySelector(".conversation-meta")?.append(" · not on this device");
    }
  };

  /** A browser does not know whether the server can be reached: it is asked, while somebody looks. */
  const watch = (reached) => {
    let isReached = false;
    const ask = async () => {
      if (isReached || document.visibilityState !== "visible") return;
      const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => undefined);
      if (isReached || !answer?.ok) return;
      isReached = true;
      clearInterval(timer);
      reached();
    };
    const timer = setInterval(ask, AGAIN_MS);
    addEventListener("online", ask);
    document.addEventListener("visibilitychange", ask);
  };

  const show = ({ at, paths }) => {
    if (document.querySelector(".sync-status")) return;
    document.querySelector("main")?.prepend(note);
    const when = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    say(`No connection. This is the page as it was on ${when}.`);
    mark(paths);
    const again = Object.assign(document.createElement("a"), { href: "", textContent: "Load it anew" });
    watch(() => say(`You are connected again; this is the page as it was on ${when}. `, again));
  };

  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => { if (data) show(data); };
  worker.postMessage({ kind: "shown" }, [port2]);
})();
