
// Replies while they are written. A browser has six connections to a server (HTTP/1.1), whatever its tabs show, and where
// none is left nothing can be asked any more, not even that a reply be stopped. So one of the tabs that show a reply reads
// it along and tells the others; few replies are read at once; and what is on no screen is not read.

const STREAMS = "promptgrimoire/streams";
const MAX_STREAMS = 3;

/** Does `act` when fewer than that many are read in this browser. */
const asOneOfFew = async (signal, act) => {
  const rest = new AbortController();
  signal.addEventListener("abort", () => rest.abort());
  let isTaken = false;
  const places = Array.from({ length: MAX_STREAMS }, (_, place) =>
    navigator.locks.request(`${STREAMS}/${place}`, { signal: rest.signal }, async () => {
      if (isTaken || signal.aborted) return;
      isTaken = true;
      rest.abort();
      await act();
    }).catch(() => { /* Another place was free before this one, or it is not wanted any more. */ }));
  await Promise.all(places);
};

/** Within what stands last, where more of it would: in the cell, the item, the code. No element that has no text is entered. */
const endOf = (node) => {
  const last = node.lastElementChild;
  return last && !last.nextSibling?.data?.trim() && !last.matches("hr, br, img, math, svg, :has(> math)") ? endOf(last) : node;
};

/**
 * A reply as it is shown here. Its finished blocks come rendered, and can be annotated; what follows comes rendered several
 * times a second, as it looks then, and between that each word stands where the last one did.
 */
const shownReply = (article) => {
  const tail = article.querySelector("[data-live]");
  const end = document.createElement("span");
  const node = document.createTextNode(tail.textContent);
  end.className = "chat-end";
  end.append(node);
  tail.replaceChildren(end);
  let text = node.data;
  // UTF-16 units of the text that stand rendered already and stay so, and those that are shown.
  let rendered = Number(article.dataset.rendered ?? 0);
  let shown = text.length;
  let frame = 0;
  let grown = 0;
  let isReady = false;
  // Once a frame at most, however fast they come.
  const paint = () => {
    frame = 0;
    if (shown === text.length) return;
    node.appendData(text.slice(shown));
    shown = text.length;
    goAlong();
  };
  const replace = (html = "", seen = rendered) => {
    tail.innerHTML = html;
    tail.classList.toggle("message-live", !html);
    endOf(tail).append(end);
    node.data = text.slice(seen);
    shown = text.length;
    goAlong();
  };
  /** What somebody has selected there is not taken from under their hands for the sake of its looks. */
  const isHeld = () => {
    const selection = getSelection();
    return !selection.isCollapsed && tail.contains(selection.anchorNode);
  };
  const tell = () => {
    clearTimeout(grown);
    grown = 0;
    textsChanged();
  };
  const canonical = () => article.querySelector("[data-canonical]");
  const takes = {
    snapshot: (now) => {
      text = now.text;
      isReady = true;
      replace();
    },
    delta: (more) => {
      text += more.text;
      frame ||= requestAnimationFrame(paint);
    },
    blocks: ({ from, to, html, runs, rest, seen }) => {
      if (from === to && isHeld()) return;
      let whole = canonical();
      if (to === 0 && whole) {
        // A longer text is read otherwise: nothing of it is finished after all.
        whole.remove();
        whole = undefined;
        rendered = 0;
        delete article.dataset.rendered;
      }
      if (to > 0 && (!whole || from === 0)) {
        // From the start: also after a connection that was lost.
        const fresh = Object.assign(document.createElement("div"), { className: "message-text" });
        fresh.dataset.canonical = "";
        fresh.dataset.runs = "";
        if (whole) whole.replaceWith(fresh);
        else tail.before(fresh);
        whole = fresh;
      }
      if (to > from) {
        whole.insertAdjacentHTML("beforeend", html);
        whole.dataset.runs += runs;
        rendered = to;
        article.dataset.rendered = to;
        // The tools read a text whole, so not with each of its blocks.
        grown ||= setTimeout(tell, 500);
      }
      replace(rest, seen);
    },
  };
  return {
    isReady: () => isReady,
    take: (name, data) => {
      if (isReady || name === "snapshot") takes[name](data);
    },
    /** All that is here, for another tab. */
    told: () => {
      const snapshot = ["snapshot", { text, state: "streaming", ahead: 0 }];
      const whole = canonical();
      const blocks = () => ({ from: 0, to: rendered, html: whole.innerHTML, runs: whole.dataset.runs, rest: "", seen: rendered });
      return whole ? [snapshot, ["blocks", blocks()]] : [snapshot];
    },
    leave: () => {
      cancelAnimationFrame(frame);
      clearTimeout(grown);
      paint();
    },
  };
};

