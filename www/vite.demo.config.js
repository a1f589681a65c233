// The demo: its page, the terminal's page for its frame, and the page that checks a device, as one folder that works
// under any path.

import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { build } from "./vite.config.js";

/** The demo is the folder's first page, and the terminal is beside it. */
const NAMES = { "demo.html": "index.html", "index.html": "till.html" };

const named = {
  name: "kaunter-demo-names",
  enforce: "post",
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) file.fileName = NAMES[file.fileName] ?? file.fileName;
  },
};

/** What draws the pictures for the check. `cargo xtask build` writes it. */
const SCENES = fileURLToPath(new URL("../target/scenes", import.meta.url));
const scenes = {
  name: "kaunter-demo-scenes",
  writeBundle({ dir }) {
    if (existsSync(SCENES)) cpSync(SCENES, join(dir, "scenes"), { recursive: true });
  },
};

export default defineConfig({
  base: "./",
  build: {
    ...build,
    outDir: "../target/site/demo",
    rolldownOptions: { input: ["demo.html", "index.html", "check.html"] },
  },
  define: { __DEMO__: "true" },
  plugins: [named, scenes],
});
