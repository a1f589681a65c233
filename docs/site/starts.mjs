// The quick starts, one page for each tool. The till is one file, the same in every tool; a tool's own files and lines are
// those of tests/consumers, which takes sales with them.

import { BROWSER } from "../../tests/consumers/consumers.mjs";
import { plain } from "../../tests/consumers/page.mjs";
import { read, write } from "./files.mjs";

const TILL = read("docs/site/quick-start.js").trimEnd();
const PROJECTS = "tests/consumers";

const newProject = (template) => `npm create vite@latest shop -- --template ${template} --no-interactive\ncd shop`;
/** A framework in a new project of Vite, with the package's own hook: the component and the file that shows it. */
const inVite = (id, name, files, example) => ({
  id,
  name,
  row: id,
  create: newProject(id),
  till: "src/quick-start.js",
  files,
  component: { subpath: `kaunter/${id}`, folder: `examples/${id}/`, example },
});

/**
 * The tools with a page: the row of the consumers' table, how a new project begins, where the till's file goes, and the
 * project's own files, by where they go in a new project.
 */
export const tools = [
  {
    id: "vite",
    name: "Vite, plain page",
    row: "vite-8",
    create: newProject("vanilla"),
    till: "quick-start.js",
    markup: "index.html",
  },
  {
    id: "page",
    name: "Page without a build",
    row: "modules",
    command: null,
    till: "quick-start.js",
    markup: "index.html",
  },
  { id: "script-tag", name: "Script tag", row: "script-tag" },
  inVite("react", "React", { "src/main.jsx": "react/src/main.jsx" }, ["src/Checkout.jsx", "src/main.jsx"]),
  inVite("vue", "Vue", { "src/App.vue": "vue/src/Till.vue" }, ["src/CheckoutPage.vue", "src/main.js"]),
  {
    id: "next",
    name: "Next",
    row: "next-turbopack",
    till: "app/quick-start.js",
    files: { "app/page.jsx": "next/app/page.jsx" },
  },
  { id: "nuxt", name: "Nuxt", row: "nuxt", till: "app/quick-start.js", files: { "app/app.vue": "nuxt/app/app.vue" } },
  {
    id: "sveltekit",
    name: "SvelteKit",
    row: "sveltekit",
    till: "src/quick-start.js",
    files: { "src/routes/+page.svelte": "sveltekit/src/routes/+page.svelte" },
  },
  {
    id: "angular",
    name: "Angular",
    row: "angular",
    command: "npm start",
    till: "src/quick-start.js",
    files: { "src/main.ts": "angular/src/main.ts", "src/index.html": "angular/src/index.html" },
    more: 'The till is JavaScript: set `"allowJs": true` under `compilerOptions` in `tsconfig.json`.',
  },
  {
    id: "astro",
    name: "Astro",
    row: "astro",
    till: "src/quick-start.js",
    files: { "src/pages/index.astro": "astro/src/pages/index.astro" },
  },
].map((tool) => ({ command: "npm run dev", ...tool, row: BROWSER.find(({ id }) => id === tool.row) }));

const LANGUAGES = {
  astro: "astro",
  html: "html",
  js: "js",
  json: "json",
  jsx: "jsx",
  svelte: "svelte",
  ts: "ts",
  vue: "vue",
};
const languageOf = (path) => LANGUAGES[path.split(".").pop()];
const fenced = (language, text, marks = "") =>
  `\`\`\`${language} ${marks}\n${text.trimEnd()}\n\`\`\`\n`.replace(" \n", "\n");

const MARKUP = '<video muted playsinline></video> <button type="button">Pay RM 12.50</button> <output></output>';
const markupOf = ({ row }) =>
  `<!doctype html>\n${row.html ?? ""}${MARKUP}
<script type="module">
  import { show, start } from "./quick-start.js";
  start().catch((error) => show(error.message));
</script>`;

const install = ({ create }) =>
  create
    ? `Make a project and install the package.\n\n${fenced("sh", `${create}\nnpm install kaunter`)}`
    : `In your project, install the package.\n\n${fenced("sh", "npm install kaunter")}`;

