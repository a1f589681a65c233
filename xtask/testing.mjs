// Writes "kaunter/testing" with esbuild: pkg/wasm/testing.cjs with everything that it needs, testing.mjs, which gives
// the same to ES modules, and the declarations for CommonJS. `cargo xtask build` calls it when the modules are there.
//
// The till's code uses a browser's globals. In a test there are none, or those of a simulated browser without a camera.
// So the code stands in a function whose parameters have the globals' names (pkg/testing/world.js), and the test's own
// globals stay as they are.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const pkg = fileURLToPath(new URL("../pkg/", import.meta.url));
const out = join(pkg, "wasm");

/** Bundles a module of pkg/testing in memory. */
const bundle = (entry, options) =>
  build({
    entryPoints: [join(pkg, "testing", entry)],
    bundle: true,
    minify: true,
    keepNames: true,
    target: "node20",
    loader: { ".wasm": "base64" },
    // No file is loaded: all are in the bundle.
    define: { "import.meta.url": '"https://checkout.invalid/"' },
    legalComments: "none",
    logLevel: "error",
    metafile: true,
    write: false,
    outfile: entry,
    ...options,
  });

/** The module as a script that sets `globalName`. */
const script = async (entry, globalName) => (await bundle(entry, { format: "iife", globalName })).outputFiles[0].text;

const [world, main, { metafile }] = await Promise.all([
  script("world.js", "kaunterWorlds"),
  script("main.js", "kaunterTesting"),
  bundle("main.js", { format: "esm" }), // for its names, with those of `export *`
]);
const names = Object.values(metafile.outputs)[0].exports;
const { world: makeWorld } = await import(new URL("../pkg/testing/world.js", import.meta.url));
const globals = Object.keys(makeWorld(globalThis).globals);

const body = `const kaunterTesting = (() => {
${world}
const kaunterWorld = kaunterWorlds.world(globalThis);
return ((${globals.join(", ")}) => {
${main}
return kaunterTesting;
})(${globals.map((name) => `kaunterWorld.globals.${name}`).join(", ")});
})();
`;
await writeFile(
  join(out, "testing.cjs"),
  `"use strict";\n${body}${names.map((name) => `exports.${name} = kaunterTesting.${name};\n`).join("")}`,
);
// Not a second copy: a test in one kind of module may load a checkout in the other, and both must see the same sales.
await writeFile(
  join(out, "testing.mjs"),
  `import kaunterTesting from "./testing.cjs";\nexport const { ${names.join(", ")} } = kaunterTesting;\n`,
);

// Declarations for CommonJS: TypeScript lets no CommonJS file take values from the declarations of a module.
for (const path of ["testing.d.ts", "index.d.ts", "reader.d.ts", "wasm/till.d.ts", "wasm/reader.d.ts"]) {
  const text = await readFile(join(pkg, path), "utf8");
  const to = join(out, "cts", path.replace(".d.ts", ".d.cts"));
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, text.replaceAll(/(from "\.[^"]*)\.js"/g, '$1.cjs"'));
}
