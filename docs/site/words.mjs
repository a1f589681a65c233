// The page with the element's texts, from the table that the element itself has.

import { join } from "node:path";
import { runnerImport } from "vite";
import { root } from "./addresses.mjs";
import { write } from "./files.mjs";

const INTRO = `# The element's texts

Each text of \`<kaunter-till>\` has a word. The property \`texts\` replaces a text by its word:
[the element](/manual/element#texts) has an example.
\`{a}\` and \`{b}\` stand for an amount, a name or a number: keep them in your own text.
The sentence of an error is replaced by its [code](/errors/).

| word | English |
|---|---|
`;

/** A text as a cell of a table, in which braces are no code of Vue. */
const cell = (text) => `<span v-pre>${text.replaceAll("|", "\\|")}</span>`;

/** Writes the page. */
export async function writeWords() {
  const { module } = await runnerImport(join(root, "pkg/element/words.ts"), { configFile: false, logLevel: "warn" });
  const rows = Object.entries(module.TEXTS.en).map(([word, text]) => `| \`${word}\` | ${cell(text)} |`);
  write("words.md", `${INTRO}${rows.join("\n")}\n`);
}
