// The README's quick start as each kind of page needs it. The code has one source: examples/minimal-vite/index.html,
// which is the README's own.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../examples/minimal-vite/index.html", import.meta.url));
const html = await readFile(source, "utf8");
const found = /^<!doctype html>\n(.*)\n<script type="module">\n([\s\S]*?)<\/script>\n/.exec(html);
if (!found) throw new Error(`${source} is not a quick start of markup and a module script`);
const [, markup, module] = found;

const IMPORT = 'import { Till } from "kaunter";';
const START = "start().catch((error) => show(error.message));";
for (const part of [IMPORT, START]) if (!module.includes(part)) throw new Error(`the quick start has no line ${part}`);

/** The quick start as a script. */
export const KINDS = {
  module,
  /** For a component, which starts it when it is on the page. */
  component: module.replace(START, "export { show, start };"),
};

/** The quick start as a plain script, with the package's global. */
export const plain = module.replace(IMPORT, "const { Till } = kaunter;");

/** The whole page. `head` is markup before the script, such as an import map. */
export const page = (head = "") => `<!doctype html>\n${head}${markup}\n<script type="module">\n${module}</script>\n`;

/** The page with other scripts in place of its own. */
export const pageWith = (...scripts) => `<!doctype html>\n${markup}\n${scripts.join("\n")}\n`;
