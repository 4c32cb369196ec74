// The list of conversations: a title is changed where it stands, and more lines are put below those that are there.
// Without this a list goes on by its link, and titles stay.
(() => {
  const page = document.querySelector("main");
  const status = page.querySelector("[data-home-status]");
  const BROKEN = "The server cannot be reached. Nothing was changed; try again in a moment.";

  const offer = (root) => {
    for (const button of root.querySelectorAll("[data-rename]")) button.hidden = false;
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
    const link = event.target.closest?.("[data-more]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!link.hasAttribute("aria-busy")) more(link);
  });
  offer(page);
})();
