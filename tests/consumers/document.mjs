// Writes docs/tools.md from the table and the last results.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { BROWSER, PROGRAMS } from "./consumers.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const DOCUMENT = here("../../docs/tools.md");
export const RESULTS = here("results.json");
export const readResults = async () => JSON.parse(await readFile(RESULTS, "utf8"));

const HEAD = `# Your tool, your lines

<!-- \`cargo xtask consumers\` writes this page: do not edit it. -->

Kaunter was tried with each of these tools, in a new project with the package.
The page took a sale through the camera in Chromium, in development and from the build, against a real backend.
It took a second one in the sandbox, with the first code of the package's README.
(A script tag has no sandbox.)

- **as it is**: no setting is needed.
- **with lines**: the tool needs the lines below the tables.
- The worker is what read the customer's code: a module worker, a classic worker that the tool made of it, or a worker
  that starts through a blob.
`;

/** What the reader of a row needs to know of a way: "as it is", "with lines", "fails". */
const way = (result) => (result ? (result.how === "with lines" ? "**with lines**" : result.how) : "–");
/** The tool itself, without what its project needs besides. */
const versions = ({ needs = {}, also = {}, tried = [Object.keys(needs).find((name) => name !== "node")] }) =>
  Object.entries({ ...also, ...needs })
    .filter(([name]) => name in also || tried.includes(name))
    .map(([name, version]) => `${name} ${version}`)
    .join(", ") || "–";
const anchor = (label) =>
  label
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");

const isLined = ({ id }, results) => Object.values(results[id]).some(({ how }) => how === "with lines");
const isListed = (consumer, results) => consumer.html !== undefined || isLined(consumer, results);
const linked = (consumer, results) => (isListed(consumer, results) ? `[lines](#${anchor(consumer.label)})` : "none");

const row = (...cells) => `| ${cells.join(" | ")} |`;

/** The page's text. */
export function document(results) {
  const rows = BROWSER.map((consumer) => {
    const { dev, build } = results[consumer.id];
    const worker = [...new Set([dev?.worker, build?.worker].filter(Boolean))].join(", ");
    return row(consumer.label, versions(consumer), way(dev), way(build), worker || "–", linked(consumer, results));
  });
  const programs = PROGRAMS.map((consumer) => {
    const { run } = results[consumer.id];
    return row(consumer.label, versions(consumer), consumer.does, way(run), linked(consumer, results));
  });
  const sections = [...BROWSER, ...PROGRAMS].filter((consumer) => isListed(consumer, results));
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

function section({ label, html, note, lines = {} }) {
  const { why, edit, after, header } = lines;
  const parts = [`### ${label}\n`];
  if (html) parts.push("In the page, before its script:\n", fenced("html", html));
  if (note) parts.push(`${note}\n`);
  if (why) parts.push(`${why}\n`);
  if (edit) parts.push(`In \`${edit.path}\`:\n`, fenced(edit.path.endsWith(".json") ? "json" : "js", edit.add));
  if (after) parts.push("After each build:\n", fenced("sh", after.join("\n")));
  if (header)
    parts.push(
      "The addresses are those of the quick start's backend and shop:\n",
      fenced("http", `Content-Security-Policy: ${header}`),
    );
  return parts.join("\n");
}

const fenced = (language, text) => [FENCE + language, text.trimEnd(), FENCE, ""].join("\n");
const FENCE = "```";
