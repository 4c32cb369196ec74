
// The page as the server has it now.

/** Messages of branches that were shown before: what belongs to them (their marks) is theirs when they are shown again. */
const shelf = new Map();

// Whoever is at the end goes along with what comes there, until they scroll away from it.
const fromEnd = () => document.documentElement.scrollHeight - innerHeight - scrollY;
let goesAlong = fromEnd() <= 120;
let wasAt = scrollY;
addEventListener("scroll", () => {
  if (scrollY < wasAt) goesAlong = fromEnd() <= 2;
  else if (fromEnd() <= 120) goesAlong = true;
  wasAt = scrollY;
}, { passive: true });

const goAlong = () => {
  if (goesAlong) scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
};

const put = (own, node, previous) => {
  if (own) {
    const hadFocus = own.contains(document.activeElement);
    own.replaceWith(node);
    if (hadFocus) node.focus({ preventScroll: true });
  } else if (previous) previous.after(node);
  else reading.querySelector("[data-messages-end]").before(node);
  return node;
};

/** Makes a reply whole that was shown while it came. What stands there already stays, so that a selection does. */
const finish = (own, fresh) => {
  const [shown, whole] = [own, fresh].map((article) => article.querySelector("[data-canonical]"));
  if (!shown || !whole) return put(own, document.importNode(fresh, true));
  if (whole.innerHTML.startsWith(shown.innerHTML)) {
    const rest = [...whole.childNodes].slice(shown.childNodes.length);
    shown.append(...rest.map((node) => document.importNode(node, true)));
    shown.dataset.runs = whole.dataset.runs;
  } else shown.replaceWith(document.importNode(whole, true));
  for (const gone of own.querySelectorAll("[data-live], [data-ahead]")) gone.remove();
  for (const name of ["aria-busy", "data-run", "data-state", "data-rendered"]) own.removeAttribute(name);
  renew(own, fresh);
  return own;
};

/** How a reply ended, from what stands below it. */
const ending = (article) => {
  const nodes = [...(article.querySelector(".message-note")?.childNodes ?? [])];
  const note = nodes.filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join("").trim();
  if (note.startsWith("Stopped")) return "The reply was stopped.";
  if (note.startsWith("Withdrawn")) return "The message was withdrawn.";
  if (note.startsWith("Not complete.")) return note.replace("Not complete.", "The reply is not complete.");
  return `The reply is complete. ${note}`.trim();
};

/** A reply that waited may be nearer to its turn, or have it. */
const moveUp = (own, fresh) => {
  if (own.dataset.state !== "waiting") return;
  const [line, now] = [own, fresh].map((article) => article.querySelector("[data-ahead]"));
  if (line.innerHTML !== now.innerHTML) {
    const hadFocus = line.contains(document.activeElement);
    line.innerHTML = now.innerHTML;
    if (hadFocus) (line.querySelector("button") ?? own).focus({ preventScroll: true });
  }
  own.dataset.state = fresh.dataset.state;
  if (fresh.dataset.state === "streaming") announce("The model is writing.");
};

/** The models that may be chosen are others now, or there is no choice any more. What is chosen stays where it can. */
const renewModels = (page) => {
  const [own, fresh] = [form, page.querySelector("form[data-chat]")].map((place) => place?.querySelector("[data-models]"));
  if (!own || !fresh || own.innerHTML === fresh.innerHTML) return;
  const { model } = chosen();
  own.replaceChildren(...document.importNode(fresh, true).childNodes);
  const select = form.elements.model;
  if (model && [...(select?.options ?? [])].some(({ value }) => value === model)) select.value = model;
};

/** What stands around a message's text: it may be of another number now, or have other versions. */
const renew = (own, fresh) => {
  const text = own.querySelector("[data-canonical], [data-live]");
  for (const part of [".message-head", ".message-note"]) {
    const [old, now] = [own, fresh].map((article) => article.querySelector(`:scope > ${part}`));
    if (old?.outerHTML === now?.outerHTML) continue;
    // What has the focus keeps it, by its name.
    const name = old?.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    const copy = now && document.importNode(now, true);
    if (old && copy) old.replaceWith(copy);
    else if (old) old.remove();
    else text.after(copy);
    if (name) (copy?.querySelector(`[aria-label="${CSS.escape(name)}"]`) ?? own).focus({ preventScroll: true });
  }
  own.setAttribute("aria-label", fresh.getAttribute("aria-label"));
};

