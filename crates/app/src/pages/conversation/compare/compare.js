// The annotations of one branch, shown in both. The texts' DOM is left as it is: colours are Custom Highlights.

/** Ranges of the page for what an annotation says of a side: the message, and from where to where in its text nodes. */
const rangeOf = (told) => {
  if (!told) return undefined;
  const [message, start, end] = told.split(" ");
  const text = document.querySelector(`[data-message-id="${message}"] [data-canonical]`);
  if (!text) return undefined;
  const range = document.createRange();
  // What is shown of a formula is no text: its TeX is.
  const what = ({ nodeType, nodeName }) => (nodeType === Node.TEXT_NODE ? 1 : nodeName === "math" ? 2 : 3);
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, what);
  let at = 0;
  let isBegun = false;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!isBegun && start < at + node.length) {
      range.setStart(node, start - at);
      isBegun = true;
    }
    if (isBegun && end <= at + node.length) {
      range.setEnd(node, end - at);
      return range;
    }
    at += node.length;
  }
  return undefined;
};

const inks = new Map();
const paint = (name, range) => {
  if (!range || !window.Highlight) return;
  if (!inks.has(name)) {
    inks.set(name, new Highlight());
    CSS.highlights.set(name, inks.get(name));
  }
  inks.get(name).add(range);
};

for (const annotation of document.querySelectorAll(".compare-annotation")) {
  const { original, other, anchor } = annotation.dataset;
  const [here, there] = [rangeOf(original), rangeOf(other)];
  paint(`compare-${anchor === "lost" ? "lost" : "original"}`, here);
  paint(`compare-${anchor}`, there);
  annotation.querySelector("button")?.addEventListener("click", () => {
    const range = there ?? here;
    const article = range?.startContainer.parentElement.closest("[data-message-id]");
    if (!article) return;
    article.focus({ preventScroll: true });
    range.startContainer.parentElement.scrollIntoView({ block: "center" });
    window.CSS?.highlights?.delete("compare-flash");
    inks.delete("compare-flash");
    for (const side of [here, there]) paint("compare-flash", side);
  });
}

// A reply that is still written is compared when it is there. It is asked for now and then and not read along: a browser has
// few connections to a server.
const stillOpen = (page) => page.querySelectorAll("[data-run]").length;
const lookAgain = async () => {
  const answer = document.hidden ? undefined : await fetch(location.href).catch(() => undefined);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page && stillOpen(page) < stillOpen(document)) location.reload();
  else setTimeout(lookAgain, 3_000);
};
if (stillOpen(document) > 0) setTimeout(lookAgain, 3_000);
