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
const OPEN = "async function start() {\n";
for (const part of [IMPORT, START, OPEN])
  if (!module.includes(part)) throw new Error(`the quick start has no line ${part}`);

/** The module script; `init` is the argument of a first call of `init`. */
export function script(init) {
  if (!init) return module;
  return module
    .replace(IMPORT, 'import { init, Till } from "kaunter";')
    .replace(OPEN, `${OPEN}    await init(${init});\n`);
}

/** The same as a module that exports `start`, for a component that runs it. */
export const component = (init) => script(init).replace(START, "export { show, start };");

/** The same as a plain script, with the package's global. */
export const plain = (init) => script(init).replace(/import (\{.*\}) from "kaunter";/, "const $1 = kaunter;");

/** The whole page. `head` is markup before the script, such as an import map. */
export const page = (init, head = "") =>
  `<!doctype html>\n${head}${markup}\n<script type="module">\n${script(init)}</script>\n`;

/** The page with scripts of its own in place of the module script. */
export const pageWith = (...scripts) => `<!doctype html>\n${markup}\n${scripts.join("\n")}\n`;

/** The kinds of a script file. */
export const KINDS = { script, component, plain };