/** Those that are read, here or by another tab. */
const streams = new Map();

/** Reads a reply along, or has another tab do it that shows it as well. */
const follow = (article) => {
  const { run } = article.dataset;
  if (streams.has(run)) return;
  const reply = shownReply(article);
  const leaving = new AbortController();
  const channel = window.BroadcastChannel && new BroadcastChannel(`promptgrimoire/run/${run}`);
  const me = newKey();
  let source;
  leaving.signal.addEventListener("abort", () => {
    source?.close();
    channel?.close();
    reply.leave();
  });
  /** It has ended, or cannot be read: the page knows more. */
  const end = async (isLost) => {
    leaving.abort();
    await refresh();
    // Whom the server refused does not ask again at once.
    if (isLost) await new Promise((resolve) => setTimeout(resolve, 5_000));
    if (streams.get(run)?.leaving === leaving) streams.delete(run);
    show();
  };
  const take = (name, data) => {
    if (leaving.signal.aborted) return;
    if (name === "end") end(data.isLost);
    else reply.take(name, data);
  };
  const pass = (name, data) => {
    channel?.postMessage({ events: [[name, data]] });
    take(name, data);
  };
  const read = () => new Promise((resolve) => {
    leaving.signal.addEventListener("abort", resolve);
    source = new EventSource(`${API}/runs/${run}/events?rendered=true`);
    for (const name of ["snapshot", "delta", "blocks"]) {
      source.addEventListener(name, (event) => pass(name, JSON.parse(event.data)));
    }
    for (const name of ["done", "stopped"]) source.addEventListener(name, () => pass("end", { isLost: false }));
    source.addEventListener("error", (event) => {
      if (event.data) pass("end", { isLost: false });
      // Lost: the browser connects again by itself, unless the server refused.
      else if (source.readyState === EventSource.CLOSED) end(true);
    });
  });
  streams.set(run, { leaving, isReady: reply.isReady });
  if (!channel || !navigator.locks) return void read();
  channel.addEventListener("message", ({ data }) => {
    if (data.hello && source && reply.isReady()) channel.postMessage({ to: data.hello, events: reply.told() });
    if (data.events && (data.to ?? me) === me) for (const event of data.events) take(...event);
  });
  channel.postMessage({ hello: me });
  navigator.locks
    .request(`promptgrimoire/run/${run}`, { signal: leaving.signal }, () => asOneOfFew(leaving.signal, read))
    .catch(() => { /* It is not wanted any more. */ });
};

const leave = (run) => {
  streams.get(run)?.leaving.abort();
  streams.delete(run);
};

/** Reads what is written now, and leaves what is not any more, or is on no screen. */
const followWhatIsWritten = () => {
  const isWritten = (article) => isOpen(article) && article.dataset.state === "streaming";
  const written = document.hidden ? undefined : articles().find(isWritten);
  for (const [run, { leaving }] of streams) if (run !== written?.dataset.run && !leaving.signal.aborted) leave(run);
  if (written) follow(written);
};

document.addEventListener("visibilitychange", () => {
  if (document.hidden) followWhatIsWritten();
  else refresh();
});
document.addEventListener("promptgrimoire:run", refresh);
// What came from the worker's cache is as old as that.
if (navigator.serviceWorker?.controller) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => { if (data) refresh(); };
  navigator.serviceWorker.controller.postMessage({ kind: "shown" }, [port2]);
}
addEventListener("online", refresh);