/** The page of a tool. */
function pageOf(tool) {
  const { name, row, till, files = {}, markup, more } = tool;
  const { lines, note } = row;
  const parts = [`# ${name}`, `A first payment, in the sandbox: no server, no webcam, no key, no real money.`];
  parts.push("## 1. Install", install(tool));
  parts.push("## 2. The till", `This file is the same in every tool. Save it as \`${till}\`.`);
  parts.push(fenced("js", TILL, 'file="docs/site/quick-start.js"'));
  parts.push("## 3. The page");
  if (markup)
    parts.push(`Replace \`${markup}\` with this page.`, fenced("html", markupOf(tool), 'says="Paid: SANDBOX-"'));
  for (const [path, file] of Object.entries(files)) {
    const source = `${PROJECTS}/${file}`;
    parts.push(`\`${path}\`, in place of what is there:`, fenced(languageOf(file), read(source), `file="${source}"`));
  }
  if (more) parts.push(more);
  if (note) parts.push(note);
  if (lines?.edit)
    parts.push(
      lines.why,
      `In \`${lines.edit.path}\`:`,
      fenced(languageOf(lines.edit.path), lines.edit.add, 'by="tests/consumers/consumers.mjs"'),
    );
  parts.push(take(tool));
  if (tool.component) parts.push(checkout(tool));
  return [...parts, NEXT].join("\n\n");
}

/** The package's own hook, in a whole checkout page, and the file that gives it its options. */
function checkout({ component: { subpath, folder, example } }) {
  const [page, main] = example.map((path) => fenced(languageOf(path), read(folder + path), `file="${folder}${path}"`));
  const [component, start] = example;
  return `## A checkout page
\`useTill\` of [\`${subpath}\`](/api/${subpath}) opens one till while a component is on the page, and closes it afterwards.
This page asks for the wallet, shows each ending, and finds unfinished payments after a reload.
Save it as \`${component}\`:

${page}
Its \`options\` are those of the till. Make them once, outside the component: each \`sandbox()\` is another world.
\`${start}\`, in place of what is there:

${main}`;
}

/** How a page without a build starts: any server of files will do. */
const SERVE =
  "Serve the folder with any web server, such as `php -S 127.0.0.1:8000` or `python3 -m http.server 8000`, open its address";
const take = ({ command }) => `## 4. Take a sale
${command ? `Run \`${command}\`, open the address that it prints` : SERVE}, and press the button.
The picture shows a counter with the customer's phone, and its code pays three seconds after it is read.
The whole sale takes about six seconds.
The last two digits of the amount are the script: [other endings](/package#the-sandbox).
`;

const NEXT = `## Next
- [Ready-made screens](/start/element): the whole sale as one element.
- [Outcomes and unconfirmed](/concepts/outcomes): what to show, and when not to charge again.
- [The backend](/start/backend): the same page with real parts, in three lines.
- [Your tool, your lines](/manual/tools): every tool that is tried, with its version.
`;

/** Without modules there is no sandbox: the page of the README, with the package's global and the demo's backend. */
const scriptTag = ({ name, row }) => `# ${name}

One file and a global, for a page without modules.
It has no sandbox, so start [the demo's backend](/start/backend) first.

${fenced("sh", "npm install kaunter")}
Serve the folder \`node_modules/kaunter/wasm\`, and put this into the page:

${fenced("html", `<video muted playsinline></video> <button>Pay RM 12.50</button> <output></output>\n${row.html.split("\n")[0]}\n<script>\n${plain}</script>`, 'by="tests/consumers/consumers.mjs"')}
\`kaunter/global\` needs three files beside it: \`till.wasm\`, \`reader.wasm\` and \`worker.js\`.
\`kaunter/global-inline\` has them inside, and is three times as large.
Your page's policy and cache: [Serving it](/package#serving-it).
`;

export const pages = (tool) => (tool.till ? pageOf(tool) : scriptTag(tool));

/** Writes the page of each tool. */
export function writeStarts() {
  for (const tool of tools) write(`start/${tool.id}.md`, pages(tool));
}
