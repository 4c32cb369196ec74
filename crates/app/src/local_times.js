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
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23",
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  /** What a clock in that zone shows, as fields spell it. */
  const shown = (at) => {
    const { year, month, day, hour, minute, second } = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${year.padStart(4, "0")}-${month}-${day}T${hour}:${minute}:${second}`;
  };
  const DAY = 86_400_000;
  /** When a clock in that zone shows this, as browsers have it in their own: the first time, where it does so twice; where it
      never does, as if the clock had not been put on. Nothing where it is no time. */
  const when = (text) => {
    const wanted = Date.parse(`${text}Z`);
    if (Number.isNaN(wanted)) return undefined;
    const ahead = (at) => Date.parse(`${shown(at)}Z`) - at;
    const [before, after] = [wanted - ahead(wanted - DAY), wanted - ahead(wanted + DAY)];
    const exact = [before, after].filter((at) => Date.parse(`${shown(at)}Z`) === wanted);
    return new Date(exact.length > 0 ? Math.min(...exact) : before);
  };
  for (const field of document.querySelectorAll("input[data-type~=time]")) {
    if (field.dataset.at) field.defaultValue = shown(Math.floor(new Date(field.dataset.at) / 1_000) * 1_000).slice(0, 16);
    // For whoever sends it (`forms.js`).
    field.moment = () => {
      // To the second, where nobody touched it. What is no time is refused in words by whoever it is sent to.
      if (field.dataset.at && field.value === field.defaultValue) return field.dataset.at;
      return when(field.value)?.toISOString() ?? field.value;
    };
  }
})();
