import { defineConfig } from "vite";

/** What the terminal's page and the demo's have in common. */
export const build = { target: "es2022", outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0 };

export default defineConfig({ build, define: { __DEMO__: "false" } });
