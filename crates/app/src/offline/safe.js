/** What was not sent of whoever used this device: the number is all that is told to somebody who is signed out. */
const countUnsent = async () => {
  const names = (await indexedDB.databases()).map(({ name }) => name.match(/^promptgrimoire-(.+)$/)?.[1]).filter(Boolean);
  const counts = names.map(async (user) => {
    const database = await openWork(user);
    if (!database?.objectStoreNames.contains("journal")) return 0;
    const journal = await allOf(database.transaction("journal").objectStore("journal"));
    database.close();
    return asMade(journal).length;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
};

/** Says that nothing of it is lost. */
const saySafe = async () => {
  const count = await countUnsent();
  const safe = document.querySelector("[data-safe]");
  if (count === 0 || !safe) return;
  safe.querySelector("strong").textContent = count === 1 ? "1 change that was not sent is" : `${count} changes that were not sent are`;
  safe.hidden = false;
};
