// The site's own files.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GENERATED, root } from "./addresses.mjs";

export const read = (file) => readFileSync(join(root, file), "utf8");

/** Writes a page that the build makes. */
export function write(file, text) {
  const path = join(root, GENERATED, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The Markdown files of a folder of the repository, from its root. */
export const markdownOf = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .sort();
