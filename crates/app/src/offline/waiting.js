// Shows in the bar how many changes wait on this device for another conversation to be opened: nothing but opening it
// sends them.
((user) => {
  const ICON = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 12.5V3.25m0 0L6.5 6.75M10 3.25l3.5 3.5M3.5 12v4.25h13V12" /></svg>';

  const link = Object.assign(document.createElement("a"), { className: "left-link", href: "/#not-sent", innerHTML: ICON });

  /** What a page has not sent is left when it goes: its lock is free then. */
  const watched = new Set();
  const watch = (page) => {
    if (watched.has(page)) return;
    watched.add(page);
    navigator.locks.request(page, () => { watched.delete(page); }).then(look);
  };

  const show = async () => {
    const { unsent, pages } = await readWork(user);
    pages.forEach(watch);
    const count = unsent.filter(({ key }) => location.pathname !== `/c/${placeOf(key)[0]}`).length;
    if (count === 0) return link.remove();
    const words = `${count} ${count === 1 ? "change" : "changes"} not sent yet`;
    link.title = words;
    link.setAttribute("aria-label", words);
    link.dataset.unread = count > 99 ? "99+" : String(count);
    document.querySelector(".inbox-link")?.before(link);
  };
  // Without a disk nothing waits on it.
  const look = () => show().catch(() => {});

  const root = document.documentElement;
  // Tools put their own bar into the place of the server's.
  if (root.hasAttribute("data-hydrated")) look();
  else new MutationObserver(look).observe(root, { attributeFilter: ["data-hydrated"] });
  addEventListener("online", look);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) look(); });
  document.addEventListener("promptgrimoire:left", look);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") look(); });
})
