import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Message } from '../api.ts';
import { expect, test } from '../fixtures.ts';
import type { Workspace } from '../workspace.ts';

const FOLDER = new URL('../fixtures/text/', import.meta.url);
const RANGES = 6;

// Without the folder the file must still load: then a test says what is missing.
const fixtures = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.md')).sort() : [];

/** Where each text node's content begins in the canonical text, in UTF-16 units. */
type Alignment = number[];

/** Every text node stands in the canonical text in order, and nothing but separators stands between, before and after. */
function align(text: string, nodes: string[]): Alignment {
  const starts: Alignment = [];
  let at = 0;
  for (const node of nodes) {
    while (!text.startsWith(node, at)) {
      expect(
        ['\n', '\t'],
        `at ${at} the canonical text goes on with ${JSON.stringify(text.slice(at, at + 40))}, the page with ${JSON.stringify(node.slice(0, 40))}`,
      ).toContain(text[at]);
      at++;
    }
    starts.push(at);
    at += node.length;
  }
  expect(text.slice(at), 'what follows the last text node').toMatch(/^[\n\t]*$/);
  return starts;
}

/** A small generator of our own (mulberry32), so that a failing range can be drawn again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A seed of the fixture's own: adding a fixture leaves the ranges of the others alone. */
const seedOf = (name: string) => [...name].reduce((seed, letter) => Math.imul(seed, 31) + letter.charCodeAt(0), 7);

interface Selection {
  message: string;
  start: [number, number];
  end: [number, number];
  /** What the highlight must quote: the canonical text between, without white space at its ends, formulas whole. */
  quote: string;
  /** The same of the page's text nodes, which hold no separators. */
  shown: string;
}

/** White space as Unicode has it, which is what Rust trims. */
const trim = (text: string) => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * The places of a node where a person could put the caret: never inside what looks like one character, also where
 * markup cuts it in two (a letter in bold, its accent outside): a selection that starts there takes the whole of it.
 */
const caretPlaces = (node: string, start: number, boundaries: Set<number>) =>
  Array.from({ length: node.length + 1 }, (_, offset) => offset).filter((offset) => boundaries.has(start + offset));

const boundariesOf = (text: string) => new Set([...graphemes.segment(text)].map(({ index }) => index).concat(text.length));

/** Passages anywhere in the messages, long and short, each with a quote of its own. */
function drawSelections(
  messages: { message: Message; nodes: string[]; formulas: boolean[]; starts: Alignment }[],
  seed: number,
): Selection[] {
  const random = generator(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const full = messages
    .filter(({ nodes }) => nodes.some((node) => trim(node)))
    .map((message) => ({ ...message, boundaries: boundariesOf(message.message.text) }));
  const selections = new Map<string, Selection>();
  for (let attempt = 0; attempt < 400 && selections.size < RANGES; attempt++) {
    const drawn = full[below(full.length)];
    if (!drawn) break;
    const { message, nodes, formulas, starts, boundaries } = drawn;
    const first = below(nodes.length);
    // Mostly near, sometimes far: both ends in one node, in neighbours, blocks apart.
    const last = Math.min(nodes.length - 1, first + below(random() < 0.7 ? 3 : 12));
    const place = (node: number) => {
      const places = caretPlaces(nodes[node] ?? '', starts[node] ?? 0, boundaries);
      return places[below(places.length)] ?? 0;
    };
    const [from, to] = [place(first), place(last)];
    const [start, end] = first === last && from > to ? [to, from] : [from, to];
    if (first === last && start === end) continue;
    // Who selects a part of a formula selects all of it.
    const lengthOf = (node: number) => (nodes[node] ?? '').length;
    const isWithin = (node: number, offset: number) => formulas[node] && offset > 0 && offset < lengthOf(node);
    const wholeStart = isWithin(first, start) ? 0 : start;
    const wholeEnd = isWithin(last, end) ? lengthOf(last) : end;
    const quote = trim(message.text.slice((starts[first] ?? 0) + wholeStart, (starts[last] ?? 0) + wholeEnd));
    const portion = (node: string, index: number) =>
      node.slice(index === first ? wholeStart : 0, index === last ? wholeEnd : undefined);
    const shown = trim(nodes.map((node, index) => (index < first || index > last ? '' : portion(node, index))).join(''));
    if (quote && quote.length <= 2_000) {
      selections.set(quote, { message: message.id, start: [first, start], end: [last, end], quote, shown });
    }
  }
  return [...selections.values()];
}

async function highlight(workspace: Workspace, { message, start, end }: Selection): Promise<void> {
  await workspace.clearSelection();
  await workspace.page.evaluate(([id, from, to]) => window.canonical.selectBetween(id, from, to), [message, start, end] as const);
  await workspace.applyTag(1);
}

/** What of the page's text belongs to the highlight whose card is pointed at. */
const pointedAt = (workspace: Workspace) =>
  workspace.page.evaluate(() => [...(CSS.highlights.get('pg-pointed') ?? [])].map(String).join(''));

test('there are fixtures to compare', () => {
  expect(fixtures.length).toBeGreaterThan(0);
});

for (const fixture of fixtures) {
  test(`the page’s text nodes are the canonical text of ${fixture}`, async ({ signIn, newConversation }, testInfo) => {
    const text = readFileSync(new URL(fixture, FOLDER), 'utf8');
    const { id, messages } = await newConversation({ title: fixture, text, share: 'class' });
    const workspace = await (await signIn('student-1')).open(id);

    const shown = await workspace.page.evaluate(() => window.canonical.textNodes());
    expect(shown.map(({ message }) => message)).toEqual(messages.map((message) => message.id));
    const aligned = messages.map((message, index) => {
      const nodes = shown[index]?.texts ?? [];
      return { message, nodes, formulas: shown[index]?.formulas ?? [], starts: align(message.text, nodes) };
    });

    const seed = seedOf(fixture);
    testInfo.annotations.push({ type: 'seed', description: `${seed}` });
    const selections = drawSelections(aligned, seed);
    expect(selections.length, `passages of ${fixture} that can be marked`).toBeGreaterThan(0);
    for (const selection of selections) {
      await highlight(workspace, selection);
      await expect
        .poll(() => workspace.quotes(), `seed ${seed}: from ${selection.start} to ${selection.end} of ${selection.message}`)
        .toContain(selection.quote);
    }

    await workspace.synced('saved');
    await workspace.reload();
    const quotes = new Set<string>();
    for (const { message, start, quote, shown } of selections) {
      await workspace.page.evaluate(([id, place]) => window.canonical.selectBetween(id, place, place), [message, start] as const);
      // Cards far off-screen need not be there; the one beside its passage must.
      await expect.poll(() => workspace.quotes(), 'stored and shown again').toContain(quote);
      await workspace.cards.nth((await workspace.quotes()).indexOf(quote)).hover();
      await expect.poll(() => pointedAt(workspace), 'the stored anchor leads to that very text').toBe(shown);
      quotes.add(quote);
    }
    expect(quotes.size).toBe(selections.length);
    await expect(workspace.cards.and(workspace.page.locator(':not([data-anchor=exact])'))).toHaveCount(0);
  });
}
