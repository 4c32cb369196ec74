// Files that are being made: says how far they are, and shows the page anew when one is there.
(() => {
  const EVERY = 1000;
  const words = ({ state, ahead }) => {
    if (state === "running") return "Being made";
    if (ahead === 0) return "Next in the queue";
    return ahead === 1 ? "Waits for one other file" : `Waits for ${ahead} other files`;
  };

  const look = async (line) => {
    let job = null;
    try {
      const answer = await fetch(line.dataset.export, { headers: { accept: "application/json" } });
      // Gone, or not for this person any more: the page says what is so.
      if (answer.status === 404 || answer.status === 401 || answer.status === 403) return location.reload();
      if (answer.ok) job = await answer.json();
    } catch {
      // Without a network it goes on there; what is shown is what was so.
    }
    if (job && job.state !== "queued" && job.state !== "running") return location.reload();
    if (job) {
      line.querySelector("progress").value = job.progress;
      const label = line.querySelector("[data-export-words]");
      if (label.textContent !== words(job)) label.textContent = words(job);
    }
    setTimeout(look, EVERY, line);
  };
  for (const line of document.querySelectorAll("[data-export]")) setTimeout(look, EVERY, line);
})();
