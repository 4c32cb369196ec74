// Lists on the first page what the server did not take and this device keeps: also of conversations that cannot be opened
// any more. Nothing is discarded but by its author.
((user) => {
  const section = document.querySelector("[data-left]");
  const answered = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => { event.preventDefault(); reject(request.error); };
  });

  /** The store of what was put aside; undefined where there is none, and none is made by asking. */
  const store = async (mode) => {
    const request = indexedDB.open(`promptgrimoire-${user}`);
    request.onupgradeneeded = () => request.transaction.abort();
    const database = await answered(request);
    database.onversionchange = () => database.close();
    return database.transaction("aside", mode).objectStore("aside");
  };

  const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });

  const lineOf = ({ what, why, text, at }) => {
    const line = element("li", "away-item", "");
    const when = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    line.append(element("p", "away-what", what), element("p", "hint", `${why} · ${when}`));
    if (text) line.append(Object.assign(element("blockquote", "", text), { dir: "auto", tabIndex: 0 }));
    return line;
  };

  const offer = (items) => {
    const text = items.map(({ what, why, text }) => `${what}\n(${why})\n\n${text}\n`).join("\n---\n\n");
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    Object.assign(document.createElement("a"), { href: url, download: "kept-aside.txt" }).click();
    URL.revokeObjectURL(url);
  };

  const show = async () => {
    const keys = await answered((await store("readonly")).getAllKeys());
    const items = (await answered((await store("readonly")).getAll())).map((text) => JSON.parse(text));
    if (items.length === 0) return;
    section.querySelector("ul").append(...items.map(lineOf));
    const [save, discard] = section.querySelectorAll("button");
    save.onclick = () => offer(items);
    discard.onblur = () => { discard.textContent = "Discard"; };
    discard.onclick = async () => {
      if (discard.textContent === "Discard") {
        discard.textContent = "Discard for good?";
        return;
      }
      const aside = await store("readwrite");
      for (const key of keys) aside.delete(key);
      aside.transaction.oncomplete = () => { section.hidden = true; };
    };
    section.hidden = false;
  };
  // A browser without a disk for us keeps nothing.
  show().catch(() => {});
})
