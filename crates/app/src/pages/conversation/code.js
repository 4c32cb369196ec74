// Colours programs in the text, with Custom Highlights: the text's DOM and its text nodes stay as they are, so that offsets
// do. What is coloured is words, not grammar; a language that is not known is left alone.
(() => {
  if (!window.Highlight) return;
  /** Longer programs, and more pieces than this on a page, are left plain. */
  const MAX_LENGTH = 100_000;
  const MAX_PIECES = 20_000;

  const quoted = String.raw`"(?:\\.|[^"\\\n])*"`;
  const single = String.raw`'(?:\\.|[^'\\\n])*'`;
  const number = String.raw`\b\d[\w.]*`;
  const block = String.raw`\/\*[^]*?(?:\*\/|$)`;
  const slashes = String.raw`\/\/[^\n]*|${block}`;
  const hash = String.raw`(?<![^\s;])#[^\n]*`;
  const words = (list) => String.raw`\b(?:${list.replaceAll(" ", "|")})\b`;

  const family = (comment, string, list, flags = "g") =>
    new RegExp(`(?<comment>${comment})|(?<string>${string})|(?<number>${number})|(?<keyword>${words(list)})`, flags);

  const C_WORDS = "abstract as async await auto base bool boolean break byte case catch char class const constexpr continue default defer delete do double else enum export extends extern false final finally float for from fun func function go goto if implements import in inline int interface internal is let long match mut namespace native new nil null nullptr operator override package private protected public range readonly record return sealed select short signed sizeof static struct super switch template this throw throws true try type typedef typename typeof undefined union unsigned using val var virtual void volatile when where while yield";
  const RUST_WORDS = "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while";
  const PYTHON_WORDS = "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield match case";
  const SHELL_WORDS = "if then else elif fi for while until do done case esac in function return local export set source end def class module require begin rescue ensure unless true false nil null yes no";
  const SQL_WORDS = "select from where and or not null is in insert into values update set delete create table index view drop alter add primary key foreign references unique constraint default join left right inner outer full cross on group by order having limit offset union all distinct as case when then else end exists between like with recursive returning begin commit rollback true false local function return";

  const families = [
    ["js javascript ts typescript jsx tsx java c cpp c++ cs csharp go swift kotlin php scala dart", family(slashes, String.raw`${quoted}|${single}|${"`(?:\\\\.|[^`\\\\])*`"}`, C_WORDS)],
    ["rust rs", family(slashes, String.raw`${quoted}|'(?:\\.[^']*|[^'\\\n])'`, RUST_WORDS)],
    ["python py", family(hash, String.raw`"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|${quoted}|${single}`, PYTHON_WORDS)],
    ["bash sh shell zsh ruby rb yaml yml toml perl elixir dockerfile makefile", family(hash, `${quoted}|${single}`, SHELL_WORDS)],
    ["r", family(hash, `${quoted}|${single}`, "if else for while repeat function return TRUE FALSE NULL NA in next break library")],
    ["sql lua", family(String.raw`--[^\n]*|${block}`, `${quoted}|${single}`, SQL_WORDS, "gi")],
    ["json", family("(?!)", quoted, "true false null")],
    ["css scss", family(block, `${quoted}|${single}`, "important inherit initial unset auto none")],
  ];
  const known = new Map(families.flatMap(([names, pattern]) => names.split(" ").map((name) => [name, pattern])));

  const inks = new Map();
  for (const kind of ["comment", "string", "number", "keyword"]) {
    const ink = new Highlight();
    // Below all that people mark.
    ink.priority = -1;
    CSS.highlights.set(`code-${kind}`, ink);
    inks.set(kind, ink);
  }

  const done = new WeakSet();
  let pieces = 0;
  const colour = (code) => {
    const pattern = known.get(code.className.replace("language-", ""));
    const text = code.firstChild;
    // An engine splits texts that are very long.
    if (!pattern || text?.nodeType !== Node.TEXT_NODE || text.nextSibling || text.length > MAX_LENGTH) return;
    for (const { index, 0: { length }, groups } of text.data.matchAll(pattern)) {
      pieces += 1;
      if (pieces > MAX_PIECES) return;
      const kind = Object.keys(groups).find((name) => groups[name] !== undefined);
      const range = new StaticRange({ startContainer: text, startOffset: index, endContainer: text, endOffset: index + length });
      inks.get(kind).add(range);
    }
  };

  const look = () => {
    for (const code of document.querySelectorAll("[data-canonical] pre > code[class]")) {
      if (done.has(code)) continue;
      done.add(code);
      colour(code);
    }
  };
  look();
  document.addEventListener("promptgrimoire:texts", look);
})();
