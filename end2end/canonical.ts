/** A point on the screen, in CSS pixels of the viewport. */
export interface Point {
  x: number;
  y: number;
}

/** Where a mouse draws over a passage; `null` where it does not fit into the viewport at once. */
export interface Drag {
  start: Point;
  end: Point;
}

/** What the tests know about annotated text inside the page. */
interface Canonical {
  /** The text nodes of each message, in order, and which of them are the TeX of a formula. */
  textNodes(): { message: string; texts: string[]; formulas: boolean[] }[];
  /** Scrolls to the passage from the first `from` to the end of the next `to`, and says how a mouse draws over it. */
  drag(from: string, to: string): Drag | null;
  /** Selects that passage without a mouse. */
  select(from: string, to: string): void;
  /** Selects from one place to another, each a text node's number within its message and a UTF-16 offset. */
  selectBetween(message: string, start: [node: number, offset: number], end: [node: number, offset: number]): void;
  /** The text nodes' content between the ends of the passage. */
  passage(from: string, to: string): string;
  /** The text nodes' content within the selection. */
  selected(): string;
  /** Every maximal stretch of annotated text that a highlight of the registry covers. */
  painted(): string[];
  /** Whether a highlight over the passage has a style of its own that shows. */
  coloured(passage: string): boolean;
}

declare global {
  interface Window {
    canonical: Canonical;
  }
}

