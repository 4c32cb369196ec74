// Times in the reader's own zone, or in the one that they chose; the server tells them in UTC. At the end of a page, when all
// of them are there, and again when a script has put more into it.
(() => {
  /** What the reader chose on their account's page; a browser that does not know it shows times as the device has them. */
  const { timeZone, locale } = document.documentElement.dataset;
  const format = (style) => {
    try {
      return new Intl.DateTimeFormat(locale, { ...style, timeZone });
    } catch {
      return new Intl.DateTimeFormat(undefined, style);
    }
  };
  const minute = format({ dateStyle: "medium", timeStyle: "short" });
  const day = format({ dateStyle: "medium" });
  const show = () => {
    for (const time of document.querySelectorAll("time[data-local]")) {
      time.textContent = (time.dataset.local === "day" ? day : minute).format(new Date(time.dateTime));
    }
  };
  show();
  document.addEventListener("promptgrimoire:times", show);

  const { timeZone: zone } = minute.resolvedOptions();
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  /** What a clock in that zone shows, as fields spell it. */
  const shown = (at) => clock.format(at).replace(" ", "T");
  /** When a clock in that zone shows this. Looked for twice: the first guess may lie on the other side of a change. */
  const when = (text) => {
    const wanted = Date.parse(`${text}Z`);
    const ahead = (at) => Date.parse(`${shown(at)}Z`) - at;
    return new Date(wanted - ahead(wanted - ahead(wanted)));
  };
  for (const field of document.querySelectorAll("input[data-type~=time]")) {
    if (field.dataset.at) field.defaultValue = shown(Math.floor(new Date(field.dataset.at) / 1_000) * 1_000).slice(0, 16);
    // For whoever sends it (`forms.js`).
    field.moment = () => when(field.value).toISOString();
  }
})();
