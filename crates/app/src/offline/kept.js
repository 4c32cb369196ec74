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

  const list = (pages) => {
    if (!pages?.length) return;
    section.querySelector("ul").append(...pages.map(lineOf));
    section.hidden = false;
  };

  /** Of whoever used this device: the number is all that is told. */
  const countUnsent = async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name.match(/^promptgrimoire-(.+)$/)?.[1]).filter(Boolean);
    const counts = names.map(async (user) => {
      const database = await openWork(user);
      if (!database?.objectStoreNames.contains("journal")) return 0;
      const journal = await allOf(database.transaction("journal").objectStore("journal"));
      database.close();
      return asMade(journal).length;
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };

  const sayNobody = async () => {
    document.querySelector("[data-not-kept]").hidden = true;
    document.querySelector("[data-nobody]").hidden = false;
    const count = await countUnsent();
    if (count === 0) return;
    const safe = document.querySelector("[data-safe]");
    safe.querySelector("strong").textContent = count === 1 ? "1 change that was not sent is" : `${count} changes that were not sent are`;
    safe.hidden = false;
  };

  ask("kept").then(list);
  // Without a disk there is nothing to be counted.
  ask("nobody").then((isNobody) => (isNobody ? sayNobody() : undefined)).catch(() => {});
})();
