// Only under `cargo xtask dev`: loads the page anew once the server answers as another start than the one that made it.
let first;
setInterval(async () => {
  const start = await fetch("/dev/start").then((response) => (response.ok ? response.text() : undefined), () => undefined);
  first ??= start;
  if (start && start !== first) location.reload();
}, 1000);
