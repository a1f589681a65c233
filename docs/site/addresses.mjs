// Which files are pages of the site, and at which address.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Documents of the repository that are pages, but for those of `docs`, which are under `manual/`. */
const NAMED = {
  "CHANGELOG.md": "changes.md",
  "SECURITY.md": "reporting.md",
  "examples/README.md": "examples.md",
  "examples/php-pos/README.md": "start/php-pos.md",
  "pkg/README.md": "package.md",
  "docs/errors.md": "errors/index.md",
};
/** The site's own pages, and those that its build writes. */
export const GENERATED = "docs/site/generated";
const FOLDERS = ["docs/site/pages/", `${GENERATED}/`];
const MANUAL = [
  "backend",
  "camera",
  "demo",
  "element",
  "live",
  "operating",
  "reader",
  "rules",
  "security",
  "shop-server",
  "tools",
];

const others = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !["docs", "examples", "pkg"].includes(entry.name))
  .map(({ name }) => name);
/** What VitePress passes over when it looks for pages: everything but `NAMED`, `MANUAL` and `FOLDERS`. */
export const EXCLUDED = [
  "**/{node_modules,target,dist,cache}/**",
  `{${others.join(",")}}/**`,
  "pkg/*/**",
  "examples/!(php-pos|README.md)/**",
  "docs/decisions/**",
  `docs/!(errors|${MANUAL.join("|")}).md`,
  "!(CHANGELOG|SECURITY).md",
];

/** The page that a file is, from the root of the site; `undefined` if it is no page. */
function page(file) {
  if (NAMED[file]) return NAMED[file];
  for (const folder of FOLDERS) if (file.startsWith(folder)) return file.slice(folder.length);
  const [, name] = /^docs\/([a-z-]+)\.md$/.exec(file) ?? [];
  return MANUAL.includes(name) ? `manual/${name}.md` : undefined;
}

export const addressOf = (file) => page(file) ?? file;
export const isPage = (file) => page(file) !== undefined && existsSync(join(root, file));

/** The anchor of a heading, as GitHub makes it: a link of a document leads to the same place here and there. */
export const slugify = (title) =>
  title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
