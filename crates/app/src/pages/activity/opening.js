// The page of an activity that is not open yet loads itself anew when it is, by the server's clock. A whole class waits for
// that moment: each comes a little later than the others. Who looks at another page then sees it when they come back.
(() => {
  const { opens, now } = document.currentScript.dataset;
  const JITTER = 3_000;
  /** The longest that a timer can be set to is some weeks. */
  const LONGEST = 3_600_000;
  const began = Date.now();
  // Never at once: a clock that is a little behind would have it load itself again and again.
  const wait = Math.max(new Date(opens) - new Date(now), 1_000) + Math.random() * JITTER;

  const load = () => {
    if (document.visibilityState === "visible") location.reload();
    else document.addEventListener("visibilitychange", load, { once: true });
  };
  const watch = () => {
    const left = wait - (Date.now() - began);
    if (left <= 0) load();
    else setTimeout(watch, Math.min(left, LONGEST));
  };
  watch();
})();
