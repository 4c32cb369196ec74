// Signs out and takes away what this device keeps of the person; asks first if some of it was never sent. Without scripts
// the form itself signs out.
((user) => {
  const PATIENCE_MS = 3000;

  const allIn = async (database, store) =>
    database?.objectStoreNames.contains(store) ? allOf(database.transaction(store).objectStore(store)) : [];

  const countWork = async () => {
    const database = await openWork(user);
    const [journal, aside] = await Promise.all([allIn(database, "journal"), allIn(database, "aside")]);
    database?.close();
    return { unsent: asMade(journal).length, refused: aside.length };
  };

  /** Written here and not sent: messages to models (`pages/conversation/chat/ask.js`), comments (`annotate/browser/drafts.rs`). */
  const drafts = () => named("chat/", "draft/");

  const named = (...kinds) => {
    const isOne = (key) => kinds.some((kind) => key.startsWith(`${kind}${user}`));
    try { return Object.keys(localStorage).filter(isOne); } catch { return []; }
  };

  /** And when they were where (`annotate/browser/filter.rs`). */
  const forgetDrafts = () => {
    try { sessionStorage.clear(); } catch { /* A browser that keeps nothing. */ }
    for (const name of named("chat/", "draft/", "visit:")) localStorage.removeItem(name);
  };

  /** Emptied before it is deleted: that has to wait for the other tabs, which hear of it (`versionchange`), to let go of it. */
  const forgetWork = async () => {
    const database = await openWork(user);
    if (!database) return;
    const stores = [...database.objectStoreNames];
    if (stores.length > 0) {
      const emptying = database.transaction(stores, "readwrite");
      for (const store of stores) emptying.objectStore(store).clear();
      await new Promise((resolve) => { emptying.oncomplete = emptying.onabort = resolve; });
    }
    database.close();
    await answered(indexedDB.deleteDatabase(`promptgrimoire-${user}`));
  };

  const forgetPages = async () => {
    const worker = (await navigator.serviceWorker?.getRegistration())?.active;
    if (!worker) return;
    const { port1, port2 } = new MessageChannel();
    const done = new Promise((resolve) => { port1.onmessage = resolve; });
    worker.postMessage({ kind: "signed-out", user }, [port2]);
    await done;
  };

  const ask = (id) => new Promise((resolve) => {
    const dialog = document.getElementById(id);
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    dialog.showModal();
  });

  const fill = (kind, count) => {
    const line = document.querySelector(`#sign-out-unsent [data-kind="${kind}"]`);
    line.hidden = count === 0;
    const words = line.querySelector("strong");
    if (words) words.textContent = count === 1 ? "1 change" : `${count} changes`;
  };

  /** Whether this page holds what is nowhere else, as it would say before it is left. */
  const isHeldHere = () => !dispatchEvent(new Event("beforeunload", { cancelable: true }));

  // Before the tools listen, and so before them: what they would ask has been asked.
  let isLeaving = false;
  addEventListener("beforeunload", (event) => { if (isLeaving) event.stopImmediatePropagation(); });

  const signOut = async (action) => {
    if (!navigator.onLine) return ask("sign-out-unreachable");
    const { unsent: changes, refused } = await countWork();
    const unsent = changes + drafts().length;
    const held = isHeldHere() ? 1 : 0;
    if (unsent + refused + held > 0) {
      fill("unsent", unsent);
      fill("refused", refused);
      fill("page", held);
      if ((await ask("sign-out-unsent")) !== "discard") return undefined;
    }
    const answer = await fetch(action, { method: "POST", redirect: "manual" }).catch(() => undefined);
    if (answer?.type !== "opaqueredirect") return ask("sign-out-unreachable");
    return leave("/sign-in");
  };

  const leave = async (address) => {
    isSigningOut = true;
    forgetDrafts();
    // The other tabs leave.
    sayWhoIsHere(NOBODY);
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    await Promise.race([patience, Promise.allSettled([forgetWork(), forgetPages()])]);
    // What was typed a moment ago may have been kept meanwhile, here or by another tab as it left.
    forgetDrafts();
    isLeaving = true;
    location.assign(address);
  };

  // Their account is gone (`forms.js`).
  document.addEventListener("signed-out", (event) => {
    event.preventDefault();
    leave(event.detail);
  });

  let isUnderWay = false;
  document.addEventListener("submit", async (event) => {
    const action = event.target.getAttribute("action");
    if (action !== "/sign-out" && action !== "/sign-out-everywhere") return;
    event.preventDefault();
    if (isUnderWay) return;
    isUnderWay = true;
    await signOut(action).catch(() => event.target.submit());
    isUnderWay = false;
  });
})
