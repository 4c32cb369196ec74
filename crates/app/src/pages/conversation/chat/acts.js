
// What is done with a message: asked again, edited, withdrawn.

/** The model that is chosen, as a part of a request. */
const chosen = () => (form?.elements.model ? { model: form.elements.model.value } : {});

const busy = (isBusy) => {
  for (const control of reading.querySelectorAll("form[data-chat] :is(button, input), .chat-edit button, [data-act]")) {
    control.disabled = isBusy;
  }
};

/** Has a reply begun, and shows the branch that it is in. */
const begin = async (path, body, key, how) => {
  busy(true);
  const reply = await ask(path, body, { key, ...how });
  // Another branch was shown: what is written now is in the one that is shown without being named.
  if (reply) {
    goesAlong = true;
    await goTo(location.pathname);
    goAlong();
  }
  busy(false);
  // What is left, for one, was said with the refusal.
  if (!reply) refresh();
  if (reply) {
    const own = articles().find((article) => article.dataset.messageId === reply.reply_id);
    const words = own && !isOpen(own) ? ending(own) : "The model is writing.";
    // It may have been told already, with the page as it is now.
    if (element("[data-chat-status]").textContent.trim() !== words) announce(words);
  }
  return reply;
};

const acts = {
  /** Another reply beside one that did not come to its end. */
  retry: async (article) => {
    const reply = await begin(`/messages/${article.dataset.messageId}/regenerate`, chosen(), newKey(), { lost: NOT_NOW });
    const fresh = reply && articles().find((own) => own.dataset.messageId === reply.reply_id);
    (fresh ?? article).focus({ preventScroll: true });
  },
  /** Takes a message out of the line: its reply is not asked for. */
  withdraw: async (article) => {
    if (await ask(`/runs/${article.dataset.run}/stop`, {}, { lost: NOT_NOW })) article.focus();
  },
  edit: (article) => openEdit(article),
};

reading.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act](button.closest("[data-message-id]"));
});

const edits = () => kept().edits ?? {};

const keepEdit = (id, edit) => {
  const all = { ...edits(), [id]: edit };
  if (!edit) delete all[id];
  keep({ edits: all });
};

/** A message's Markdown, as it was sent. */
const sent = async (id) => {
  const answer = await ask(`/conversations/${conversation}?branch=${id}`, undefined, { method: "GET", lost: NOT_NOW });
  return answer?.messages.find((message) => message.id === id);
};

const fitTo = (box) => {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, innerHeight / 2)}px`;
};

/** Opens a box in which a message is edited, to be sent beside the one that it was. */
const openEdit = async (article, before) => {
  const id = article.dataset.messageId;
  const open = article.querySelector(".chat-edit textarea");
  if (open) return open.focus();
  const edit = before ?? edits()[id] ?? (await sent(id).then((message) => message && { text: message.markdown, files: message.files ?? [], key: newKey() }));
  if (!edit || article.querySelector(".chat-edit")) return;
  const own = element("template[data-edit]").content.cloneNode(true).firstElementChild;
  const [box, alert] = [own.querySelector("textarea"), own.querySelector("[role=alert]")];
  const close = (rest) => {
    keepEdit(id, rest);
    own.remove();
    article.querySelector("[data-act=edit]")?.focus();
  };
  delete edit.closed;
  own.setAttribute("aria-label", `Edit ${article.getAttribute("aria-label")}`);
  edit.before ??= edit.text;
  box.defaultValue = edit.before;
  box.value = edit.text;
  box.addEventListener("input", () => {
    Object.assign(edit, { text: box.value, key: newKey() });
    keepEdit(id, edit);
    fitTo(box);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    // What was written is there when it is opened again.
    if (event.key === "Escape") close(box.value === box.defaultValue ? undefined : { ...edit, closed: true });
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    own.requestSubmit();
  });
  own.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (box.value.trim() === "" || own.querySelector("button").disabled) return;
    const files = edit.files.filter((file) => !file.deleted).map((file) => file.id);
    const body = { text: box.value, replaces: id, files, ...chosen() };
    const reply = await begin(`/conversations/${conversation}/messages`, body, edit.key, { alert });
    if (!reply) return box.focus();
    keepEdit(id);
    own.remove();
    articles().find((fresh) => fresh.dataset.messageId === reply.message_id)?.focus({ preventScroll: true });
  });
  own.querySelector("[data-cancel]").addEventListener("click", () => close());
  article.querySelector("[data-canonical]").after(own);
  fitTo(box);
  if (!before) box.focus();
};

/** Those that were being written when the page was left. */
const openEdits = () => {
  const all = edits();
  for (const article of articles()) {
    const edit = all[article.dataset.messageId];
    if (edit && !edit.closed && article.querySelector("[data-act=edit]") && !article.querySelector(".chat-edit")) openEdit(article, edit);
  }
};
