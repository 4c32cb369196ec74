// A chat's page: writes to the model, and shows its replies while they come. Messages are the server's: a reply that is
// over is as the server renders it, and so can be annotated like all others. These files are joined in the order in which
// `chat.rs` names them: asking the server; the page as the server has it; replies; what is done with a message; the box.

const reading = document.getElementById("text");
const form = document.querySelector("form[data-chat]");
const { chat: conversation, user } = reading.dataset;
const API = "/api/v1";
const UNREACHABLE = "The server cannot be reached. What you wrote is kept on this device: send it when you are connected again.";
const NOT_NOW = "The server cannot be reached. Try again when you are connected.";
const BROKEN = "The server did not answer as it should. What you wrote is kept here; try again in a moment.";

const element = (selector) => document.querySelector(selector);
const articles = () => [...reading.querySelectorAll(":scope > [data-message-id]")];
const isOpen = (article) => article.hasAttribute("data-run");

/** A name for a request, so that it is done once however often it is sent. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** For those who hear the page. */
const announce = (words) => {
  const place = element("[data-chat-status]");
  // The same words twice are heard twice.
  place.textContent = place.textContent === words ? `${words}\u00a0` : words;
};

const complain = (words = "", alert = element("[data-chat-alert]")) => {
  alert.textContent = words;
  alert.hidden = words === "";
};

/** Asks the API; answers what it says, or says in `alert` what is wrong and answers nothing. */
const ask = async (path, body, { key, alert, method = "POST", lost = UNREACHABLE } = {}) => {
  const headers = { accept: "application/json" };
  if (key) headers["idempotency-key"] = key;
  const init = { method, headers, body };
  if (body && !(body instanceof FormData)) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(`${API}${path}`, init).catch(() => undefined);
  if (!answer) return complain(lost, alert);
  const { reply, wrong } = said(answer.ok, await answer.text().catch(() => ""));
  complain(wrong, alert);
  return reply;
};

/** What an answer says, or what is wrong. */
const said = (isOk, text) => {
  let reply;
  try { reply = text === "" ? {} : JSON.parse(text); } catch { /* It is no JSON: no answer of ours. */ }
  // Which field of the request it was says nothing to a person.
  return isOk && reply ? { reply, wrong: "" } : { wrong: reply?.detail?.replace(/^[a-z_, ]+: (?=\p{Lu})/u, "") || BROKEN };
};

/** Sends a file and tells how much of it is sent (0 to 1). Only the older interface tells that. */
const upload = (path, file, { signal, told }) => new Promise((resolve) => {
  const body = new FormData();
  body.append("file", file);
  const request = new XMLHttpRequest();
  request.open("POST", `${API}${path}`);
  request.setRequestHeader("accept", "application/json");
  request.upload.addEventListener("progress", ({ loaded, total }) => told(loaded / total));
  request.addEventListener("load", () => resolve(said(request.status >= 200 && request.status < 300, request.responseText)));
  request.addEventListener("error", () => resolve({ wrong: "The server cannot be reached. Add it again when you are connected." }));
  request.addEventListener("abort", () => resolve({ wrong: "" }));
  signal.addEventListener("abort", () => request.abort());
  request.send(body);
});

// What is written and not sent yet: kept on this device for its author until the server has it, or they sign out
// (`sign_out.js` knows the name).

const KEPT = `chat/${user}/${conversation}`;

const kept = () => {
  try { return JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { return {}; }
};

const keep = (changes) => {
  const all = { ...kept(), ...changes };
  try {
    if (all.text || all.files?.length || Object.keys(all.edits ?? {}).length) localStorage.setItem(KEPT, JSON.stringify(all));
    else localStorage.removeItem(KEPT);
  } catch { /* A browser that keeps nothing. */ }
};
