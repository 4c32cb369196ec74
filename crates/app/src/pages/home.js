// The list of conversations: a title is changed where it stands, a line is thrown away and taken back, and more lines are put below those that are there.
// Without this a list goes on by its link, and titles stay.
(() => {
  const page = document.querySelector("main");
  const status = page.querySelector("[data-home-status]");
  const BROKEN = "The server cannot be reached. Nothing was changed; try again in a moment.";

  const offer = (root) => {
    for (const acts of root.querySelectorAll("[data-acts]")) acts.hidden = false;
  };

  const close = (line) => {
    line.querySelector("form").remove();
    for (const part of line.children) part.hidden = false;
    line.querySelector("[data-rename]").focus();
  };

  const complain = (form, text) => {
    const alert = form.querySelector("[role=alert]");
    alert.textContent = text;
    alert.hidden = false;
    form.elements.title.setAttribute("aria-invalid", "true");
    form.elements.title.focus();
  };

  const send = async (line, form) => {
    const button = form.querySelector("[type=submit]");
    if (button.disabled) return;
    button.disabled = true;
    const answer = await fetch(`/api/v1/conversations/${line.dataset.conversation}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: form.elements.title.value }),
    }).catch(() => undefined);
    const reply = await answer?.json().catch(() => undefined);
    button.disabled = false;
    if (!answer?.ok || !reply) return complain(form, reply?.detail || BROKEN);
    line.querySelector(".conversation-title").textContent = reply.title;
    line.querySelector("[data-rename]").setAttribute("aria-label", `Rename ${reply.title}`);
    close(line);
    status.textContent = `Renamed to ${reply.title}.`;
  };

  const open = (line) => {
    const form = document.getElementById("rename").content.firstElementChild.cloneNode(true);
    status.textContent = "";
    for (const part of line.children) part.hidden = true;
    line.append(form);
    form.elements.title.value = line.querySelector(".conversation-title").textContent;
    form.elements.title.select();
    form.elements.title.focus();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(line, form);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) close(line);
    });
    form.querySelector("[data-cancel]").addEventListener("click", () => close(line));
  };

  const say = (...parts) => status.replaceChildren(...parts);

  /** What is to be said if the server has not done it; nothing if it has. */
  const problemOf = async (method, path) => {
    const answer = await fetch(path, { method }).catch(() => undefined);
    if (answer?.ok) return undefined;
    const problem = await answer?.json().catch(() => undefined);
    if (problem?.detail) return [problem.detail];
    const anew = Object.assign(document.createElement("a"), { href: "", textContent: "Load the page anew" });
    return ["The server did not answer, so it is not known whether this was done. ", anew];
  };

  const confirmed = (title, holds) => new Promise((resolve) => {
    const dialog = document.getElementById("throw");
    const text = dialog.querySelector("[data-text]");
    text.textContent = text.dataset.text.replace(/\{(title|holds)\}/g, (_, name) => ({ title, holds })[name]);
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
    dialog.showModal();
  });

  /** The same conversation may stand in several lists. */
  const throwAway = async (button) => {
    const id = button.closest("li").dataset.conversation;
    const title = button.closest("li").querySelector(".conversation-title").textContent;
    if (!(await confirmed(title, button.dataset.holds))) return;
    button.disabled = true;
    const problem = await problemOf("DELETE", `/api/v1/conversations/${id}`);
    button.disabled = false;
    if (problem) {
      say(...problem);
      return button.focus();
    }
    // It does not stay on this device either.
    navigator.serviceWorker?.controller?.postMessage({ kind: "gone", path: `/c/${id}` });
    const places = [...page.querySelectorAll(`li[data-conversation="${id}"]`)].map((line) => [line, document.createComment("")]);
    for (const [line, place] of places) line.replaceWith(place);
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "button";
    undo.textContent = "Undo";
    undo.addEventListener("click", async () => {
      undo.disabled = true;
      const problem = await problemOf("POST", `/api/v1/trash/conversations/${id}/restore`);
      if (problem) {
        undo.disabled = false;
        say(...problem, " ", undo);
        return undo.focus();
      }
      for (const [line, place] of places) place.replaceWith(line);
      say(`${title} is back.`);
      button.focus();
    });
    say(`${title} is in the trash. `, undo);
    undo.focus();
  };

  /** Whatever goes wrong, the link itself leads on. */
  const more = async (link) => {
    const list = link.closest("section").querySelector("ul");
    link.setAttribute("aria-busy", "true");
    const answer = await fetch(link.href).catch(() => undefined);
    const text = answer?.ok && !answer.redirected ? await answer.text().catch(() => "") : "";
    const next = new DOMParser().parseFromString(text, "text/html").querySelector("section[data-shelf]");
    const lines = [...(next?.querySelectorAll("ul > li") ?? [])];
    if (lines.length === 0) return location.assign(link.href);
    offer(next);
    list.append(...lines);
    document.dispatchEvent(new Event("promptgrimoire:times"));
    lines[0].querySelector("a").focus();
    status.textContent = `${lines.length} more.`;
    const after = next.querySelector("[data-more]");
    if (after) link.replaceWith(after);
    else link.remove();
  };

  page.addEventListener("click", (event) => {
    const rename = event.target.closest?.("[data-rename]");
    if (rename) return open(rename.closest("li"));
    const thrown = event.target.closest?.("[data-throw]");
    if (thrown) return throwAway(thrown);
    const link = event.target.closest?.("[data-more]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!link.hasAttribute("aria-busy")) more(link);
  });
  offer(page);
})();
