// Finds the code blocks of a document. A fence's first word is the language. Marks may follow it, which readers do not
// see: CONTRIBUTING.md lists them.

const FENCE = /^( *)(`{3,})(.*)$/;
const MARK = /([a-z]+)(?:="([^"]*)")?/g;

/** The blocks of a Markdown text: `{ language, marks, text, line }`. */
export function blocksOf(markdown) {
  const blocks = [];
  let open = null;
  for (const [at, line] of markdown.split("\n").entries()) {
    const [, indent, ticks, info] = FENCE.exec(line) ?? [];
    if (open && ticks === open.ticks && info.trim() === "") {
      blocks.push({ ...open.block, text: open.lines.map((one) => `${one}\n`).join("") });
      open = null;
    } else if (open) open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    else if (ticks) {
      const [language] = info.trim().split(/[\s{]/, 1);
      open = { indent, ticks, lines: [], block: { language, marks: marksOf(info), line: at + 1 } };
    }
  }
  if (open) throw new Error(`the block of line ${open.block.line} does not end`);
  return blocks;
}

/** The marks of a fence's info string: `{ live: "first-sale" }`; a mark without a value is `true`. */
export function marksOf(info) {
  const [, rest = ""] = /^\s*\S+\s+(.*)$/.exec(info) ?? [];
  return Object.fromEntries([...rest.matchAll(MARK)].map(([, name, value]) => [name, value ?? true]));
}
