// What is copied of a formula is its TeX (style/math): while the browser copies it has the look of words, because a look is
// copied too.
document.addEventListener("copy", () => {
  const root = document.documentElement;
  root.toggleAttribute("data-copies", true);
  setTimeout(() => root.toggleAttribute("data-copies", false));
});
