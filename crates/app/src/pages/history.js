// The days of a history as whoever looks has them, and the slider over it: says where it is, and goes there.
(() => {
  const main = document.querySelector("main.history");
  const data = main.querySelector("[data-marks]");
  if (!data) return;
  const marks = JSON.parse(data.textContent);
  const part = main.querySelector("[data-slider]");
  const input = part.querySelector("input");
  const words = part.querySelector("[data-at]");
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
  const time = (at) => minute.format(new Date(at));
  const dayOf = (line) => day.format(new Date(line.querySelector("time").dateTime));
  // The server cut them in UTC.
  const days = main.querySelector(".history-days");
  const empty = days.querySelector("section").cloneNode(true);
  empty.querySelector("ol").replaceChildren();
  const lines = [...days.querySelectorAll("li")];
  const sections = [];
  for (const [number, line] of lines.entries()) {
    if (number === 0 || dayOf(line) !== dayOf(lines[number - 1])) {
      const section = empty.cloneNode(true);
      const title = section.querySelector("h2");
      title.id = `day-${number}`;
      section.setAttribute("aria-labelledby", title.id);
      title.querySelector("time").dateTime = line.querySelector("time").dateTime;
      sections.push(section);
    }
    sections.at(-1).querySelector("ol").append(line);
  }
  days.replaceChildren(...sections);
  document.dispatchEvent(new Event("promptgrimoire:times"));
  const show = () => {
    const [, at, what] = marks[Number(input.value)];
    words.textContent = `${time(at)} · ${what}`;
    input.setAttribute("aria-valuetext", `${time(at)}, ${what}`);
  };
  const here = input.value;
  let waiting;
  const go = () => {
    if (input.value === here) return;
    const address = new URL(location.href);
    address.searchParams.set("at", marks[Number(input.value)][0]);
    address.hash = "history-at";
    location.replace(address);
  };
  input.addEventListener("input", () => { show(); clearTimeout(waiting); });
  // Whoever walks by the keys wants to get further than one step.
  input.addEventListener("change", () => { clearTimeout(waiting); waiting = setTimeout(go, 600); });
  part.hidden = false;
  show();
  if (location.hash === "#history-at") input.focus();
})();
