// Writes updates of many kinds as Yjs encodes them, one a line: the number of its story, its kind, its bytes in hex.
// `crates/shared` reads them (`src/sync/prescan/yjs_updates.rs`), to show that the server's scan refuses nothing that Yjs
// makes. Same seed, same file:
//
//   node clients/make_updates.mjs > ../crates/shared/src/sync/prescan/yjs_updates.txt

import * as Y from 'yjs';

const STORIES = 18;
const PEOPLE = 3;
const STEPS = 22;
const TEXTS = ['a', 'word ', 'zwei Wörter ', '😀', '👩‍👩‍👧', 'e\u0301', 'שלום', '日本語', '\n', '"[{', '\u0000'];
const KEYS = ['k', 'author', 'tags', '🔑', ''];

/** Numbers from 0 to 1, the same in each run (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One story: people who write apart, meet, take back, and what travels between them. */
class Story {
  constructor(number) {
    this.number = number;
    this.random = numbers(1_000 + number);
    this.edits = [];
    this.people = Array.from({ length: PEOPLE }, (_, index) => this.#person(index));
  }

  #person(index) {
    // Every third story keeps what is deleted, as documents with versions do.
    const doc = new Y.Doc({ gc: this.number % 3 !== 0 });
    doc.clientID = [this.#below(128), this.#below(2 ** 32), Number.MAX_SAFE_INTEGER - this.#below(1_000)][index];
    doc.on('update', (update, origin) => {
      if (origin !== 'network') this.#say(origin instanceof Y.UndoManager ? 'undo' : 'edit', update);
    });
    const scope = [doc.getText('notes'), doc.getMap('highlights'), doc.getArray('list')];
    return { doc, undo: new Y.UndoManager(scope, { captureTimeout: 0 }) };
  }

  #below(limit) {
    return Math.floor(this.random() * limit);
  }

  #one(list) {
    return list[this.#below(list.length)];
  }

  #say(kind, update) {
    if (kind === 'edit' || kind === 'undo') this.edits.push(update);
    console.log(`${this.number} ${kind} ${Buffer.from(update).toString('hex')}`);
  }

  tell() {
    for (let step = 0; step < STEPS; step += 1) {
      const person = this.#one(this.people);
      const turn = this.random();
      if (turn < 0.1) this.#meet(person.doc, this.#one(this.people).doc);
      else if (turn < 0.2) person.undo.undo();
      else if (turn < 0.25) person.undo.redo();
      else person.doc.transact(() => this.#edit(person.doc));
    }
    for (const { doc } of this.people) for (const other of this.people) this.#meet(doc, other.doc);
    this.#travel();
  }

  #meet(from, to) {
    if (from === to) return;
    const update = Y.encodeStateAsUpdate(from, Y.encodeStateVector(to));
    this.#say('diff', update);
    Y.applyUpdate(to, update, 'network');
  }

  /** What providers, stores and logs make of updates. */
  #travel() {
    const [first] = this.people;
    this.#say('state', Y.encodeStateAsUpdate(first.doc));
    // With some left out, the merged one has holes.
    const some = this.edits.filter(() => this.random() < 0.6);
    const merged = Y.mergeUpdates(some);
    this.#say('merged', merged);
    this.#say('cut', Y.diffUpdate(merged, Y.encodeStateVectorFromUpdate(this.#one(this.edits))));
    const snapshot = Y.snapshot(first.doc);
    if (!first.doc.gc) this.#say('version', Y.encodeStateAsUpdate(Y.createDocFromSnapshot(first.doc, snapshot)));
    this.#say('turned', Y.convertUpdateFormatV2ToV1(Y.encodeStateAsUpdateV2(first.doc)));
  }

  #edit(doc) {
    const edits = 1 + this.#below(3);
    for (let edit = 0; edit < edits; edit += 1) {
      this.#one([this.#text, this.#text, this.#map, this.#list, this.#xml]).call(this, doc);
    }
  }

  #text(doc) {
    const text = doc.getText('notes');
    const at = this.#below(text.length + 1);
    const rest = this.#below(Math.min(text.length - at, 8) + 1);
    const words = this.#one(TEXTS).repeat(1 + this.#below(4));
    const turn = this.#below(7);
    if (turn < 3) text.insert(at, words);
    else if (turn === 3) text.delete(at, rest);
    else if (turn === 4) text.format(at, rest, { bold: this.#one([true, null]), link: { href: words } });
    else if (turn === 5) text.insertEmbed(at, { image: words });
    else text.insertEmbed(at, new Y.Map([[this.#one(KEYS), this.#value()]]), { bold: true });
  }

  #map(doc) {
    let map = doc.getMap('highlights');
    const inner = [...map.values()].filter((value) => value instanceof Y.Map);
    if (inner.length && this.random() < 0.5) map = this.#one(inner);
    const key = this.#one(KEYS);
    const turn = this.#below(6);
    if (turn < 2) map.set(key, this.random() < 0.1 ? undefined : this.#value());
    else if (turn === 2) map.set(key, new Y.Map([['comments', new Y.Map()], ['body', this.#one(TEXTS)]]));
    else if (turn === 3) map.set(key, new Y.Text(this.#one(TEXTS)));
    else if (turn === 4) map.delete(key);
    else map.set(key, Y.Array.from([this.#value(), this.#value()]));
  }

  #list(doc) {
    const list = doc.getArray('list');
    const at = this.#below(list.length + 1);
    const turn = this.#below(5);
    if (turn < 2) list.insert(at, [this.#value(), this.#value()]);
    else if (turn === 2) list.insert(at, [new Y.Text(this.#one(TEXTS)), new Y.Array()]);
    else if (turn === 3) list.delete(at, this.#below(Math.min(list.length - at, 3) + 1));
    else list.push([new Uint8Array([this.#below(256), 0, 255])]);
  }

  #xml(doc) {
    const fragment = doc.getXmlFragment('xml');
    const at = this.#below(fragment.length + 1);
    const element = new Y.XmlElement(this.#one(['p', 'blockquote']));
    element.setAttribute('class', this.#one(TEXTS));
    element.insert(0, [new Y.XmlText(this.#one(TEXTS))]);
    if (this.random() < 0.6) fragment.insert(at, [this.#one([element, new Y.XmlText(this.#one(TEXTS))])]);
    else if (at < fragment.length) fragment.delete(at, 1);
  }

  #value() {
    const number = this.random();
    return this.#one([
      null,
      true,
      this.#below(64),
      -this.#below(2 ** 31),
      2 ** 40 + this.#below(1_000),
      number,
      Math.fround(number),
      { large: BigInt(this.#below(1_000)) << 40n },
      this.#one(TEXTS),
      { exact: this.#one(TEXTS), start: this.#below(500), lost: [true, [null, { deep: [[[]]] }]] },
      new Uint8Array(this.#below(4)),
    ]);
  }
}

for (let number = 0; number < STORIES; number += 1) new Story(number).tell();
