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

// The address of a page ends in this to take a sale in the package's sandbox.
export const SANDBOX = "#sandbox";
const isSandbox = `location.hash === ${JSON.stringify(SANDBOX)}`;

/** The quick start as a script; `sandbox.js` is beside it. */
export const KINDS = {
  module: module.replace(START, `if (${isSandbox}) import("./sandbox.js");\n  else ${START}`),
  /** For a component, which starts it when it is on the page. */
  component: module.replace(
    START,
    `const begin = () => (${isSandbox} ? import("./sandbox.js") : start());\n  export { show, begin as start };`,
  ),
};

/** The first code of the package's README: a sale in the sandbox. */
const readme = await readFile(fileURLToPath(new URL("../../pkg/README.md", import.meta.url)), "utf8");
export const [, sandbox] = /```js\n([\s\S]*?)```/.exec(readme);
if (!sandbox.includes('from "kaunter/sandbox"'))
  throw new Error("the package's README does not begin with the sandbox");

/** The quick start as a plain script, with the package's global. */
export const plain = module.replace(IMPORT, "const { Till } = kaunter;");

/** The whole page. `head` is markup before the script, such as an import map. */
export const page = (head = "") =>
  `<!doctype html>\n${head}${markup}\n<script type="module">\n${KINDS.module}</script>\n`;

/** The page with other scripts in place of its own. */
export const pageWith = (...scripts) => `<!doctype html>\n${markup}\n${scripts.join("\n")}\n`;
