// What this device alone has of a person, in the database of the tools (`annotate/browser/store.rs`): for the scripts of
// pages that do not load these.
const answered = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = (event) => { event.preventDefault(); reject(request.error); };
});

/** The database of the person's unsent work; undefined where there is none, and none is made by asking. */
const openWork = async (user) => {
  try {
    const request = indexedDB.open(`promptgrimoire-${user}`);
    request.onupgradeneeded = () => request.transaction.abort();
    const database = await answered(request);
    database.onversionchange = () => database.close();
    return database;
  } catch {
    return undefined;
  }
};

/** What a store of it has. */
const allOf = async (store) => {
  const [keys, values] = await Promise.all([answered(store.getAllKeys()), answered(store.getAll())]);
  return keys.map((key, at) => ({ key, value: values[at] }));
};

/** Keys begin with the conversation; then comes the time of a change, or which text it is. */
const placeOf = (key) => key.split("/");

/** Changes of the journal that the list of what was not taken shows already: of a text as it stood then, what had been typed by then (`annotate/pending.rs`). */
const shownAside = (aside) => {
  const TEXTS = { Notes: "Shared notes", Response: "My response" };
  const keys = new Set(aside.map(({ key }) => key));
  return ({ key, value }) => {
    const root = value.intent?.match(/^\{"Typed":"(\w+)"\}$/)?.[1];
    if (!root) return keys.has(key);
    const [conversation, time] = placeOf(key);
    return aside.some((text) => text.key.startsWith(`${conversation}/${TEXTS[root]}/`) && Number(time) <= text.at);
  };
};

/** Changes as their author counts them: of a text that each of its changes has as a whole, the last; `keys` are those that it stands for. */
const asMade = (journal) => {
  const made = new Map();
  for (const { key, value } of journal) {
    const name = value.whole ? `${placeOf(key)[0]}/${value.intent}` : key;
    made.set(name, { key, value, keys: [...(made.get(name)?.keys ?? []), key] });
  }
  return [...made.values()];
};

/** Of pages that are gone, and the locks of those that are open: these send what they made themselves. */
const leftByPages = async (user, journal) => {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const open = new Set(held.map(({ name }) => name));
  const pageOf = ({ key }) => `promptgrimoire/${user}/${placeOf(key)[0]}/${placeOf(key)[2]}`;
  const left = journal.filter((change) => !open.has(pageOf(change)));
  return { left, pages: new Set(journal.map(pageOf).filter((page) => open.has(page))) };
};

/** Changes that wait for their conversation to be opened; pages that have some; what was not taken; and what the journal has of this. */
const readWork = async (user) => {
  const database = await openWork(user);
  if (!database) return { unsent: [], pages: [], aside: [], tried: [] };
  const reading = database.transaction(["journal", "aside"]);
  const [journal, kept] = await Promise.all(["journal", "aside"].map((name) => allOf(reading.objectStore(name))));
  database.close();
  const aside = kept.map(({ key, value }) => ({ ...JSON.parse(value), key }));
  const isShown = shownAside(aside);
  const { left, pages } = await leftByPages(user, journal.filter((change) => !isShown(change)));
  return { unsent: asMade(left), pages, aside, tried: journal.filter(isShown) };
};