const reconcile = (page) => {
  const here = new Map(articles().map((article) => [article.dataset.messageId, article]));
  let changed = false;
  let previous;
  for (const fresh of page.querySelectorAll("#text > [data-message-id]")) {
    const id = fresh.dataset.messageId;
    let own = here.get(id);
    here.delete(id);
    if (own && isOpen(own) === isOpen(fresh)) {
      if (isOpen(own)) moveUp(own, fresh);
      renew(own, fresh);
    } else {
      changed = true;
      const before = own ? undefined : shelf.get(id);
      if (own) {
        if (isOpen(own)) announce(ending(fresh));
        own = isOpen(own) ? finish(own, fresh) : put(own, document.importNode(fresh, true));
      } else if (before && isOpen(before) === isOpen(fresh)) {
        own = put(undefined, before, previous);
        renew(own, fresh);
      } else own = put(undefined, document.importNode(fresh, true), previous);
      shelf.delete(id);
    }
    previous = own;
  }
  for (const [id, gone] of here) {
    gone.remove();
    shelf.set(id, gone);
    changed = true;
  }
  for (const selector of [".reading-title", ".reading-meta", "[data-quota]"]) {
    const [own, fresh] = [document, page].map((place) => place.querySelector(selector));
    if (own && fresh && own.innerHTML !== fresh.innerHTML) own.innerHTML = fresh.innerHTML;
  }
  renewModels(page);
  document.dispatchEvent(new CustomEvent("promptgrimoire:times"));
  document.title = page.title;
  // The first message gave the chat its name.
  const [crumb, name] = [element(".bar-crumbs span"), page.querySelector(".reading-title").textContent];
  if (crumb.textContent !== name) crumb.textContent = name;
  if (changed) textsChanged();
  goAlong();
};

/** The tools read the texts anew (`annotate/browser/texts.rs`). */
const textsChanged = () => document.dispatchEvent(new CustomEvent("promptgrimoire:texts"));

/** The page is not as the server has it, as far as is known: nobody answered, or it was kept on this device. */
let isOld = false;
let again = false;
let underWay;
const refresh = () => {
  again = true;
  underWay ??= (async () => {
    while (again) {
      again = false;
      // Nobody opens it a second time; and the worker keeps what comes (`service-worker.js`).
      const headers = { accept: "text/html", "x-promptgrimoire-copy": "1" };
      const answer = await fetch(location.pathname + location.search, { headers }).catch(() => undefined);
      isOld = !answer || answer.status >= 500;
      if (!answer?.ok) continue;
      reconcile(new DOMParser().parseFromString(await answer.text(), "text/html"));
      dispatchEvent(new CustomEvent("promptgrimoire:reached"));
    }
    underWay = undefined;
    show();
  })();
  return underWay;
};

/** Should the room's word be lost, in milliseconds. */
const LOOK_AGAIN = 5_000;
let look;

/** Follows what is written, and offers what can be done now. */
const show = () => {
  const all = articles();
  const open = all.filter(isOpen);
  followWhatIsWritten();
  clearTimeout(look);
  // What waits is told of by the room (`promptgrimoire:run`), as is the end of what another tab has to read first.
  const isRead = (article) => streams.get(article.dataset.run)?.isReady();
  if (!document.hidden && (isOld || !open.every(isRead))) look = setTimeout(refresh, LOOK_AGAIN);
  if (!form) return;
  const isWritten = open.some((article) => article.dataset.state === "streaming");
  // Whoever was about to stop it goes on where pressing Stop leads to.
  if (!isWritten && document.activeElement?.matches("[data-stop], [data-below]")) form.elements.message.focus({ preventScroll: true });
  for (const part of document.querySelectorAll("[data-stop], [data-below]")) part.hidden = !isWritten;
  form.querySelector("[data-regenerate]").hidden = open.length > 0 || all.at(-1)?.dataset.role !== "assistant";
  openEdits();
};

/** Shows the branch that an address names. */
const goTo = (address) => {
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  return refresh();
};
addEventListener("popstate", refresh);

// Versions of a message, without leaving the page.
reading.addEventListener("click", async (event) => {
  const link = event.target.closest(".message-branches a[href^='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const { top } = link.getBoundingClientRect();
  const name = link.getAttribute("aria-label");
  const id = new URLSearchParams(link.getAttribute("href")).get("branch");
  await goTo(location.pathname + link.getAttribute("href"));
  const shown = articles().find((article) => article.dataset.messageId === id);
  const versions = shown?.querySelector(".message-branches");
  if (!versions) return;
  // The same button again or, at the end, the one that is left; where it was.
  const next = versions.querySelector(`a[aria-label="${name}"]`) ?? versions.querySelector("a");
  next.focus({ preventScroll: true });
  scrollBy({ top: next.getBoundingClientRect().top - top, behavior: "instant" });
  announce(`Version ${versions.textContent.match(/\d+ of \d+/)?.[0] ?? ""}`);
});
