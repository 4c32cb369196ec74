// Lists on the page for times without a network what can be opened all the same. The worker knows, and for whom.
(() => {
  const worker = navigator.serviceWorker?.controller;
  const section = document.querySelector("[data-kept]");
  if (!worker || !section) return;
  const { port1, port2 } = new MessageChannel();
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
  port1.onmessage = ({ data }) => {
    if (!data?.length) return;
    section.querySelector("ul").append(...data.map(lineOf));
    section.hidden = false;
  };
  worker.postMessage({ kind: "kept" }, [port2]);
})();
