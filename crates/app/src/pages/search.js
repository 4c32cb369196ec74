// What was found as a file: why there is none is said on the page, where a browser drops the download without a word.
(() => {
  const UNREACHABLE = "The server cannot be reached. Try again in a moment.";
  const alert = document.currentScript.previousElementSibling;

  const save = async (answer) => {
    const name = answer.headers.get("content-disposition")?.match(/filename="([^"]+)"/)?.[1] ?? "";
    const href = URL.createObjectURL(await answer.blob());
    Object.assign(document.createElement("a"), { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  };

  const complain = (words) => {
    alert.textContent = words;
    alert.hidden = false;
  };

  const fetchFile = async (link) => {
    alert.hidden = true;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href);
      if (answer.ok) await save(answer);
      else complain((await answer.json().catch(() => ({}))).detail ?? UNREACHABLE);
    } catch {
      complain(UNREACHABLE);
    }
    link.removeAttribute("aria-busy");
  };

  for (const link of alert.parentElement.querySelectorAll("a[download]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (!link.hasAttribute("aria-busy")) void fetchFile(link);
    });
  }
})();
