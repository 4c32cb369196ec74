// Numbers the paragraphs in the margin for whoever wants them, on this device. The numbers are a style's counters: the text's
// DOM stays as it is, and nobody selects or copies them.
(() => {
  const KEPT = "paragraph-numbers";
  const text = document.querySelector("#text");
  const button = document.querySelector("[data-paragraph-numbers]");
  const kept = () => {
    try {
      return localStorage.getItem(KEPT) === "yes";
    } catch {
      return false;
    }
  };
  const show = (are) => {
    text.toggleAttribute("data-numbered", are);
    button.setAttribute("aria-pressed", String(are));
    // The cards say in which paragraphs their passages are.
    document.dispatchEvent(new Event("promptgrimoire:paragraphs"));
  };
  button.addEventListener("click", () => {
    const are = !text.hasAttribute("data-numbered");
    try {
      localStorage.setItem(KEPT, are ? "yes" : "no");
    } catch {
      // Then it is for this page alone.
    }
    show(are);
  });
  button.hidden = false;
  show(kept());
})();
