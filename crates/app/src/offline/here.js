// The pages of a browser agree on who is here, by one word in its storage, which each page of a person writes.
const HERE = "here";

/** Nothing where it is not known. */
const whoIsHere = () => {
  try { return localStorage.getItem(HERE) ?? undefined; } catch { return undefined; }
};

const sayWhoIsHere = (user) => {
  try { localStorage.setItem(HERE, user); } catch { /* A browser that keeps nothing. */ }
};

const NOBODY = "";

/** This page is signing out: it goes by itself, when it has cleared the device (`offline/sign_out.js`). */
let isSigningOut = false;

// A page whose person has signed out in another tab is left. Where somebody else has come, it is covered until its own
// person is back: what they did not send stays in it, and on this device.
((user) => {
  const root = document.documentElement;
  const title = document.title;
  const { pathname, search, hash } = location;
  const address = pathname + search + hash;
  let cover;

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const show = () => {
    if (cover) return;
    const ways = element("p", { className: "ended-ways" },
      element("a", { className: "button primary", href: "/", textContent: "Home" }),
      element("a", { className: "button", href: pathname + search, textContent: "Load it anew" }));
    cover = element("main", { className: "cover" },
      element("h1", { className: "reading-title", textContent: "Somebody else is signed in here" }),
      element("p", { textContent: "This page belongs to a person who used this browser before. What they wrote is not lost: it shows again when they are back." }),
      ways);
    document.body.append(cover);
    root.dataset.covered = "";
    document.title = "PromptGrimoire";
  };

  const uncover = () => {
    if (!cover) return;
    cover.remove();
    cover = undefined;
    delete root.dataset.covered;
    document.title = title;
  };

  const look = async () => {
    if (isSigningOut) return;
    const here = whoIsHere() ?? user;
    if (here === user) return uncover();
    show();
    if (here === NOBODY) return location.replace(`/sign-in?next=${encodeURIComponent(address)}`);
    // They may have come back in a way that no page has told of.
    const me = await fetch("/api/v1/me").then((answer) => answer.json()).catch(() => ({}));
    if (me.id === user) sayWhoIsHere(user), uncover();
  };

  sayWhoIsHere(user);
  addEventListener("storage", ({ key }) => { if (key === HERE) look(); });
  // One that comes back from where it went is covered like any other.
  addEventListener("pageshow", () => { isSigningOut = false; });
  for (const woken of ["pageshow", "online", "focus"]) addEventListener(woken, look);
  document.addEventListener("visibilitychange", look);
  // Keys of the tools are not for whoever is here.
  const hold = (event) => { if (cover) event.stopImmediatePropagation(); };
  for (const key of ["keydown", "keyup", "paste", "copy", "cut"]) addEventListener(key, hold, { capture: true });
})
