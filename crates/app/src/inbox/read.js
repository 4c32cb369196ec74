// Marks notices as read: the one that is opened, or all. Never by looking at an address: what marks is a POST of this
// page's own.
(() => {
  const PATIENCE_MS = 1000;

  const mark = async (which) => {
    const answer = await fetch("/api/v1/notices/read", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(which),
      // It goes on when the page is left.
      keepalive: true,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const { unread } = await answer.json();
    document.dispatchEvent(new CustomEvent("promptgrimoire:unread", { detail: unread }));
  };

  const showRead = (notice) => {
    notice.removeAttribute("data-new");
    notice.querySelector(".badge")?.remove();
  };

  /** Opened in this tab or in another: a click, a click with a key held, the middle button. */
  const open = async (event) => {
    const notice = event.target.closest?.(".notice[data-new]");
    if (!notice || event.button > 1) return;
    const isHere = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (isHere) event.preventDefault();
    const marked = mark({ ids: [notice.dataset.notice] }).catch(() => {});
    showRead(notice);
    if (!isHere) return;
    // So that the page that comes counts without it; and a slow answer holds nobody up.
    await Promise.race([marked, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    location.assign(notice.href);
  };
  document.addEventListener("click", open);
  document.addEventListener("auxclick", open);

  const form = document.querySelector("form[data-read-all]");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = document.querySelector("[data-problem]");
    problem.hidden = true;
    try {
      await mark({ up_to: form.elements.up_to.value });
    } catch {
      problem.hidden = false;
      return;
    }
    for (const notice of document.querySelectorAll(".notice[data-new]")) showRead(notice);
    form.hidden = true;
    const heading = document.querySelector("h1");
    heading.tabIndex = -1;
    heading.focus();
  });
})();
