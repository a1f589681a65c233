// The demo: its page, and the terminal's page for its frame, as one folder that works under any path.

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

export default defineConfig({
  base: "./",
  build: { ...build, outDir: "../target/site/demo", rolldownOptions: { input: ["demo.html", "index.html"] } },
  define: { __DEMO__: "true" },
  plugins: [named],
});
