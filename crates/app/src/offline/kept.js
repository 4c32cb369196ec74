// Lists on the page for times without a network what can be opened all the same. The worker knows, and for whom; where it
// is nobody, the page says that one is signed out, and that nothing is lost.
(() => {
  const worker = navigator.serviceWorker?.controller;
  const section = document.querySelector("[data-kept]");
  if (!worker || !section) return;
  const ask = (kind) => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage({ kind }, [port2]);
  });
  const plain = (title) => new DOMParser().parseFromString(title, "text/html").documentElement.textContent;
  const lineOf = ({ path, title, visited }) => {
    const line = document.createElement("li");
    const link = line.appendChild(document.createElement("a"));
    link.className = "conversation-link";
    link.href = path;
    const name = link.appendChild(document.createElement("span"));
    name.className = "conversation-title";
    name.dir = "auto";
    name.textContent = plain(title);
    const opened = link.appendChild(document.createElement("span"));
    opened.className = "conversation-meta";
    const when = new Date(visited).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    opened.textContent = `Last opened ${when}`;
    return line;
  };

  /** How many changes wait for each conversation to be opened with a connection, of whoever is here. */
  const waiting = async () => {
    const counts = new Map();
    const { unsent } = await readWork(localStorage.getItem("here") ?? "");
    for (const { key } of unsent) {
      const path = `/c/${placeOf(key)[0]}`;
      counts.set(path, (counts.get(path) ?? 0) + 1);
    }
    return counts;
  };

  const list = async (pages) => {
    if (!pages?.length) return;
    section.querySelector("ul").append(...pages.map(lineOf));
    section.hidden = false;
    // Without a disk nothing waits on it.
    const counts = await waiting().catch(() => new Map());
    for (const [path, count] of counts) {
      const line = section.querySelector(`a[href="${path}"] .conversation-meta`);
      line?.append(` · ${count} ${count === 1 ? "change" : "changes"} not sent yet`);
    }
  };

  const sayNobody = async () => {
    document.querySelector("[data-not-kept]").hidden = true;
    document.querySelector("[data-nobody]").hidden = false;
    await saySafe();
  };

  ask("kept").then(list);
  // Without a disk there is nothing to be counted.
  ask("nobody").then((isNobody) => (isNobody ? sayNobody() : undefined)).catch(() => {});
})();
