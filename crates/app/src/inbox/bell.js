// Keeps the number at the inbox's link true: asks when the page is looked at again, when it comes back from the browser's
// memory, and when a conversation that is open here says that somebody wrote something that may concern its reader.
(() => {
  const show = (unread) => {
    const link = document.querySelector(".inbox-link");
    if (!link) return;
    link.setAttribute("aria-label", unread === 0 ? "Inbox" : `Inbox, ${unread} unread`);
    if (unread === 0) link.removeAttribute("data-unread");
    else link.setAttribute("data-unread", unread > 99 ? "99+" : String(unread));
  };

  let isAsking = false;
  let askAgain = false;
  /** One question at a time; what comes meanwhile is one more, afterwards. */
  const ask = async () => {
    askAgain = isAsking;
    // Who does not look is not told; when they look again, it is asked.
    if (isAsking || !navigator.onLine || document.visibilityState === "hidden") return;
    isAsking = true;
    try {
      const answer = await fetch("/api/v1/notices?limit=1");
      if (answer.ok) show((await answer.json()).unread);
    } catch {
      // Without the server the number stays as it was.
    }
    isAsking = false;
    if (askAgain) ask();
  };

  document.addEventListener("promptgrimoire:talk", ask);
  document.addEventListener("promptgrimoire:unread", ({ detail }) => show(detail));
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") ask(); });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) ask(); });
})();
