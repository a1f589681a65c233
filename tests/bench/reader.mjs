// Reads the same pictures with Kaunter and with the readers that people use, side by side in one run, and writes what
// came of it into docs/reader.md and docs/reader.svg. `cargo xtask bench reader` draws the pictures and calls this.
//
// Each reader gets RGBA, as a canvas hands it out; the copy into Wasm memory is in the time. The time is the process's
// CPU time, the median of a few readings. A picture counts as read when one payload is the drawn one.

import { readFile, stat, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { benchmark, benchmarkTable } from "./reader/boofcv.mjs";
import { measure, picture } from "./reader/measure.mjs";
import { readers } from "./reader/readers.mjs";
import { plot, tables } from "./reader/tables.mjs";
import { targetTable } from "./reader/targets.mjs";

const { values: options } = parseArgs({
  options: {
    till: { type: "string" },
    kinds: { type: "string" },
    lookalikes: { type: "string" },
    photos: { type: "string" },
    boofcv: { type: "string" },
    misses: { type: "string" },
    checked: { type: "string" },
    seed: { type: "string" },
    reps: { type: "string", default: "3" },
  },
});
const root = fileURLToPath(new URL("../../", import.meta.url));

/** The manifest of a set: the file itself, or the one in the folder. */
async function manifestOf(path) {
  return (await stat(path)).isDirectory() ? join(path, "manifest.json") : path;
}

const running = {};
for (const [name, make] of Object.entries(readers)) running[name] = await make();
const names = Object.keys(running);
const versions = names.map((name) => `${name} ${running[name].version}`).join(", ");
const warm = await picture(resolve(options.till, JSON.parse(await readFile(await manifestOf(options.till)))[0].path));
for (let times = 0; times < 20; times++)
  for (const { read } of Object.values(running)) await read(warm.data, warm.width, warm.height);

const misses = options.misses && resolve(options.misses);
const read = async (path, reps = Number(options.reps)) =>
  path && measure(await manifestOf(path), running, { reps, misses });
const till = await read(options.till);
const kinds = await read(options.kinds, 1);
const lookalikes = await read(options.lookalikes, 1);
const photos = await read(options.photos);
const results = options.boofcv && (await benchmark(await manifestOf(options.boofcv), running));
const bytes = brotliCompressSync(await readFile(join(root, "pkg/wasm/reader.wasm")), {
  params: { [constants.BROTLI_PARAM_LGWIN]: 24 },
}).length;

let text = `# The reader, measured

Written by \`cargo xtask bench reader\` on ${new Date().toISOString().slice(0, 10)}: ${versions}; Node ${process.version}, ${cpus().length} cores (${cpus()[0].model.trim()}).
Each cell has the pictures that were read, of those with a code, and the CPU milliseconds (median / p95) from RGBA to text. All readers ran in one run on this machine: compare ratios.

The reader reads the QR codes of ISO/IEC 18004, versions 1 to 40.
Micro QR and rMQR are left out: no wallet shows them, and each further symbology costs time in every frame and risks false reads.
Structured append is left out too: one symbol of it is a part of a text, and a part must never be taken for a code.

${targetTable({ till, kinds, lookalikes, photos, benchmark: results, bytes, checked: options.checked, names })}
${tables(`The till set (seed ${options.seed}; drawn by tests/scenes, one frame)`, till, names)}
![Reads by category](reader.svg)

${tables(`The kind set (seed ${options.seed}; drawn by tests/scenes, half files and half frames)`, kinds, names)}
${tables(`Lookalikes: no code in them (seed ${options.seed}; drawn by tests/scenes)`, lookalikes, names)}`;
if (photos) text += `\n${tables("Photos (sets of other projects, not in this repository)", photos, names)}`;
else console.log("No --photos: the photo sets are not measured.");
if (results) text += `\n${benchmarkTable(results)}`;
else console.log("No --boofcv: BoofCV's benchmark is not measured.");
await writeFile(join(root, "docs/reader.md"), text);
await writeFile(join(root, "docs/reader.svg"), plot(till, names));
console.log(text);
if (misses) console.log(`What Kaunter did not read is in ${misses}.`);
