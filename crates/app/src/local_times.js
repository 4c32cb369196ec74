// Times in the reader's own zone; the server tells them in UTC. At the end of a page, when all of them are there, and again
// when a script has put more into it.
(() => {
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const show = () => {
    for (const time of document.querySelectorAll("time[data-local]")) {
      time.textContent = (time.dataset.local === "day" ? day : minute).format(new Date(time.dateTime));
    }
  };
  show();
  document.addEventListener("promptgrimoire:times", show);
  for (const field of document.querySelectorAll("input[data-at]")) {
    const at = new Date(field.dataset.at);
    field.defaultValue = new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
})();
