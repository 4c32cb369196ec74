// Lists on the first page what is on this device alone: changes that were not sent, because their page was closed before
// there was a network again, and what the server did not take; both also of conversations that cannot be opened any more.
// Nothing is discarded but by its author.
((user) => {
  const answered = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => { event.preventDefault(); reject(request.error); };
  });

  /** A transaction on the person's database; fails where there is none, and none is made by asking. */
  const begin = async (mode) => {
    const request = indexedDB.open(`promptgrimoire-${user}`);
    request.onupgradeneeded = () => request.transaction.abort();
    const database = await answered(request);
    database.onversionchange = () => database.close();
    return database.transaction(["journal", "aside"], mode);
  };

  const allOf = async (store) => {
    const [keys, values] = await Promise.all([answered(store.getAllKeys()), answered(store.getAll())]);
    return keys.map((key, at) => ({ key, value: values[at] }));
  };

  /** Keys begin with the conversation; then comes the time of a change, or which text it is. */
  const placeOf = (key) => key.split("/");
  const textOf = (key) => (/^\d+$/.test(placeOf(key)[1]) ? undefined : placeOf(key).slice(0, 2).join("/"));
  const TEXTS = { Notes: "Shared notes", Response: "My response" };

  /** Changes of the journal that the list of what was not taken shows already, a text as a whole. */
  const shownAside = (aside) => {
    const keys = new Set(aside.flatMap(({ key }) => [key, textOf(key) ?? key]));
    return ({ key, value }) => {
      const root = value.intent?.match(/^\{"Typed":"(\w+)"\}$/)?.[1];
      return keys.has(root ? `${placeOf(key)[0]}/${TEXTS[root]}` : key);
    };
  };

  /** Of pages that are gone: one that is open sends what it made itself. */
  const leftByPages = async (journal) => {
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    const open = new Set(held.map(({ name }) => name));
    const pageOf = (key) => `promptgrimoire/${user}/${placeOf(key)[0]}/${placeOf(key)[2]}`;
    return journal.filter(({ key }) => !open.has(pageOf(key)));
  };

  const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });
  const inTime = (at) => new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

  const lineOf = ({ key, what, why, text, at }) => {
    const line = element("li", "away-item", "");
    const hint = line.appendChild(element("p", "hint", `${why}${inTime(at)} · `));
    hint.append(Object.assign(element("a", "", "Open the conversation"), { href: `/c/${placeOf(key)[0]}` }));
    line.prepend(element("p", "away-what", what));
    if (text) line.append(Object.assign(element("blockquote", "", text), { dir: "auto", tabIndex: 0 }));
    return line;
  };

  const offer = (items, name) => {
    const words = ({ what, why, text, at }) => `${what}\n(${why}${inTime(at)})\n\n${text}\n`;
    const url = URL.createObjectURL(new Blob([items.map(words).join("\n---\n\n")], { type: "text/plain;charset=utf-8" }));
    Object.assign(document.createElement("a"), { href: url, download: name }).click();
    URL.revokeObjectURL(url);
  };

  /** `gone` is what leaves the journal with them. */
  const show = (section, items, name, gone) => {
    if (items.length === 0) return;
    section.querySelector("ul").append(...items.map(lineOf));
    const [save, discard] = section.querySelectorAll("button");
    save.onclick = () => offer(items, name);
    discard.onblur = () => { discard.textContent = "Discard"; };
    discard.onclick = async () => {
      if (discard.textContent === "Discard") {
        discard.textContent = "Discard for good?";
        return;
      }
      const writing = await begin("readwrite");
      for (const { key } of items) writing.objectStore("aside").delete(key);
      for (const { key } of gone) writing.objectStore("journal").delete(key);
      writing.oncomplete = () => { section.hidden = true; };
    };
    section.hidden = false;
  };

  const start = async () => {
    const reading = await begin("readonly");
    const [journal, kept] = await Promise.all(["journal", "aside"].map((name) => allOf(reading.objectStore(name))));
    const aside = kept.map(({ key, value }) => ({ ...JSON.parse(value), key }));
    const isShown = shownAside(aside);
    const unsent = await leftByPages(journal.filter((change) => !isShown(change)));
    const items = unsent.map(({ key, value: { what, text } }) =>
      ({ key, what: what ?? "A change", why: "", text: text ?? "", at: Number(placeOf(key)[1]) }));
    show(document.querySelector("[data-unsent]"), items, "not-sent.txt", items);
    const notTaken = aside.map((item) => ({ ...item, why: `${item.why} · ` }));
    show(document.querySelector("[data-left]"), notTaken, "kept-aside.txt", journal.filter(isShown));
  };
  // A browser without a disk for us keeps nothing.
  start().catch(() => {});
})
