// The examples that run in the site's pages. The code of a block with the mark `live` becomes a page of its own, which the
// component LiveExample shows in a frame. So what runs is what the reader sees, and a second run begins from nothing.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { root } from "./addresses.mjs";
import { blocksOf } from "./blocks.mjs";
import { markdownOf, read } from "./files.mjs";
import { withPolicy } from "./policy.mjs";

const SHELL = read("docs/site/frame.html");

/** The live blocks of the site's own pages, by their names. */
export function liveBlocks() {
  const blocks = markdownOf("docs/site/pages").flatMap((file) =>
    blocksOf(read(file)).map((block) => ({ file, ...block })),
  );
  const live = blocks.filter(({ marks }) => marks.live);
  const names = new Set(live.map(({ marks }) => marks.live));
  if (names.size < live.length) throw new Error("two live blocks have one name");
  return live;
}

/** Builds the frames of all live blocks into `folder`. */
export async function buildFrames(folder) {
  const from = join(root, "docs/site/generated/frames");
  rmSync(from, { recursive: true, force: true });
  mkdirSync(from, { recursive: true });
  const names = liveBlocks().map(({ marks, text }) => {
    writeFileSync(join(from, `${marks.live}.js`), text);
    writeFileSync(join(from, `${marks.live}.html`), SHELL.replace("{name}", marks.live));
    return marks.live;
  });
  await build({
    root: from,
    configFile: false,
    publicDir: false,
    // Any address: the frames name their files beside themselves.
    base: "./",
    logLevel: "warn",
    build: {
      outDir: folder,
      emptyOutDir: true,
      rollupOptions: { input: names.map((name) => join(from, `${name}.html`)) },
      chunkSizeWarningLimit: 2000,
    },
  });
  for (const name of names) {
    const page = join(folder, `${name}.html`);
    writeFileSync(page, withPolicy(readFileSync(page, "utf8")));
  }
}
