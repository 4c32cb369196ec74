// A browser that is led here keeps the fragment of the address that was asked for: it goes along to where one is led then.
(() => {
  if (location.hash.length < 2) return;
  for (const field of document.querySelectorAll("input[name=next]")) if (field.value) field.value += location.hash;
  for (const link of document.querySelectorAll('a[href^="/sign-in/oidc?next="]')) {
    const address = new URL(link.href);
    const next = address.searchParams.get("next");
    if (!next) continue;
    address.searchParams.set("next", next + location.hash);
    link.href = address;
  }
})();