/** Runs in the page before any of its own scripts, and adds `window.canonical`. Nothing outside of it is in scope. */
export function installCanonical(): void {
  type Place = { node: Text; offset: number };

  const roots = () => [...document.querySelectorAll<HTMLElement>('[data-canonical]')];

  /** What is shown of a formula is no text: its TeX is. */
  const accept = (node: Node) => {
    if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
    return node.nodeName === 'math' ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
  };

  const textNodesOf = (root: Node): Text[] => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, accept);
    const nodes: Text[] = [];
    while (walker.nextNode()) nodes.push(walker.currentNode as Text);
    return nodes;
  };

  /** The place of the `index`th UTF-16 unit; an end belongs to the node before it. */
  const placeOf = (nodes: Text[], index: number, isEnd: boolean): Place => {
    let passed = 0;
    for (const node of nodes) {
      const within = index - passed;
      if (isEnd ? within <= node.length : within < node.length) return { node, offset: within };
      passed += node.length;
    }
    throw new Error(`no place ${index} in the text`);
  };

  const rangeOf = (from: string, to: string): Range => {
    const nodes = roots().flatMap(textNodesOf);
    const text = nodes.map((node) => node.data).join('');
    const start = text.indexOf(from);
    if (start < 0) throw new Error(`the page's text does not hold “${from}”`);
    const last = from === to ? start : text.indexOf(to, start + from.length);
    if (last < 0) throw new Error(`the page's text does not hold “${to}” after “${from}”`);
    const first = placeOf(nodes, start, false);
    const end = placeOf(nodes, last + to.length, true);
    const range = document.createRange();
    range.setStart(first.node, first.offset);
    range.setEnd(end.node, end.offset);
    return range;
  };

  /** What of the node lies within the range; a boundary in an element never cuts a text node. */
  const portion = (range: AbstractRange, node: Text): [number, number] => {
    const live = document.createRange();
    live.setStart(range.startContainer, range.startOffset);
    live.setEnd(range.endContainer, range.endOffset);
    if (live.collapsed || !live.intersectsNode(node)) return [0, 0];
    return [
      range.startContainer === node ? range.startOffset : 0,
      range.endContainer === node ? range.endOffset : node.length,
    ];
  };

  const textWithin = (range: AbstractRange): string =>
    roots()
      .flatMap(textNodesOf)
      .map((node) => node.data.slice(...portion(range, node)))
      .join('');

  const selectRange = (start: Place, end: Place) => {
    const selection = getSelection();
    if (!selection) throw new Error('the page has no selection');
    selection.setBaseAndExtent(start.node, start.offset, end.node, end.offset);
  };

  /** The box of one character; `at` counts UTF-16 units in its node. */
  const boxOf = ({ node, offset }: Place): DOMRect => {
    const range = document.createRange();
    range.setStart(node, offset);
    range.setEnd(node, offset + 1);
    const box = range.getClientRects()[0];
    if (!box) throw new Error('a character of the passage is not shown');
    return box;
  };

  const expectText = ({ x, y }: Point) => {
    const hit = document.elementFromPoint(x, y);
    if (hit?.closest('[data-canonical]')) return;
    throw new Error(`the passage is covered by ${hit?.outerHTML.slice(0, 200) ?? 'nothing'}`);
  };

  window.canonical = {
    textNodes: () =>
      roots().map((root) => ({
        message: root.closest('[data-message-id]')?.getAttribute('data-message-id') ?? '',
        texts: textNodesOf(root).map((node) => node.data),
        formulas: textNodesOf(root).map((node) => node.parentElement?.closest('.tex') != null),
      })),

    drag(from, to) {
      const range = rangeOf(from, to);
      range.startContainer.parentElement?.scrollIntoView({ block: 'center', behavior: 'instant' });
      const first = boxOf({ node: range.startContainer as Text, offset: range.startOffset });
      const last = boxOf({ node: range.endContainer as Text, offset: range.endOffset - 1 });
      // Inside the outer quarter of a character a press puts the caret at its outer edge.
      const start = { x: first.left + first.width * 0.2, y: first.top + first.height / 2 };
      const end = { x: last.right - last.width * 0.2, y: last.top + last.height / 2 };
      if ([start, end].some(({ y }) => y < 0 || y > innerHeight)) return null;
      expectText(start);
      expectText(end);
      return { start, end };
    },

    select(from, to) {
      const range = rangeOf(from, to);
      range.startContainer.parentElement?.scrollIntoView({ block: 'center', behavior: 'instant' });
      selectRange(
        { node: range.startContainer as Text, offset: range.startOffset },
        { node: range.endContainer as Text, offset: range.endOffset },
      );
    },

    selectBetween(message, [startNode, startOffset], [endNode, endOffset]) {
      const root = document.querySelector(`[data-message-id="${message}"] [data-canonical]`);
      if (!root) throw new Error(`no message ${message}`);
      const nodes = textNodesOf(root);
      const [start, end] = [nodes[startNode], nodes[endNode]];
      if (!start || !end) throw new Error(`message ${message} has no text node ${startNode} or ${endNode}`);
      start.parentElement?.scrollIntoView({ block: 'center', behavior: 'instant' });
      selectRange({ node: start, offset: startOffset }, { node: end, offset: endOffset });
    },

    passage: (from, to) => textWithin(rangeOf(from, to)),

    selected() {
      const selection = getSelection();
      return selection?.rangeCount ? textWithin(selection.getRangeAt(0)) : '';
    },

    painted() {
      // The colours of programs are no marks.
      const marks = [...CSS.highlights].filter(([name]) => !name.startsWith('code-'));
      const ranges = marks.flatMap(([, highlight]) => [...highlight]);
      const stretches: string[] = [];
      for (const root of roots()) {
        let open = '';
        for (const node of textNodesOf(root)) {
          const covered = new Uint8Array(node.length);
          for (const range of ranges) covered.fill(1, ...portion(range, node));
          for (let at = 0; at < node.length; at++) {
            if (covered[at]) open += node.data[at];
            else if (open) {
              stretches.push(open);
              open = '';
            }
          }
        }
        if (open) stretches.push(open);
      }
      return stretches;
    },

    coloured(passage) {
      const wanted = rangeOf(passage, passage);
      const node = wanted.startContainer as Text;
      const element = node.parentElement;
      if (!element) return false;
      const plain = getComputedStyle(element).color;
      return [...CSS.highlights].some(([name, highlight]) => {
        const covers = [...highlight].some((range) => {
          const [start, end] = portion(range, node);
          return start <= wanted.startOffset && end > wanted.startOffset;
        });
        if (!covers) return false;
        const style = getComputedStyle(element, `::highlight(${name})`);
        const background = !/^(transparent|rgba\(.*, 0\))$/.test(style.backgroundColor);
        return background || style.textDecorationLine !== 'none' || style.color !== plain;
      });
    },
  };
}
