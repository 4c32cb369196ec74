// The menus of the bar close by Escape, by a press beside them, and when another opens.
(() => {
  const opened = () => document.querySelector(".bar-menu[open]");
  // A dialog that a menu opened is part of it, and Escape is the dialog's.
  addEventListener("keydown", (event) => {
    const menu = opened();
    if (event.key !== "Escape" || !menu || event.target.closest("dialog")) return;
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  });
  addEventListener("pointerdown", ({ target }) => {
    const menu = opened();
    if (menu && !menu.contains(target) && !target.closest("dialog")) menu.open = false;
  });
})();
