// Times in the reader's own zone; the server tells them in UTC. At the end of a page, when all of them are there.
(() => {
  const words = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[data-local]")) time.textContent = words.format(new Date(time.dateTime));
  for (const field of document.querySelectorAll("input[data-at]")) {
    const at = new Date(field.dataset.at);
    field.defaultValue = new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
})();
