// Writes to the model and shows its replies while they come (a chat's page). Messages are the server's: a reply that is
// over is put into the page as the server renders it, and so can be annotated like all others.
(() => {
  const form = document.querySelector("form[data-chat]");
  const reading = document.getElementById("text");
  if (!reading) return;
  const conversation = reading.dataset.chat;
  const UNREACHABLE = "The server cannot be reached. Your message is kept here: send it when you are connected again.";
  const BROKEN = "The server did not answer as it should. Your message is kept here; try again in a moment.";
  const API = "/api/v1";

  /** A name for a request, so that it is done once however often it is sent. */
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const articles = () => [...reading.querySelectorAll(":scope > [data-message-id]")];
  const isOpen = (article) => article.hasAttribute("data-run");
  const element = (selector) => document.querySelector(selector);

  const announce = (words) => {
    const place = element("[data-chat-status]");
    // The same words twice are heard twice.
    place.textContent = place.textContent === words ? `${words}\u00a0` : words;
  };

  const complain = (words = "") => {
    const alert = element("[data-chat-alert]");
    alert.textContent = words;
    alert.hidden = words === "";
  };

  /** Asks the API; answers what it says, or says what is wrong and answers nothing. */
  const ask = async (path, body, key) => {
    const headers = { accept: "application/json" };
    if (key) headers["idempotency-key"] = key;
    const init = { method: "POST", headers, body };
    if (!(body instanceof FormData)) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    const answer = await fetch(`${API}${path}`, init).catch(() => undefined);
    if (!answer) return complain(UNREACHABLE);
    const text = await answer.text().catch(() => "");
    let reply;
    try { reply = text === "" ? {} : JSON.parse(text); } catch { /* It is no JSON: no answer of ours. */ }
    if (answer.ok && reply) return complain(), reply;
    complain(reply?.detail || BROKEN);
  };

  // Replies while they are written.

  const streams = new Map();

  const follow = (article) => {
    const { run } = article.dataset;
    if (streams.has(run)) return;
    const source = new EventSource(`${API}/runs/${run}/events`);
    streams.set(run, source);
    const place = article.querySelector("[data-live]");
    const node = document.createTextNode(place.textContent);
    place.replaceChildren(node);
    let waiting = "";
    let frame = 0;
    // Once a frame at most, however fast they come.
    const paint = () => {
      frame = 0;
      const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 120;
      node.appendData(waiting);
      waiting = "";
      if (isAtEnd) scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    };
    const end = (words) => {
      source.close();
      cancelAnimationFrame(frame);
      node.appendData(waiting);
      refresh().then(() => {
        streams.delete(run);
        show();
        announce(words);
      });
    };
    const on = (name, act) => source.addEventListener(name, (event) => act(event.data ? JSON.parse(event.data) : undefined));
    on("snapshot", ({ text, state, ahead }) => {
      waiting = "";
      node.data = text;
      const wasWaiting = article.dataset.state === "waiting";
      article.dataset.state = state;
      article.querySelector("[data-ahead]").textContent = state === "waiting" ? inLine(ahead) : "";
      if (wasWaiting && state === "streaming") announce("The model is writing.");
    });
    on("delta", ({ text }) => {
      waiting += text;
      frame ||= requestAnimationFrame(paint);
    });
    on("done", () => end("The reply is complete."));
    on("stopped", () => end("The reply was stopped."));
    on("error", (problem) => {
      if (problem) return end(`The reply is not complete. ${problem.detail}`);
      // Lost: the browser connects again by itself, unless the server refused.
      if (source.readyState === EventSource.CLOSED) end("The reply cannot be followed any more.");
    });
  };

  const inLine = (ahead) => (ahead > 1 ? `Waits in line behind ${ahead} others.` : "Waits in line.");

  // The page as the server has it now.

  const put = (own, fresh, previous) => {
    const node = document.importNode(fresh, true);
    if (own) {
      const hadFocus = own.contains(document.activeElement);
      own.replaceWith(node);
      if (hadFocus) node.focus({ preventScroll: true });
    } else if (previous) previous.after(node);
    else reading.querySelector("[data-messages-end]").before(node);
    return node;
  };

  const reconcile = (page) => {
    const here = new Map(articles().map((article) => [article.dataset.messageId, article]));
    let changed = false;
    let previous;
    for (const fresh of page.querySelectorAll("#text > [data-message-id]")) {
      const id = fresh.dataset.messageId;
      let own = here.get(id);
      here.delete(id);
      if (!own || isOpen(own) !== isOpen(fresh)) {
        own = put(own, fresh, previous);
        changed = true;
      } else {
        const [head, newHead] = [own, fresh].map((article) => article.querySelector(".message-head"));
        if (head.innerHTML !== newHead.innerHTML) head.replaceWith(document.importNode(newHead, true));
      }
      previous = own;
    }
    for (const gone of here.values()) {
      gone.remove();
      changed = true;
    }
    for (const selector of [".reading-title", ".reading-meta"]) {
      const [own, fresh] = [document, page].map((place) => place.querySelector(selector));
      if (own.innerHTML !== fresh.innerHTML) own.innerHTML = fresh.innerHTML;
    }
    document.title = page.title;
    // The first message gave the chat its name.
    const [crumb, name] = [element(".bar-crumbs span"), page.querySelector(".reading-title").textContent];
    if (crumb.textContent !== name) crumb.textContent = name;
    // The tools read the new texts (`annotate/browser/texts.rs`).
    if (changed) document.dispatchEvent(new CustomEvent("promptgrimoire:texts"));
  };

  let again = false;
  let underWay;
  const refresh = () => {
    again = true;
    underWay ??= (async () => {
      while (again) {
        again = false;
        const answer = await fetch(location.pathname + location.search).catch(() => undefined);
        if (answer?.ok) reconcile(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
      underWay = undefined;
      show();
    })();
    return underWay;
  };

  /** Follows what is written, and offers what can be done now. */
  const show = () => {
    const all = articles();
    const open = all.filter(isOpen);
    open.forEach(follow);
    if (!form) return;
    form.querySelector("[data-stop]").hidden = open.length === 0;
    form.querySelector("[data-regenerate]").hidden = open.length > 0 || all.at(-1)?.dataset.role !== "assistant";
  };

  document.addEventListener("promptgrimoire:run", refresh);
  addEventListener("online", refresh);
  show();
  if (!form) return;

  // What one writes. It is kept until the server has it.

  const box = form.elements.message;
  const KEPT = `chat-draft-${conversation}`;
  let draft = { text: "", key: newKey(), files: [] };
  try { draft = { ...draft, ...JSON.parse(sessionStorage.getItem(KEPT)) }; } catch { /* There is none. */ }

  const keep = () => {
    try { sessionStorage.setItem(KEPT, JSON.stringify(draft)); } catch { /* A browser that keeps nothing. */ }
  };
  /** Another message: the server must not take it for the one before. */
  const change = (changes) => {
    draft = { ...draft, ...changes, key: newKey() };
    keep();
  };
  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, innerHeight / 2)}px`;
  };

  const list = form.querySelector("[data-chat-files]");
  const showFiles = () => {
    list.hidden = draft.files.length === 0;
    list.replaceChildren(...draft.files.map(({ id, name }) => {
      const [item, label, button] = ["li", "span", "button"].map((tag) => document.createElement(tag));
      label.textContent = name;
      label.dir = "auto";
      Object.assign(button, { type: "button", className: "text-button", textContent: "Leave out" });
      button.setAttribute("aria-label", `Leave out ${name}`);
      button.addEventListener("click", () => {
        change({ files: draft.files.filter((file) => file.id !== id) });
        showFiles();
        box.focus();
      });
      item.append(label, button);
      return item;
    }));
  };

  const busy = (isBusy) => {
    for (const control of form.querySelectorAll("button, input")) control.disabled = isBusy;
  };

  const begin = async (path, body, key) => {
    busy(true);
    const reply = await ask(path, body, key);
    if (reply) await refresh();
    busy(false);
    if (reply) announce(articles().some(isOpen) ? "The model is writing." : "The reply is complete.");
    return reply;
  };

  const send = async () => {
    const text = box.value;
    if (text.trim() === "" || form.querySelector("[type=submit]").disabled) return;
    const body = { text, files: draft.files.map((file) => file.id) };
    // On a branch that is not the last one, it goes on from there.
    const isBranch = location.search !== "";
    if (isBranch) body.parent = articles().at(-1)?.dataset.messageId;
    if (form.elements.model) body.model = form.elements.model.value;
    const reply = await begin(`/conversations/${conversation}/messages`, body, draft.key);
    if (!reply) return;
    if (isBranch) {
      history.replaceState(null, "", location.pathname);
      refresh();
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
    const open = articles().filter(isOpen);
    const which = open.find((article) => article.dataset.state === "streaming") ?? open[0];
    if (which) await ask(`/runs/${which.dataset.run}/stop`, {});
    box.focus();
  });
  form.querySelector("[data-regenerate]").addEventListener("click", async () => {
    const last = articles().at(-1);
    const body = form.elements.model ? { model: form.elements.model.value } : {};
    await begin(`/messages/${last.dataset.messageId}/regenerate`, body, newKey());
    box.focus();
  });
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", async () => {
    busy(true);
    for (const file of [...input.files]) {
      const body = new FormData();
      body.append("file", file);
      const added = await ask(`/conversations/${conversation}/files`, body);
      if (!added) break;
      change({ files: [...draft.files, { id: added.id, name: added.name }] });
      announce(`${added.name} will be sent along.`);
      showFiles();
    }
    input.value = "";
    busy(false);
    box.focus();
  });

  // What the browser filled in is newer than what was kept.
  if (box.value === "") box.value = draft.text;
  showFiles();
  fit();
})();
