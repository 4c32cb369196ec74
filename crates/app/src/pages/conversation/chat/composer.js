
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
  const fit = () => fitTo(box);

  const list = form.querySelector("[data-chat-files]");
  const choices = form.querySelectorAll("[data-project-file]");
  const showFiles = () => {
    list.hidden = draft.files.length === 0;
    for (const choice of choices) choice.checked = draft.files.some((file) => file.id === choice.value);
    list.replaceChildren(...draft.files.map(({ id, name, unread }) => {
      const [item, label, remark, button] = ["li", "span", "span", "button"].map((tag) => document.createElement(tag));
      label.textContent = name;
      remark.textContent = unread ? ` ${unread} ` : " ";
      label.dir = "auto";
      Object.assign(button, { type: "button", className: "text-button", textContent: "Leave out" });
      button.setAttribute("aria-label", `Leave out ${name}`);
      button.addEventListener("click", () => {
        change({ files: draft.files.filter((file) => file.id !== id) });
        showFiles();
        box.focus();
      });
      item.append(label, remark, button);
      return item;
    }));
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
  form.querySelector("[data-stop]").addEventListener("click", async () => {
    const which = articles().find((article) => article.dataset.state === "streaming");
    if (which) {
      // So that there is a connection for it, however many tabs read along where none can know of the others.
      leave(which.dataset.run);
      await ask(`/runs/${which.dataset.run}/stop`, {});
      refresh();
    }
    box.focus();
  });
  form.querySelector("[data-regenerate]").addEventListener("click", async () => {
    await begin(`/messages/${articles().at(-1).dataset.messageId}/regenerate`, chosen(), newKey());
    box.focus();
  });
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", async () => {
    busy(true);
    const refused = [];
    // Each by itself: what is wrong with one keeps none of the others back.
    for (const file of [...input.files]) {
      const body = new FormData();
      body.append("file", file);
      const alert = document.createElement("p");
      const added = await ask(`/conversations/${conversation}/files`, body, { alert });
      if (!added) {
        refused.push(`${file.name}: ${alert.textContent.replace(/^file: /, "")}`);
        continue;
      }
      change({ files: [...draft.files, { id: added.id, name: added.name, unread: added.unread }] });
      announce(`${added.name} will be sent along. ${added.unread ?? ""}`);
      showFiles();
    }
    complain(refused.join("\n"));
    input.value = "";
    busy(false);
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
  // Another tab has the same box.
  addEventListener("storage", ({ key }) => {
    if (key !== KEPT || box.value !== draft.text) return;
    draft = { text: "", key: newKey(), files: [], ...kept() };
    box.value = draft.text;
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
