// The slider over a history: says where it is, and goes there.
(() => {
  const main = document.querySelector("main.history");
  const data = main.querySelector("[data-marks]");
  if (!data) return;
  const marks = JSON.parse(data.textContent);
  const part = main.querySelector("[data-slider]");
  const input = part.querySelector("input");
  const words = part.querySelector("[data-at]");
  const { timeZone, locale } = document.documentElement.dataset;
  const format = (() => {
    const style = { dateStyle: "medium", timeStyle: "short" };
    try {
      return new Intl.DateTimeFormat(locale, { ...style, timeZone });
    } catch {
      return new Intl.DateTimeFormat(undefined, style);
    }
  })();
  const time = (at) => format.format(new Date(at));
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
