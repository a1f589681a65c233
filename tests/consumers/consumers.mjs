// The table of the tools: each with its exact version, its project, its commands, the lines that it needs, and what is
// expected of it. Each version was the newest that was served when it was written here, but for the older majors.

const VITE = {
  page: {},
  dev: "vite --host 127.0.0.1 --port {port} --strictPort",
  build: ["vite build"],
};
const vite8 = "8.3.8";
/** What a tool with a folder of its own for pages gets: the quick start as a module, and a page that loads it. */
const ENTRY = { path: "src/quick-start.js" };
const COMPONENT = { path: "src/quick-start.js", kind: "component" };
const withMain = (pages) => pages.pageWith('<script type="module" src="main.js"></script>');
const PUBLIC = { path: "public/index.html", text: withMain };

/** A page with the package's global, from the script file `file`. */
function withGlobal(file) {
  const tag = `<script src="/node_modules/kaunter/wasm/${file}"></script>`;
  return {
    page: { isPlain: true, text: (pages) => pages.pageWith(tag, `<script>\n${pages.plain}</script>`) },
    html: `${tag}\n<script>\n  const { Till } = kaunter;\n</script>\n`,
  };
}

const importMap = (folder) =>
  `<script type="importmap">
  {
    "imports": {
      "kaunter": "${folder}/index.js",
      "kaunter/sandbox": "${folder}/sandbox.js",
      "kaunter/element": "${folder}/wasm/element.js"
    }
  }
</script>
`;

const ONLY = "`sandbox.wasm` is only for `kaunter/sandbox`.";
/** For a tool that copies no files of a package: where the package looks for them is beside the bundle. */
const COPY = {
  why: `It copies no files of a package, so these are copied into \`wasm/\` beside the bundle.\n${ONLY}`,
  after: [
    "mkdir -p dist/wasm",
    "cp node_modules/kaunter/wasm/{till.wasm,reader.wasm,sandbox.wasm,worker.js} dist/wasm/",
  ],
};

const ORIGINS = "http://127.0.0.1:8787 http://127.0.0.1:8788"; // the backend and the shop's server
const policy = (text) => ({ "content-security-policy": text });
const STRICT = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  `connect-src 'self' ${ORIGINS}`,
  "require-trusted-types-for 'script'",
  "trusted-types kaunter",
].join("; ");

const PNPM = "10.34.8";
const YARN = "4.18.1";
const yarn = `npx --yes --package=@yarnpkg/cli-dist@${YARN} yarn`;
const NODE = { node: "22.23.3" }; // for tools that need Node 22

