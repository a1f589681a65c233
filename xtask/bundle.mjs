// Bundles the package's JavaScript with esbuild. `cargo xtask build` calls it when the modules and their glue are there.
//
// It writes into pkg/wasm: each module's glue as one file, the reader's worker as one file, the element as one file, and
// the package as one script for pages without modules, in two variants. Each has a source map.
// A bundler that copies a file as an asset does not copy the file's imports, so a file that is copied has none.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const pkg = fileURLToPath(new URL("../pkg/", import.meta.url));
const out = join(pkg, "wasm");
const text = (name) => readFile(join(out, name), "utf8");

/** Bundles into pkg/wasm. The browsers are the package's floor. */
async function bundle(outfile, options) {
  const { outputFiles } = await build({
    bundle: true,
    minify: true,
    sourcemap: "external",
    target: ["chrome97", "firefox114", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "error",
    write: false,
    outfile: join(out, outfile),
    ...options,
  });
  for (const { path, text } of outputFiles) {
    const isMap = path.endsWith(".map");
    await writeFile(path, isMap ? text : `${text}//# sourceMappingURL=${outfile}.map\n`);
  }
}

/** The glue that wasm-bindgen wrote, and the JavaScript that it imports from `snippets`, as one file. */
async function glue(name) {
  const written = await text(`${name}.js`);
  if (written.includes("sourceMappingURL")) return; // bundled already: only the JavaScript of pkg has changed
  // wasm-bindgen repeats the key of a file for each block of imports. Bundlers warn of that.
  const keys = new Set();
  const contents = written.replace(/^ +("\.\/snippets\/[^"]+"): import\d+,\n/gm, (line, key) => {
    const isFirst = !keys.has(key);
    keys.add(key);
    return isFirst ? line : "";
  });
  await bundle(`${name}.js`, {
    format: "esm",
    stdin: { contents, sourcefile: `${name}.glue.js`, resolveDir: out },
  });
}

/** Replaces text of the package's sources; each must be there. */
const replace = (pairs) => ({
  name: "replace",
  setup({ onLoad, onEnd }) {
    const left = new Set(pairs.map(([before]) => before));
    onLoad({ filter: /pkg[\\/][^\\/]+\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const [before, after] of pairs) {
        if (!contents.includes(before)) continue;
        contents = contents.replaceAll(before, after);
        left.delete(before);
      }
      return { contents, resolveDir: dirname(path) };
    });
    onEnd(() => ({ errors: [...left].map((text) => ({ text: `the package's sources do not have ${text}` })) }));
  },
});

const address = (path) => `new URL("./wasm/${path}", import.meta.url)`;
const FILES = ["till.wasm", "reader.wasm", "worker.js"];

/** A classic script that sets `globalThis.kaunter`. */
const script = (outfile, head, pairs) =>
  bundle(outfile, {
    format: "iife",
    define: { "import.meta.url": "KAUNTER_ADDRESS" },
    stdin: {
      contents: 'import * as kaunter from "./index.js";\nglobalThis.kaunter = kaunter;\n',
      sourcefile: outfile.replace(".js", ".entry.js"),
      resolveDir: pkg,
    },
    banner: { js: `"use strict";(()=>{${head}` },
    footer: { js: "})();" },
    plugins: [replace(pairs)],
  });

const modules = (await readdir(out)).filter((name) => name.endsWith(".wasm")).map((name) => name.slice(0, -5));
for (const name of modules) await glue(name);
await rm(join(out, "snippets"), { recursive: true, force: true });

// Without imports or exports, it runs as a module and as a classic script.
await bundle("worker.js", { format: "iife", entryPoints: [join(pkg, "worker.js")] });

// The element has Lit in it, and imports the package, so that a page has one till. Lit's build for Node does not touch
// the document while it loads: a server may import the element, too.
await bundle("element.js", {
  format: "esm",
  entryPoints: [join(pkg, "element/element.ts")],
  platform: "neutral",
  mainFields: ["module"],
  conditions: ["node"],
  plugins: [
    {
      name: "kaunter",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^kaunter$/ }, () => ({ path: "../index.js", external: true }));
        // Lit's own stand-in for the DOM draws on a server. Here the element must only load there.
        onResolve({ filter: /^@lit-labs\/ssr-dom-shim$/ }, ({ path }) => ({ path, namespace: "server" }));
        const contents = "export const customElements = undefined; export class HTMLElement {}";
        onLoad({ filter: /.*/, namespace: "server" }, () => ({ contents }));
      },
    },
  ],
});

// The files are beside the script. `currentScript` is null in a module or a bundle: then they are beside the page.
await script(
  "kaunter.global.js",
  "const KAUNTER_ADDRESS=globalThis.document?.currentScript?.src||globalThis.document?.baseURI;",
  FILES.map((path) => [address(path), `new URL("./${path}", import.meta.url)`]),
);

// gzip inside base64 is a third of the size of base64 alone. Every supported browser has DecompressionStream.
const packed = async (name) => gzipSync(await readFile(join(out, name)), { level: 9 }).toString("base64");
await script(
  "kaunter.global-inline.js",
  [
    `const KAUNTER_FILES={till:"${await packed("till.wasm")}",reader:"${await packed("reader.wasm")}",`,
    `worker:${JSON.stringify((await text("worker.js")).replace(/\/\/# sourceMappingURL.*\n/, ""))}};`,
    `const KAUNTER_WASM=(name)=>new Response(new Blob([Uint8Array.from(atob(KAUNTER_FILES[name]),(byte)=>byte.charCodeAt(0))])`,
    `.stream().pipeThrough(new DecompressionStream("gzip")));`,
    `const KAUNTER_WORKER=()=>URL.createObjectURL(new Blob([KAUNTER_FILES.worker],{type:"text/javascript"}));`,
    // The addresses of the page's own files are not needed.
    "const KAUNTER_ADDRESS=globalThis.document?.baseURI;",
  ].join(""),
  [
    [`inPackage(${address("till.wasm")})`, 'KAUNTER_WASM("till")'],
    [`inPackage(${address("reader.wasm")})`, 'KAUNTER_WASM("reader")'],
    [address("worker.js"), "KAUNTER_WORKER()"],
  ],
);
