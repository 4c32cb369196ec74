
// The box that one writes in. What is in it is kept until the server has it.

const compose = () => {
  const box = form.elements.message;
  let draft = { text: "", key: newKey(), files: [], ...kept() };

  /** Another message: the server must not take it for the one before. */
  const change = (changes) => {
    draft = { ...draft, key: newKey(), tried: false, ...changes };
    const { text, key, files, tried } = draft;
    keep({ text, key, files, tried });
  };
  const fit = () => {
    const before = box.clientHeight;
    fitTo(box);
    // What grows at the end of the page takes its buttons along, out of what covers that end.
    if (box.clientHeight > before && document.activeElement === box) form.scrollIntoView({ block: "nearest", behavior: "instant" });
  };

  /** Files that are on their way. */
  let coming = [];

  const list = form.querySelector("[data-chat-files]");
  const choices = form.querySelectorAll("[data-project-file]");
  const showFiles = () => {
    list.hidden = draft.files.length + coming.length === 0;
    for (const choice of choices) choice.checked = draft.files.some((file) => file.id === choice.value);
    const line = (name, remark, leaveOut) => {
      const [item, label, button] = ["li", "span", "button"].map((tag) => document.createElement(tag));
      label.textContent = name;
      label.dir = "auto";
      Object.assign(button, { type: "button", className: "text-button", textContent: "Leave out" });
      button.setAttribute("aria-label", `Leave out ${name}`);
      button.addEventListener("click", () => {
        leaveOut();
        showFiles();
        box.focus();
      });
      item.append(label, " ", remark, " ", button);
      return item;
    };
    const whole = draft.files.map(({ id, name, unread }) =>
      line(name, unread ?? "", () => change({ files: draft.files.filter((file) => file.id !== id) })));
    list.replaceChildren(...whole, ...coming.map((one) => line(one.file.name, one.bar, () => one.leaving.abort())));
  };

  /** It was to be sent, and could not be: its author says when, after another look at it. */
  const remind = () => {
    if (draft.tried && box.value.trim() !== "" && navigator.onLine) {
      complain("This message has not been sent. Send it now, or change it first.");
    }
  };

  const send = async () => {
    const text = box.value;
    if (text.trim() === "" || form.querySelector("[type=submit]").disabled) return;
    if (coming.length > 0) return complain("Files are still on their way: send this when they are there, or leave them out.");
    const body = { text, files: draft.files.map((file) => file.id), ...chosen() };
    // On a branch that is not the last one, it goes on from there.
    if (location.search !== "") body.parent = articles().at(-1)?.dataset.messageId;
    const { key } = draft;
    const reply = await begin(`/conversations/${conversation}/messages`, body, key);
    if (!reply) {
      // With the key: if it did come to the server, it is not said twice.
      if (draft.key === key) change({ key, tried: true });
      return box.focus();
    }
    // What was typed meanwhile stays.
    if (box.value === text) box.value = "";
    change({ text: box.value, files: [] });
    showFiles();
    fit();
    box.focus();
  };

  box.addEventListener("input", () => {
    change({ text: box.value });
    fit();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  const stop = async () => {
    const which = articles().find((article) => article.dataset.state === "streaming");
    if (which) {
      // So that there is a connection for it, however many tabs read along where none can know of the others.
      leave(which.dataset.run);
      await ask(`/runs/${which.dataset.run}/stop`, {}, { lost: NOT_NOW });
      refresh();
    }
    box.focus({ preventScroll: true });
  };
  form.querySelector("[data-stop]").addEventListener("click", stop);
  const below = element("[data-below]");
  below.addEventListener("click", () => {
    goesAlong = true;
    goAlong();
    box.focus({ preventScroll: true });
  });
  // Whoever reads further up has the box, and its buttons, out of sight.
  new IntersectionObserver(([{ isIntersecting }]) => { below.dataset.away = String(!isIntersecting); }).observe(form);
  form.querySelector("[data-regenerate]").addEventListener("click", async () => {
    await begin(`/messages/${articles().at(-1).dataset.messageId}/regenerate`, chosen(), newKey(), { lost: NOT_NOW });
    box.focus();
  });
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", async () => {
    const added = [...input.files].map((file) => {
      const bar = Object.assign(document.createElement("progress"), { value: 0, max: 1 });
      bar.setAttribute("aria-label", `${file.name} is being uploaded`);
      return { file, bar, leaving: new AbortController() };
    });
    input.value = "";
    coming = [...coming, ...added];
    complain();
    showFiles();
    const refused = [];
    // Each by itself: what is wrong with one keeps none of the others back.
    for (const one of added) {
      const { file, bar, leaving: { signal } } = one;
      const told = (part) => { bar.value = part; };
      const { reply, wrong } = signal.aborted ? { wrong: "" } : await upload(`/conversations/${conversation}/files`, file, { signal, told });
      coming = coming.filter((other) => other !== one);
      if (reply) {
        change({ files: [...draft.files, { id: reply.id, name: reply.name, unread: reply.unread }] });
        announce(`${reply.name} will be sent along. ${reply.unread ?? ""}`);
      } else if (wrong) refused.push(`${file.name}: ${wrong.replace(/^file: /, "")}`);
      showFiles();
    }
    if (refused.length > 0 || coming.length === 0) complain(refused.join("\n"));
    box.focus();
  });
  for (const choice of choices) {
    choice.addEventListener("change", () => {
      const name = choice.parentElement.textContent.trim();
      const others = draft.files.filter((file) => file.id !== choice.value);
      change({ files: choice.checked ? [...others, { id: choice.value, name }] : others });
      showFiles();
      announce(choice.checked ? `${name} will be sent along.` : `${name} is left out.`);
    });
  }
  addEventListener("online", remind);
  // The server is back, whether or not the network was away.
  addEventListener("promptgrimoire:reached", () => {
    if (![UNREACHABLE, NOT_NOW].includes(element("[data-chat-alert]").textContent)) return;
    complain();
    remind();
  });
  // Another tab has the same box.
  addEventListener("storage", ({ key }) => {
    if (key !== KEPT || box.value !== draft.text) return;
    draft = { text: "", key: newKey(), files: [], ...kept() };
    box.value = draft.text;
    complain();
    remind();
    showFiles();
    fit();
  });

  // What the browser filled in is newer than what was kept.
  if (box.value === "") box.value = draft.text;
  showFiles();
  fit();
  remind();
};

show();
if (form) compose();