export const BROWSER = [
  {
    id: "modules",
    label: "ES modules, no build",
    isCore: true,
    page: { text: (pages) => pages.page(importMap("/node_modules/kaunter")) },
    html: importMap("/node_modules/kaunter"),
    build: [],
    serve: { dir: "." },
  },
  {
    id: "script-tag",
    label: "Script tag (`kaunter/global`)",
    ...withGlobal("kaunter.global.js"),
    build: [],
    serve: { dir: "." },
  },
  {
    id: "script-inline",
    label: "Script tag, one file (`kaunter/global-inline`)",
    ...withGlobal("kaunter.global-inline.js"),
    build: [],
    serve: { dir: "." },
  },
  {
    id: "php",
    label: "PHP page (`php -S`)",
    page: { path: "index.php", text: (pages) => pages.page(importMap("/kaunter")) },
    html: importMap("/kaunter"),
    note: "The package's folder is copied to `kaunter` beside the page.",
    build: ["cp -r node_modules/kaunter kaunter"],
    start: "php -S 127.0.0.1:{port}",
  },
  { id: "vite-8", label: "Vite 8", isCore: true, needs: { vite: vite8 }, ...VITE },
  { id: "vite-7", label: "Vite 7", needs: { vite: "7.3.8" }, ...VITE },
  { id: "vite-6", label: "Vite 6", needs: { vite: "6.4.6" }, ...VITE },
  { id: "vite-5", label: "Vite 5", isCore: true, needs: { vite: "5.4.21" }, ...VITE },
  {
    id: "react",
    label: "React 19, StrictMode (Vite 8)",
    tried: ["react", "vite"],
    needs: { vite: vite8, react: "19.3.1", "react-dom": "19.3.1", "@vitejs/plugin-react": "6.3.0" },
    ...VITE,
    page: undefined,
    project: "react",
    script: COMPONENT,
  },
  {
    id: "vue",
    label: "Vue 3 (Vite 8)",
    tried: ["vue", "vite"],
    needs: { vite: vite8, vue: "3.5.45", "@vitejs/plugin-vue": "6.0.11" },
    ...VITE,
    page: undefined,
    project: "vue",
    script: COMPONENT,
  },
  {
    id: "webpack",
    label: "webpack 5",
    isCore: true,
    project: "webpack",
    needs: { webpack: "5.113.0", "webpack-cli": "7.3.1", "webpack-dev-server": "6.1.0" },
    page: PUBLIC,
    script: ENTRY,
    dev: "webpack serve --mode development --host 127.0.0.1 --port {port}",
    build: ["webpack --mode production"],
    distPage: withMain,
  },
  {
    id: "next-turbopack",
    label: "Next 16 (Turbopack)",
    project: "next",
    host: "localhost",
    needs: { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" },
    script: { path: "app/quick-start.js", kind: "component" },
    dev: "next dev --turbopack --port {port}",
    build: ["next build --turbopack"],
    start: "next start --port {port}",
    serve: { dir: ".next" },
  },
  {
    id: "next-webpack",
    label: "Next 16 (webpack)",
    project: "next",
    host: "localhost",
    needs: { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" },
    script: { path: "app/quick-start.js", kind: "component" },
    dev: "next dev --webpack --port {port}",
    build: ["next build --webpack"],
    start: "next start --port {port}",
    serve: { dir: ".next" },
  },
  {
    id: "nuxt",
    label: "Nuxt 4",
    project: "nuxt",
    needs: { ...NODE, nuxt: "4.5.2", vue: "3.5.45" },
    script: { path: "app/quick-start.js", kind: "component" },
    dev: "nuxt dev --host 127.0.0.1 --port {port}",
    build: ["nuxt generate"],
    serve: { dir: ".output/public" },
  },
  {
    id: "angular",
    label: "Angular 22",
    tried: ["@angular/core", "@angular/build"],
    project: "angular",
    needs: {
      ...NODE,
      "@angular/build": "22.2.7",
      "@angular/cli": "22.2.7",
      "@angular/compiler": "22.2.6",
      "@angular/compiler-cli": "22.2.6",
      "@angular/core": "22.2.6",
      "@angular/common": "22.2.6",
      "@angular/platform-browser": "22.2.6",
      rxjs: "7.8.2",
      tslib: "2.9.1",
      typescript: "6.0.3",
    },
    script: COMPONENT,
    dev: "ng serve --host 127.0.0.1 --port {port}",
    build: ["ng build"],
    serve: { dir: "dist/shop/browser" },
    expect: { dev: "with lines", build: "with lines" },
    lines: {
      why: `It copies no files of a package, so these are assets in \`wasm/\` beside the bundle.\n${ONLY}`,
      edit: {
        path: "angular.json",
        before: '"outputHashing"',
        add: `"assets": [
  { "glob": "{till.wasm,reader.wasm,sandbox.wasm,worker.js}", "input": "node_modules/kaunter/wasm", "output": "wasm" }
],
`,
      },
    },
  },
  {
    id: "sveltekit",
    label: "SvelteKit 3",
    tried: ["@sveltejs/kit", "vite"],
    project: "sveltekit",
    needs: {
      ...NODE,
      vite: vite8,
      svelte: "5.57.3",
      "@sveltejs/kit": "3.2.0",
      "@sveltejs/vite-plugin-svelte": "7.3.1",
      "@sveltejs/adapter-static": "4.0.1",
    },
    script: COMPONENT,
    dev: "vite dev --host 127.0.0.1 --port {port} --strictPort",
    build: ["vite build"],
    serve: { dir: "build" },
  },
  {
    id: "astro",
    label: "Astro 7",
    project: "astro",
    needs: { ...NODE, astro: "7.3.5" },
    script: ENTRY,
    dev: "astro dev --host 127.0.0.1 --port {port}",
    build: ["astro build"],
  },
  {
    id: "astro-6",
    label: "Astro 6",
    project: "astro",
    needs: { ...NODE, astro: "6.4.8" },
    script: ENTRY,
    dev: "astro dev --host 127.0.0.1 --port {port}",
    build: ["astro build"],
  },
  {
    id: "parcel",
    label: "Parcel 2",
    needs: { parcel: "2.16.4" },
    // Its build leaves the address of a dynamic import in an inline script unresolved.
    page: { text: (pages) => pages.pageWith('<script type="module" src="src/quick-start.js"></script>') },
    script: ENTRY,
    dev: "parcel serve index.html --host 127.0.0.1 --port {port}",
    build: ["parcel build index.html"],
  },
  {
    id: "rspack",
    label: "Rspack 2",
    project: "rspack",
    needs: { "@rspack/core": "2.3.3", "@rspack/cli": "2.2.8", "@rspack/dev-server": "2.2.2" },
    page: PUBLIC,
    script: ENTRY,
    dev: "rspack dev --mode development --host 127.0.0.1 --port {port}",
    build: ["rspack build --mode production"],
    distPage: withMain,
  },
  {
    id: "rsbuild",
    label: "Rsbuild 2",
    project: "rsbuild",
    needs: { "@rsbuild/core": "2.3.2" },
    page: { path: "src/page.html", text: (pages) => pages.pageWith() },
    script: ENTRY,
    dev: "rsbuild dev --host 127.0.0.1 --port {port}",
    build: ["rsbuild build"],
  },
  {
    id: "esbuild",
    label: "esbuild",
    isCore: true,
    needs: { esbuild: "0.28.2" },
    script: ENTRY,
    build: ["esbuild src/quick-start.js --bundle --format=esm --outfile=dist/main.js"],
    distPage: withMain,
    expect: { build: "with lines" },
    lines: COPY,
  },
  {
    id: "rollup",
    label: "Rollup 4",
    project: "rollup",
    needs: { rollup: "4.68.8", "@rollup/plugin-node-resolve": "16.0.3" },
    script: ENTRY,
    build: ["rollup --config"],
    distPage: withMain,
    expect: { build: "with lines" },
    lines: COPY,
  },
  {
    id: "bun",
    label: "bun build",
    needs: { bun: "1.4.5" },
    script: { path: "src/main.js" },
    build: ["bun build src/main.js --outdir dist"],
    distPage: withMain,
    expect: { build: "with lines" },
    lines: COPY,
  },
  {
    id: "pnpm",
    label: "pnpm 10 (Vite 8)",
    needs: { vite: vite8 },
    ...VITE,
    also: { pnpm: PNPM },
    install: [`npx --yes pnpm@${PNPM} install --ignore-workspace --no-frozen-lockfile`],
  },
  {
    id: "yarn",
    label: "Yarn 4, Plug'n'Play (Vite 8)",
    project: "yarn",
    needs: { vite: vite8 },
    ...VITE,
    also: { yarn: YARN },
    install: [`${yarn} install`],
    dev: `${yarn} vite --host 127.0.0.1 --port {port} --strictPort`,
    build: [`${yarn} vite build`],
  },
  {
    id: "subpath",
    label: "Subpath `/pos/` (Vite 8)",
    project: "subpath",
    base: "/pos/",
    needs: { vite: vite8 },
    ...VITE,
  },
  {
    id: "csp",
    label: "Strict CSP, Trusted Types (Vite 8)",
    needs: { vite: vite8 },
    page: {},
    build: ["vite build"],
    serve: {
      headers: (lines) =>
        policy(
          lines ? STRICT : `default-src 'self'; connect-src 'self' ${ORIGINS}; require-trusted-types-for 'script'`,
        ),
    },
    expect: { build: "with lines" },
    lines: {
      why:
        "The policy allows the module and the backend, and names the package's Trusted Types policy.\n" +
        "A page with `kaunter/element` needs `trusted-types kaunter lit-html`.",
      header: STRICT,
    },
  },
  {
    id: "cdn",
    label: "Another origin (CDN)",
    cdn: true,
    page: {},
    build: [],
    serve: { dir: "." },
    distPage: (pages, cdn) => pages.page(importMap(cdn)),
    html: importMap("https://cdn.example/kaunter"),
    note: "The other origin allows the page: `Access-Control-Allow-Origin`.",
  },
  {
    id: "pwa",
    label: "Offline start (vite-plugin-pwa)",
    tried: ["vite-plugin-pwa", "vite"],
    project: "pwa",
    needs: { vite: vite8, "vite-plugin-pwa": "2.0.0" },
    // The plugin writes its script into the head.
    page: { text: (pages) => pages.page("<head><title>Shop</title></head>\n") },
    build: ["vite build"],
    isOffline: true,
  },
];

/** The text in the picture that readers without a page read. */
const PICTURE = "281234567890123456";
const READER = {
  does: "`kaunter/reader` reads a picture",
  examples: "node-reader/read.mjs",
  picture: PICTURE,
  says: PICTURE,
};
const png = { pngjs: "7.0.0" };
const TYPES = {
  does: "compiles a shop with `skipLibCheck: false`",
  project: "types",
  run: ["tsc --project tsconfig.json"],
};
const types = (version) => ({
  id: `typescript-${version}`,
  label: `TypeScript ${version}`,
  needs: { typescript: version },
  ...TYPES,
});

const CHECKOUT = "tests a shop's checkout";
/** The lines of a test runner. */
const swap = (path, before, add) => ({
  why: "The tests run on `kaunter/testing`, which needs no browser.",
  edit: { path, before, add },
});

export const PROGRAMS = [
  {
    id: "jest",
    label: "Jest 30",
    does: CHECKOUT,
    isCore: true,
    project: "jest",
    manifest: { type: "commonjs" },
    needs: { jest: "30.5.2", "jest-environment-jsdom": "30.5.2" },
    run: ["jest"],
    expect: { run: "with lines" },
    lines: swap("jest.config.cjs", "testEnvironment", 'moduleNameMapper: { "^kaunter$": "kaunter/testing" },\n'),
  },
  {
    id: "vitest",
    label: "Vitest 5",
    tried: ["vitest"],
    does: CHECKOUT,
    project: "vitest",
    needs: { ...NODE, vite: vite8, vitest: "5.1.2" },
    run: ["vitest run"],
    expect: { run: "with lines" },
    lines: swap(
      "vitest.config.js",
      "environment",
      '// in `test: { … }`\nalias: [{ find: /^kaunter$/, replacement: "kaunter/testing" }],\n',
    ),
  },
  {
    id: "vitest-components",
    label: "Vitest 5, components of React and Vue",
    tried: ["vitest", "react", "vue"],
    does: "tests components with `kaunter/react` and `kaunter/vue`",
    project: "vitest-components",
    needs: {
      ...NODE,
      vite: vite8,
      vitest: "5.1.2",
      "happy-dom": "21.0.4",
      react: "19.3.1",
      "react-dom": "19.3.1",
      vue: "3.5.45",
    },
    run: ["vitest run"],
    expect: { run: "with lines" },
    lines: {
      why: "The components' till is that of `kaunter/testing` too, if Vitest resolves the imports of the package.",
      edit: {
        path: "vitest.config.js",
        before: "environment",
        add: `// in \`test: { … }\`
alias: [{ find: /^kaunter$/, replacement: "kaunter/testing" }],
server: { deps: { inline: ["kaunter"] } },
`,
      },
    },
  },
  {
    id: "node-20",
    label: "Node 20",
    tried: ["node"],
    needs: { ...png, node: "20.16.0" },
    run: ["node read.mjs code.png"],
    ...READER,
  },
  {
    id: "node-22",
    label: "Node 22",
    tried: ["node"],
    needs: { ...png, node: "22.23.3" },
    run: ["node read.mjs code.png"],
    ...READER,
  },
  {
    id: "node-24",
    label: "Node 24",
    tried: ["node"],
    needs: { ...png, node: "24.9.0" },
    run: ["node read.mjs code.png"],
    ...READER,
  },
  {
    id: "deno",
    label: "Deno 2",
    tried: ["deno"],
    needs: { ...png, deno: "2.9.6" },
    run: ["deno run --allow-read --node-modules-dir=manual read.mjs code.png"],
    ...READER,
  },
  {
    id: "bun-reader",
    label: "Bun",
    tried: ["bun"],
    needs: { ...png, bun: "1.4.5" },
    run: ["bun read.mjs code.png"],
    ...READER,
  },
  ...["5.2.2", "5.4.5", "5.6.3", "5.9.3", "6.0.3", "7.0.2"].map(types),
];
