// Lists what is on this device alone, by conversation: changes that were not sent, because their page was closed before
// there was a network again, and what the server did not take; both also of conversations that cannot be opened any more.
// Nothing is discarded but by its author. The first page lists all; the page that stands in place of a conversation, what
// is of this one.
((user) => {
  const here = location.pathname.match(/^\/c\/([^/]+)/)?.[1];

  const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });
  const inTime = (at) => new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const conversationOf = ({ key }) => placeOf(key)[0];

  /** What a conversation is called, and whether it can be opened; without the server neither need be known. */
  const ask = async (id) => {
    const shown = document.querySelector(`[data-conversation="${id}"] .conversation-title`)?.textContent;
    const answer = await fetch(`/api/v1/conversations/${id}`).catch(() => undefined);
    const title = answer?.ok ? (await answer.json().catch(() => ({}))).title : shown;
    return { title, isGone: [403, 404, 410].includes(answer?.status), isReached: Boolean(answer) };
  };

  const lineOf = ({ what, why, text, at }) => {
    const line = element("li", "away-item", "");
    line.append(element("p", "away-what", what), element("p", "hint", `${why}${inTime(at)}`));
    if (text) line.append(Object.assign(element("blockquote", "", text), { dir: "auto", tabIndex: 0 }));
    return line;
  };

  const offer = (title, items, name) => {
    const words = ({ what, why, text, at }) => `${what}\n(${why}${inTime(at)})\n\n${text}\n`;
    const whole = `${title}\n\n${items.map(words).join("\n---\n\n")}`;
    const url = URL.createObjectURL(new Blob([whole], { type: "text/plain;charset=utf-8" }));
    Object.assign(document.createElement("a"), { href: url, download: name }).click();
    URL.revokeObjectURL(url);
  };

  const discard = async (items, gone) => {
    const database = await openWork(user);
    if (!database) return;
    const writing = database.transaction(["journal", "aside"], "readwrite");
    for (const { key } of items) writing.objectStore("aside").delete(key);
    for (const key of gone) writing.objectStore("journal").delete(key);
    await new Promise((resolve, reject) => {
      writing.oncomplete = resolve;
      writing.onabort = () => reject(writing.error);
    });
    database.close();
  };

  const buttonOf = (words, onclick, describedBy) => {
    const button = Object.assign(element("button", "button", words), { type: "button", onclick });
    button.setAttribute("aria-describedby", describedBy);
    return button;
  };

  /** What becomes of it, in words. */
  const fateOf = (isGone, isUnsent, isReached, isTried) => {
    if (isGone) return "This conversation cannot be opened: it was deleted, or you have no access to it any more. Copy your words here, or export them.";
    if (isUnsent) return isReached ? "Sent as soon as you open the conversation." : "Sent when you open the conversation with a connection.";
    if (isTried && isReached) return "This conversation can be opened. Opening it tries to send this again.";
    return "What is in the conversation by now leaves this list when you open it.";
  };

  /** How many there are; what was only begun is no change. */
  const countOf = (items) => {
    const begun = items.filter(({ key }) => placeOf(key)[1] === "begun").length;
    const made = items.length - begun;
    const parts = [made > 0 && `${made} ${made === 1 ? "change" : "changes"}`, begun > 0 && `${begun} only begun`];
    return parts.filter(Boolean).join(", ");
  };

  const cardOf = (section, { id, title: known, isGone, isReached, items, gone, isUnsent, name }) => {
    // What it was called when it could still be read.
    const title = known || items.find((item) => item.title)?.title || "A conversation";
    const card = element("div", "left-of", "");
    const heading = element("h3", "", "");
    heading.id = `${section.id}-${id}`;
    heading.append(isGone ? title : Object.assign(element("a", "", title), { href: `/c/${id}` }));
    heading.dir = "auto";
    card.role = "group";
    card.setAttribute("aria-labelledby", heading.id);
    const last = inTime(Math.max(...items.map(({ at }) => at)));
    const more = element("details", "", "");
    more.open = isGone || !isUnsent;
    const list = element("ul", "away-items", "");
    list.append(...items.map(lineOf));
    more.append(element("summary", "", "What it is"), list);
    const actions = element("div", "away-actions", "");
    if (!isGone) {
      const open = Object.assign(element("a", "button", isUnsent && isReached ? "Open and send" : "Open the conversation"), { href: `/c/${id}` });
      if (isUnsent) open.classList.add("primary");
      open.setAttribute("aria-describedby", heading.id);
      actions.append(open);
    }
    const save = buttonOf("Export", () => offer(title, items, name), heading.id);
    const drop = buttonOf("Discard", async () => {
      if (drop.textContent === "Discard") {
        drop.textContent = "Discard for good?";
        return;
      }
      await discard(items, gone);
      card.remove();
      section.hidden = !section.querySelector(".left-of");
      const next = document.querySelector(section.hidden ? "main h1" : `#${section.id} h2`);
      next.tabIndex = -1;
      next.focus();
      document.dispatchEvent(new Event("promptgrimoire:left"));
    }, heading.id);
    drop.classList.add("quiet");
    drop.onblur = () => { drop.textContent = "Discard"; };
    actions.append(save, drop);
    card.append(heading, element("p", "hint", `${countOf(items)}, the last of ${last}`));
    const fate = fateOf(isGone, isUnsent, isReached, gone.length > 0);
    if (fate) card.append(element("p", isGone ? "left-gone" : "hint", fate));
    card.append(more, actions);
    return card;
  };

  /** `tried` is what leaves the journal with them. */
  const show = async (section, all, tried, isUnsent, asked) => {
    const items = all.filter((item) => !here || conversationOf(item) === here);
    const ids = [...new Set(items.sort((a, b) => b.at - a.at).map(conversationOf))];
    if (ids.length === 0) return;
    const cards = await Promise.all(ids.map(async (id) => {
      const of = (item) => conversationOf(item) === id;
      if (!asked.has(id)) asked.set(id, ask(id));
      const name = isUnsent ? "not-sent.txt" : "kept-aside.txt";
      return cardOf(section, { id, ...(await asked.get(id)), items: items.filter(of), gone: tried.filter(of).flatMap(({ key, keys = [key] }) => keys), isUnsent, name });
    }));
    section.append(...cards);
    section.hidden = false;
    // Whoever followed a link to it came before it was there.
    if (location.hash === `#${section.id}`) section.scrollIntoView();
  };

  const start = async () => {
    if (!here && location.pathname !== "/") return;
    const { unsent, aside, tried } = await readWork(user);
    const changes = unsent.map(({ key, keys, value: { what, text, title } }) =>
      ({ key, keys, what: what ?? "A change", why: "", text: text ?? "", title, at: Number(placeOf(key)[1]) }));
    const notTaken = aside.map((item) => ({ ...item, why: `${item.why} · ` }));
    const asked = new Map();
    await Promise.all([
      show(document.getElementById("not-sent"), changes, changes, true, asked),
      show(document.getElementById("not-taken"), notTaken, tried, false, asked),
    ]);
  };
  // A browser without a disk for us keeps nothing.
  start().catch(() => {});
})
