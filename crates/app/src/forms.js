// Sends a form of a plain page to the typed API (`ApiForm`). Runs before the page's body is there, so that no press of a
// button comes before it.
(() => {
  const UNREACHABLE = "The server cannot be reached. Nothing was lost; try again in a moment.";
  const BROKEN = "The server did not answer as it should. Try again in a moment.";

  /** The values that these controls of one name have in JSON; none where nothing is chosen. */
  const valuesOf = (control, types) => {
    const { type, value } = control;
    if (type === "checkbox" && !control.hasAttribute("value")) return [control.checked];
    if ((type === "checkbox" || type === "radio") && !control.checked) return [];
    const values = type === "select-multiple" ? [...control.selectedOptions].map((option) => option.value) : [value];
    return values.map((text) => {
      if (types.includes("boolean")) return text === "true";
      if (text === "" && types.some((word) => ["number", "time", "optional"].includes(word))) return null;
      if (types.includes("number")) return Number(text);
      if (types.includes("json")) return JSON.parse(text);
      // What is typed is the reader's own time (`local_times.js`).
      return types.includes("time") ? control.moment() : text;
    });
  };

  /** The form's fields; several controls of one name, or `data-type="list"`, are a list. */
  const read = (form, submitter) => {
    const fields = {};
    const controls = [...form.elements].filter(
      (control) => control.name && !control.matches(":disabled") && !["submit", "button", "fieldset"].includes(control.type),
    );
    for (const control of controls) {
      const { name, type } = control;
      const types = (control.dataset.type ?? "").split(" ");
      const alike = controls.filter((other) => other.name === name && other.type !== "radio").length;
      const values = valuesOf(control, types);
      if (types.includes("list") || alike > 1 || type === "select-multiple") (fields[name] ??= []).push(...values);
      else if (values.length > 0) [fields[name]] = values;
    }
    if (submitter?.name) fields[submitter.name] = submitter.value;
    return fields;
  };

  /** Fills `{name}` and `{name.inner}`. */
  const fill = (template, values, spell) =>
    template.replace(/\{([\w.]+)\}/g, (_, path) =>
      spell(String(path.split(".").reduce((value, key) => value?.[key], values) ?? "")));

  const request = (form, submitter) => {
    const [method, template] = form.dataset.api.split(" ");
    const fields = read(form, submitter);
    const url = fill(template, fields, encodeURIComponent);
    const inPath = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const init = { method, headers: { accept: "application/json" } };
    if (form.querySelector("input[type=file]")) {
      init.body = new FormData(form, submitter);
      for (const name of inPath) init.body.delete(name);
    } else if (method !== "DELETE") {
      for (const name of inPath) delete fields[name];
      init.headers["content-type"] = "application/json";
      init.body = JSON.stringify(fields);
    }
    return [url, init];
  };

  const setBusy = (form, isBusy) => {
    for (const button of form.querySelectorAll("button:not([type=button])")) {
      button.disabled = isBusy;
      if (isBusy) button.setAttribute("aria-busy", "true");
      else button.removeAttribute("aria-busy");
    }
  };

  const complain = (form, { detail, errors }) => {
    const alert = form.querySelector("[role=alert]");
    const line = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
    const parts = [line("p", detail || BROKEN)];
    if (Array.isArray(errors) && errors.length > 0) {
      const list = document.createElement("ul");
      list.append(...errors.map((error) => line("li", error.detail ?? error)));
      parts.push(list);
    }
    alert.replaceChildren(...parts);
    alert.hidden = false;
    alert.focus();
  };

  /** A conversation that is deleted does not stay on this device either. */
  const forget = (url) => {
    const id = url.match(/^\/api\/v1\/conversations\/([^/]+)$/)?.[1];
    if (id) navigator.serviceWorker?.controller?.postMessage({ kind: "gone", path: `/c/${id}` });
  };

  /** Puts what the page would show now into the place of what it shows. Without an answer it stays as it is. */
  const renew = async (id) => {
    const page = await fetch(location.href, { headers: { accept: "text/html" } }).then((answer) => answer.ok ? answer.text() : "").catch(() => "");
    const fresh = new DOMParser().parseFromString(page, "text/html").getElementById(id);
    if (fresh) document.getElementById(id)?.replaceWith(fresh);
  };

  /** Answers whether the page stays. */
  const succeed = (form, reply, submitter) => {
    const { then, say = "" } = form.dataset;
    if (then === "reload") return location.reload(), false;
    if (form.hasAttribute("data-leaves")) {
      // `offline/sign_out.js` hears of it, where it is.
      const isHeard = !document.dispatchEvent(new CustomEvent("signed-out", { cancelable: true, detail: then }));
      return isHeard || location.assign(then), false;
    }
    if (then !== "say") return location.assign(fill(then, reply, encodeURIComponent)), false;
    for (const place of form.querySelectorAll("[data-reply]")) {
      place.textContent = fill(`{${place.dataset.reply}}`, reply, (text) => text);
      place.closest("[data-replied]")?.removeAttribute("hidden");
    }
    if (form.hasAttribute("data-reset")) form.reset();
    setBusy(form, false);
    submitter?.focus();
    form.querySelector("[role=status]").textContent = fill(say, reply, (text) => text);
    if (form.dataset.renews) void renew(form.dataset.renews);
    return true;
  };

  /** The form's fields as people read them. */
  const said = (form) => {
    const fields = read(form);
    for (const [name, value] of Object.entries(fields)) if (Array.isArray(value)) fields[name] = value.length;
    for (const { name, selectedOptions } of form.querySelectorAll("select")) fields[name] = selectedOptions[0]?.text;
    return fields;
  };

  const confirmed = (form) => new Promise((resolve) => {
    const dialog = document.getElementById(form.dataset.confirm);
    for (const part of dialog.querySelectorAll("[data-text]")) {
      part.textContent = fill(part.dataset.text, said(form), (text) => text);
    }
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
    dialog.showModal();
  });

  const send = async (form, submitter) => {
    form.querySelector("[role=alert]").hidden = true;
    form.querySelector("[role=status]").textContent = "";
    const { needs, lacking } = form.dataset;
    if (needs && !read(form)[needs]?.length) return complain(form, { detail: lacking }), true;
    if (form.dataset.confirm && !(await confirmed(form))) return true;
    const [url, init] = request(form, submitter);
    setBusy(form, true);
    const answer = await fetch(url, init).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    let reply;
    try { reply = text === "" ? {} : JSON.parse(text); } catch { /* It is no JSON: no answer of ours. */ }
    if (answer?.ok && init.method === "DELETE") forget(url);
    if (answer?.ok && reply !== undefined) return succeed(form, reply, submitter);
    setBusy(form, false);
    complain(form, answer && text !== undefined ? reply ?? {} : { detail: UNREACHABLE });
    return true;
  };

  const underWay = new Set();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.hasAttribute("data-once")) {
      // A plain form: the browser sends it, once.
      if (underWay.has(form)) event.preventDefault();
      underWay.add(form);
    }
    if (!form.hasAttribute("data-api")) return;
    event.preventDefault();
    if (underWay.has(form)) return;
    underWay.add(form);
    // A page that is being left takes no second press.
    let stays = true;
    try {
      stays = await send(form, event.submitter);
    } catch (error) {
      setBusy(form, false);
      complain(form, {});
      throw error;
    } finally {
      if (stays) underWay.delete(form);
    }
  });
  document.addEventListener("change", ({ target }) => {
    const { form, type, name, checked, dataset } = target;
    if (dataset?.disables) document.getElementById(dataset.disables).disabled = checked;
    if (type !== "checkbox" || !form) return;
    // A box that stands for all of a name.
    const ticked = dataset.ticks ?? name;
    const boxes = [...form.elements].filter((box) => box.type === "checkbox" && box.name === ticked);
    if (dataset.ticks) for (const box of boxes) box.checked = checked;
    const all = [...form.elements].find((box) => box.dataset.ticks === ticked);
    if (all) all.checked = boxes.every((box) => box.checked);
  });
  // Back to a page that the browser has kept as it was left.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of underWay) setBusy(form, false);
    underWay.clear();
  });
})();
