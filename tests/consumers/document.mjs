// Writes docs/tools.md from the table and the last results.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { BROWSER, PROGRAMS } from "./consumers.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const DOCUMENT = here("../../docs/tools.md");
export const RESULTS = here("results.json");
export const readResults = async () => JSON.parse(await readFile(RESULTS, "utf8"));

const HEAD = `# Your tool, your lines

\`cargo xtask consumers\` writes this page: do not edit it.
For each tool it makes a new project from the packed package, with the README's quick start as the page's code.
It takes a sale through the camera in Chromium, in development and from the build, against the real backend.

- **as it is**: no setting was needed.
- **with lines**: the lines below the table were needed.
- The worker is what read the customer's code: a module worker, a classic worker that the tool made of it, or a worker
  that starts through a blob.
`;

/** What the reader of a row needs to know of a way: "as it is", "with lines", "fails". */
const way = (result) => (result ? (result.how === "with lines" ? "**with lines**" : result.how) : "–");
const versions = ({ needs = {}, also }) =>
  Object.entries({ ...also, ...needs })
    .filter(([name]) => name !== "pngjs")
    .map(([name, version]) => `${name} ${version}`)
    .join(", ") || "–";
const anchor = (label) =>
  label
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");

const isLined = ({ id }, results) => Object.values(results[id]).some(({ how }) => how === "with lines");
const linked = (consumer, results) => (isLined(consumer, results) ? `[lines](#${anchor(consumer.label)})` : "none");

/** The page's text. */
export function document(results) {
  const rows = BROWSER.map((consumer) => {
    const { dev, build } = results[consumer.id];
    const worker = [...new Set([dev?.worker, build?.worker].filter(Boolean))].join(", ");
    return `| ${consumer.label} | ${versions(consumer)} | ${way(dev)} | ${way(build)} | ${worker || "–"} | ${linked(consumer, results)} |`;
  });
  const programs = PROGRAMS.map((consumer) => {
    const { run } = results[consumer.id];
    return `| ${consumer.label} | ${versions(consumer)} | ${consumer.does} | ${way(run)} | ${linked(consumer, results)} |`;
  });
  const sections = [...BROWSER, ...PROGRAMS].filter((consumer) => isLined(consumer, results));
  return [
    HEAD,
    "| tool | tried with | development | build | worker | your lines |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    "| tool | tried with | does | result | your lines |",
    "|---|---|---|---|---|",
    ...programs,
    "",
    ...sections.map(section),
  ].join("\n");
}

function section({ label, lines }) {
  const parts = [`### ${label}\n`, `${lines.why}\n`];
  if (lines.edit) parts.push(`In \`${lines.edit.path}\`:\n`, fenced("js", lines.edit.to));
  if (lines.after) parts.push("After each build:\n", fenced("sh", lines.after.join("\n")));
  if (lines.header)
    parts.push("The addresses are those of the quick start's backend and shop.\n", fenced("http", lines.header));
  return parts.join("\n");
}

const fenced = (language, text) => [FENCE + language, text.trimEnd(), FENCE, ""].join("\n");
const FENCE = "```";
