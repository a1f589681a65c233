// The site: the repository's own documents where they are, with the pages of `docs/site/pages` among them.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { addressOf, EXCLUDED, root, slugify } from "../addresses.mjs";
import { links } from "../links.mjs";
import { nav, sidebar } from "../menus.mjs";
import { withPolicy } from "../policy.mjs";

/** What the search reads of a page: colours of code would only cost the build seconds. */
function withoutColours(text, env, md) {
  const { highlight } = md.options;
  md.options.highlight = null;
  try {
    return md.render(text, env);
  } finally {
    md.options.highlight = highlight;
  }
}

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  title: "Kaunter",
  description: "E-wallet payments for a web till: scan the customer's code, pay, and know what happened to the money.",
  lang: "en",
  srcDir: root,
  srcExclude: EXCLUDED,
  rewrites: addressOf,
  outDir: process.env.KAUNTER_SITE_OUT ?? here("../dist"),
  cacheDir: here("./cache"),
  metaChunk: true,
  // These are not VitePress' own pages: `tests/site` follows every link of the built site.
  ignoreDeadLinks: [/^\/(demo|live)\//],
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    anchor: { slugify },
    // WCAG 1.4.3: the usual themes are too pale for the comments and keywords on grey.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: links,
    // The documents are written for GitHub, which knows neither of these.
    attrs: { disable: true },
    linkify: false,
  },
  themeConfig: {
    nav,
    sidebar,
    search: { provider: "local", options: { _render: withoutColours } },
    outline: { level: [2, 3] },
    docFooter: { prev: false, next: false },
  },
  vite: {
    publicDir: here("../public"),
    server: { watch: { ignored: ["**/target/**", "**/node_modules/**", "**/dist/**"] }, fs: { allow: [root] } },
    build: { chunkSizeWarningLimit: 2000, reportCompressedSize: false },
  },
  transformHtml: withPolicy,
});
