// Edits the text of a conversation. What is typed is kept on this device until it is saved or discarded.
(() => {
  const main = document.querySelector("main.edit-text");
  const find = (name) => main.querySelector(`[data-${name}]`);
  const { conversation, revision, user, messages } = JSON.parse(find("text").textContent);
  const [list, status, bar, wrong, report, kept] = ["list", "status", "bar", "wrong", "report", "kept"].map(find);
  // With the name by which signing out finds what it clears.
  const key = `draft/${user}/${conversation}/text`;
  // What was typed on texts that are not the present one any more, each until its author says what becomes of it.
  const keyOfOlder = (at) => `${key}/older/${at}`;
  const ROLES = [["system", "System"], ["user", "User"], ["assistant", "Assistant"], ["source", "Source"]];
  const MAX_UNDO = 50;

  const fresh = () => messages.map(({ id, role, title, markdown }) => ({ from: [id], role, title: title ?? "", markdown }));
  const wire = (all) => all.map(({ from, role, title, markdown }) => ({ from, role, title: title.trim() || null, markdown }));
  const spelled = (all) => JSON.stringify(wire(all));
  const original = spelled(fresh());
  let text = fresh();
  // What was there before each act, and what was taken back. Typing in one field is one act, until there is another.
  let [past, future] = [[], []];
  let typedIn;
  // Under which name that is kept which was typed on a text before this one, and is in it.
  let holdsOlder = "";
  // The report that its author looks at.
  let seen;
  let isLeaving = false;

  const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
  const isChanged = () => spelled(text) !== original;
  const say = (words) => { status.textContent = ""; requestAnimationFrame(() => { status.textContent = words; }); };
  const complain = (words = "") => { wrong.textContent = words; wrong.hidden = words === ""; };

  /** Keeps what is typed on this device; answers whether it is. */
  const keep = () => {
    try {
      if (isChanged()) localStorage.setItem(key, JSON.stringify({ base: revision, text, holdsOlder }));
      else localStorage.removeItem(key);
      return true;
    } catch {
      complain("What you type cannot be kept on this device (is it full?): save it before you leave this page, or copy it.");
      return false;
    }
  };
  const forget = (name = key) => { try { localStorage.removeItem(name); } catch { /* Nothing was kept. */ } };
  /** The names of what is kept of texts before this one, the last first. */
  const namesOfOlder = () => {
    try {
      const at = (name) => Number(name.slice(keyOfOlder("").length));
      return Object.keys(localStorage).filter((name) => name.startsWith(keyOfOlder(""))).sort((a, b) => at(b) - at(a));
    } catch {
      return [];
    }
  };

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const button = (words, act, label = words, disabled = false) => {
    const made = make("button", { type: "button", className: "button", textContent: words, disabled });
    made.setAttribute("aria-label", label);
    made.dataset.act = words;
    made.addEventListener("click", act);
    return made;
  };

  const grow = (box) => {
    if (CSS.supports("field-sizing", "content")) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  };

  const state = () => ({ text: structuredClone(text), holdsOlder });

  /** Remembers what is there, so that it can be taken back to. */
  const remember = (field) => {
    if (field !== undefined && field === typedIn) return;
    past.push(state());
    past = past.slice(-MAX_UNDO);
    future = [];
    typedIn = field;
  };

  /** A change of the list: remembered, and shown. */
  const change = (words, act, focusOn) => {
    remember();
    act();
    show();
    keep();
    say(words);
    const box = focusOn === undefined ? undefined : list.children[Math.max(0, Math.min(focusOn, text.length - 1))]?.querySelector("textarea");
    box?.focus();
    return box;
  };

  /** To what was there before, or what was taken back: what is there now is on the other side then. */
  const travel = (from, to, words) => {
    if (from.length === 0) return;
    to.push(state());
    ({ text, holdsOlder } = from.pop());
    typedIn = undefined;
    show();
    keep();
    say(words);
  };

  const acts = {
    split: (at) => {
      const box = list.children[at].querySelector("textarea");
      const { selectionStart: caret, value } = box;
      const [before, after] = [value.slice(0, caret).trimEnd(), value.slice(caret).trimStart()];
      if (before === "" || after === "") return say("Put the caret where the message is to be split: there are words on one side of it alone.");
      change(`Message ${at + 1} was split in two.`, () => {
        const { from, role, title } = text[at];
        text.splice(at, 1, { from, role, title, markdown: before }, { from: [...from], role, title, markdown: after });
      }, at + 1)?.setSelectionRange(0, 0);
    },
    merge: (at) => {
      if (at + 1 >= text.length) return;
      const [one, other] = [text[at], text[at + 1]];
      const place = one.markdown.trimEnd().length + 2;
      change(`Messages ${at + 1} and ${at + 2} are one now.`, () => {
        const from = [...new Set([...one.from, ...other.from])];
        text.splice(at, 2, { ...one, from, markdown: `${one.markdown.trimEnd()}\n\n${other.markdown.trimStart()}` });
      }, at)?.setSelectionRange(place, place);
    },
    move: (at, by) => {
      const to = at + by;
      if (to < 0 || to >= text.length) return;
      change(`Moved to place ${to + 1} of ${text.length}.`, () => {
        const [moved] = text.splice(at, 1);
        text.splice(to, 0, moved);
      }, to);
    },
    remove: (at) => change(`Message ${at + 1} was removed. Undo takes that back.`, () => { text.splice(at, 1); }, at),
    add: (at) => change(`A new message, number ${at + 1}.`, () => {
      text.splice(at, 0, { from: [], role: text[at - 1]?.role ?? "source", title: "", markdown: "" });
    }, at),
    undo: () => travel(past, future, "Taken back. Redo does it again."),
    redo: () => travel(future, past, "Done again."),
  };

  const item = (message, at) => {
    const number = at + 1;
    const role = make("select", { className: "field" }, ...ROLES.map(([value, words]) =>
      make("option", { value, textContent: words, selected: value === message.role })));
    role.setAttribute("aria-label", `Role of message ${number}`);
    const title = make("input", { className: "field", value: message.title, maxLength: 200, placeholder: "Title or name", dir: "auto" });
    title.setAttribute("aria-label", `Title of message ${number}`);
    const box = make("textarea", { className: "field edit-box", value: message.markdown, spellcheck: true, dir: "auto", rows: 3 });
    box.setAttribute("aria-label", `Text of message ${number}`);
    const typed = (field, control) => control.addEventListener("input", () => {
      remember(`${at}/${field}`);
      text[at][field] = control.value;
      keep();
      renew();
    });
    typed("title", title);
    typed("markdown", box);
    role.addEventListener("change", () => change(`Message ${number} is ${role.selectedOptions[0].textContent} now.`, () => {
      text[at].role = role.value;
    }));
    box.addEventListener("input", () => grow(box));
    box.addEventListener("keydown", (event) => {
      const isCommand = event.ctrlKey || event.metaKey;
      const act =
        isCommand && event.key === "Enter" ? () => acts.split(at)
        : event.altKey && event.key === "ArrowUp" ? () => acts.move(at, -1)
        : event.altKey && event.key === "ArrowDown" ? () => acts.move(at, 1)
        : undefined;
      if (!act || event.isComposing) return;
      event.preventDefault();
      act();
    });
    const tools = make("div", { className: "edit-tools" },
      button("Split", () => acts.split(at), `Split message ${number} at the caret`),
      button("Merge", () => acts.merge(at), `Merge message ${number} with the next`, number === text.length),
      button("Up", () => acts.move(at, -1), `Up: move message ${number}`, at === 0),
      button("Down", () => acts.move(at, 1), `Down: move message ${number}`, number === text.length),
      button("Insert", () => acts.add(at), `Insert a message before message ${number}`),
      button("Remove", () => acts.remove(at), `Remove message ${number}`, text.length === 1),
    );
    const head = make("div", { className: "edit-head" }, make("span", { className: "message-number", textContent: number }), role, title);
    return make("li", { className: "edit-message" }, head, box, tools);
  };

  const renew = () => {
    find("undo").disabled = past.length === 0;
    find("redo").disabled = future.length === 0;
    find("check").disabled = !isChanged();
  };

  const show = () => {
    list.replaceChildren(...text.map(item));
    list.querySelectorAll("textarea").forEach(grow);
    renew();
  };

  /** Asks the server what would become of the text, or to take it. */
  const ask = async (preview) => {
    complain();
    for (const name of ["check", "save"]) find(name).disabled = true;
    try {
      const answer = await fetch(`/api/v1/conversations/${conversation}/text?preview=${preview}`, {
        method: "PUT",
        headers: { accept: "application/json", "content-type": "application/json" },
        body: JSON.stringify({ base: revision, messages: wire(text), ...(preview ? {} : { confirmed: { moved: seen.moved, lost: seen.lost } }) }),
      });
      const said = await answer.json();
      if (answer.ok) return said;
      if (said.type?.endsWith("/report_changed")) {
        // Somebody marked or deleted something: looked at again, and then saved.
        seen = { ...said.report, rendered: seen.rendered };
        tell(seen, said.detail);
        report.querySelector("h2").focus();
        return undefined;
      }
      if (said.type?.endsWith("/edited_meanwhile")) conflict();
      else complain(said.detail?.replace(/^messages: /, "") || "The server did not answer as it should. Try again in a moment.");
    } catch {
      complain("The server cannot be reached. What you typed is kept on this device; try again in a moment.");
    } finally {
      find("save").disabled = false;
      renew();
    }
    report.close();
    wrong.scrollIntoView({ block: "center" });
    return undefined;
  };

  /** Somebody else has edited it meanwhile: theirs is there to be read, and one's own goes on from it. */
  const conflict = () => {
    complain("Somebody else has edited this text meanwhile. What you typed is kept on this device. ");
    const page = make("a", { href: `/c/${conversation}`, target: "_blank", textContent: "Read their text" });
    const anew = button("Load their text, and keep mine", () => {
      // Another tab may have kept what is typed there in the place of this.
      if (!keep()) return;
      isLeaving = true;
      location.reload();
    });
    wrong.append(page, " ", anew);
  };

  const tell = (said, before = "") => {
    const parts = [
      `${counted(said.exact, "highlight")} ${said.exact === 1 ? "stays" : "stay"}`,
      said.moved > 0 && `${said.moved} to confirm`,
      said.lost > 0 && `${said.lost} would be lost (kept with ${said.lost === 1 ? "its thread" : "their threads"}, to be attached again)`,
    ].filter(Boolean);
    find("sum").textContent = `${before} ${parts.join(", ")}.`.trim();
    find("changes").replaceChildren(...said.changes.map(({ quote, anchor }) =>
      make("li", {}, make("strong", { textContent: anchor === "lost" ? "Lost: " : "To confirm: " }), make("q", { textContent: quote, dir: "auto" }))));
    const previews = said.rendered ?? [];
    find("rendered").hidden = previews.length === 0;
    // Rendered by the server, as on the conversation's page.
    find("previews").replaceChildren(...previews.map(({ at, html }) => {
      const shown = make("div", { className: "message-text", innerHTML: html });
      return make("section", {}, make("h3", { className: "message-speaker", textContent: `Message ${at + 1}` }), shown);
    }));
  };

  find("add").addEventListener("click", () => acts.add(text.length));
  find("undo").addEventListener("click", acts.undo);
  find("redo").addEventListener("click", acts.redo);
  find("check").addEventListener("click", async () => {
    const said = await ask(true);
    if (!said) return;
    seen = said;
    tell(said);
    report.showModal();
    report.querySelector("h2").focus();
  });
  find("back").addEventListener("click", () => report.close());
  find("save").addEventListener("click", async () => {
    if (!await ask(false)) return;
    forget();
    if (holdsOlder) forget(holdsOlder);
    isLeaving = true;
    location.assign(`/c/${conversation}`);
  });
  find("cancel").addEventListener("click", (event) => {
    if (!isChanged()) return;
    event.preventDefault();
    if (!confirm("Discard what you changed?")) return;
    forget();
    isLeaving = true;
    location.assign(`/c/${conversation}`);
  });
  addEventListener("beforeunload", (event) => {
    if (!isLeaving && isChanged()) event.preventDefault();
  });

  /** What is kept under a name, as messages of the present text. */
  const stored = (name) => {
    try {
      const found = JSON.parse(localStorage.getItem(name) ?? "null");
      if (!Array.isArray(found?.text)) return undefined;
      const known = new Set(messages.map(({ id }) => id));
      return { name, base: found.base, holdsOlder: found.holdsOlder || "", text: found.text.map((message) => ({ ...message, from: message.from.filter((id) => known.has(id)) })) };
    } catch {
      return undefined;
    }
  };

  /** What was typed here before and not saved. */
  const takeUp = () => {
    let mine = stored(key);
    if (mine && mine.base !== revision) {
      try {
        localStorage.setItem(keyOfOlder(Date.now()), localStorage.getItem(key));
        localStorage.removeItem(key);
        mine = undefined;
      } catch {
        complain("What you typed cannot be kept on this device (is it full?): copy it before you leave this page.");
      }
    } else if (mine) {
      ({ text, holdsOlder } = mine);
    }
    offer(mine);
  };

  /** Says what is kept, and asks what becomes of it. */
  const offer = (mine) => {
    const isOlder = mine && mine.base !== revision;
    const older = holdsOlder ? undefined : [...(isOlder ? [mine] : []), ...namesOfOlder().map(stored)].find(Boolean);
    kept.hidden = !older && !mine;
    if (kept.hidden) return;
    kept.textContent = older
      ? "Somebody else has edited this text since you began: this is theirs. What you typed is kept. "
      : "What you typed before is here again, and not saved yet. ";
    if (older) {
      kept.append(button("Put mine in its place", () => {
        // It stays kept until it is saved or discarded: this too can be taken back.
        change("What you typed is here again.", () => {
          text = older.text;
          holdsOlder = older.name;
        });
        kept.hidden = true;
      }), " ");
    }
    kept.append(button("Discard mine", () => {
      if (!confirm("Discard what you typed?")) return;
      if (!older) [text, past, future, typedIn, holdsOlder] = [fresh(), [], [], undefined, ""];
      forget(older ? older.name : key);
      show();
      // There may be more of it.
      offer(older ? stored(key) : undefined);
    }));
  };

  takeUp();
  bar.hidden = false;
  show();
})();
