// Looks at a file of annotations, tells what would become of it, and brings it in when its person says so.
(() => {
  const MAX_BYTES = 8 * 1024 * 1024;
  const form = document.querySelector("form[data-bring-in]");
  const told = document.querySelector("[data-told]");
  const [input, wrong] = [form.querySelector("input"), form.querySelector("[data-wrong]")];
  const [take, open] = [told.querySelector("[data-take]"), told.querySelector("[data-open]")];
  let file;

  const complain = (words = "") => {
    wrong.textContent = words;
    wrong.hidden = words === "";
  };
  const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
  const busy = (is) => {
    for (const control of [input, form.querySelector("button"), take]) control.disabled = is;
  };

  /** Has the server look at the file, or take it; nothing if it does not, after saying why. */
  const ask = async (preview) => {
    busy(true);
    try {
      const headers = { accept: "application/json", "content-type": "application/ld+json" };
      const answer = await fetch(`${form.dataset.bringIn}?preview=${preview}`, { method: "POST", headers, body: file });
      const said = await answer.json();
      if (answer.ok) return said;
      complain(said.detail?.replace(/^annotations: /, "") || "The server did not answer as it should. Try again in a moment.");
    } catch {
      complain("The server cannot be reached. Nothing was brought in, as far as is known; what was is not doubled when you try again.");
    } finally {
      busy(false);
    }
    return undefined;
  };

  const show = (said, isDone) => {
    const isNew = said.exact + said.moved + said.comments > 0;
    const lines = [
      said.exact > 0 && `${counted(said.exact, "highlight")} on the words that are quoted`,
      said.moved > 0 && `${counted(said.moved, "highlight")} on words like those that are quoted: shown as moved, for you to confirm`,
      said.comments > 0 && counted(said.comments, "comment"),
      said.new_tags.length > 0 && `${said.new_tags.length === 1 ? "A new tag" : "New tags"}: ${said.new_tags.join(", ")}`,
      said.already_here > 0 && `${counted(said.already_here, "is", "are")} here already`,
    ].filter(Boolean);
    const item = (words) => Object.assign(document.createElement("li"), { textContent: words, dir: "auto" });
    told.querySelector("h2").textContent = isDone ? "Brought in" : isNew ? "What would be brought in" : "There is nothing in it that is not here";
    told.querySelector("[data-lines]").replaceChildren(...lines.map(item));
    const details = told.querySelector("details");
    details.hidden = said.left_out.length === 0;
    details.open = !isNew;
    details.querySelector("summary").textContent = `${counted(said.left_out.length, "annotation")} left out`;
    details.querySelector("[data-left-out]").replaceChildren(
      ...said.left_out.map(({ number, quote, why }) => item(`${number}. ${quote ? `“${quote}”: ` : ""}${why}`)),
    );
    take.hidden = isDone || !isNew;
    open.hidden = !isDone && isNew;
    told.hidden = false;
    told.focus();
  };

  input.addEventListener("change", () => {
    told.hidden = true;
    complain();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    complain();
    told.hidden = true;
    [file] = input.files;
    if (!file) return;
    if (file.size > MAX_BYTES) return complain(`This file has ${(file.size / 1024 / 1024).toFixed(1)} MiB; at most 8 can be brought in at once.`);
    const said = await ask(true);
    if (said) show(said, false);
  });
  take.addEventListener("click", async () => {
    complain();
    const said = await ask(false);
    if (said) show(said, true);
    else wrong.scrollIntoView({ block: "center" });
  });
})();
