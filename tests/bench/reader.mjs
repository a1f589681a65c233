// Reads the same pictures with Kaunter and with the readers that people use, side by side in one run, and writes what
// came of it into docs/reader.md and docs/reader.svg. `cargo xtask bench reader` draws the pictures and calls this.
//
// Each reader gets RGBA, as a canvas hands it out; the copy into Wasm memory is in the time. The time is the process's
// CPU time, the median of a few readings. A picture counts as read when one payload is the drawn one.

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PNG } from "pngjs";

const { values: options } = parseArgs({ options: { till: { type: "string" }, photos: { type: "string" }, seed: { type: "string" }, reps: { type: "string", default: "3" } } });
const root = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(import.meta.url);
globalThis.ImageData ??= class ImageData { constructor(data, width, height) { Object.assign(this, { data, width, height }); } };

const readers = {
  async kaunter() {
    const { loadReader, version } = await import(join(root, "pkg/reader.js"));
    const reader = await loadReader();
    const read = (data, width, height) => (reader.reset(), reader.read(data, width, height, { max: 1, effort: "still" }).map((code) => code.text));
    return { version, read };
  },
  async "zxing-wasm"() {
    const { prepareZXingModule, readBarcodes } = await import("zxing-wasm/reader");
    const file = await readFile(require.resolve("zxing-wasm/reader/zxing_reader.wasm"));
    await prepareZXingModule({ overrides: { wasmBinary: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) }, fireImmediately: true });
    const settings = { formats: ["QRCode"], maxNumberOfSymbols: 1, textMode: "Plain" };
    const read = async (data, width, height) => (await readBarcodes(new ImageData(data, width, height), settings)).filter((code) => code.isValid).map((code) => code.text);
    return { version: await versionOf("zxing-wasm"), read };
  },
  async qr() {
    const { default: decode, decodeQR = decode } = await import("qr/decode.js");
    const read = (data, width, height) => { try { return [decodeQR({ data, width, height })]; } catch { return []; } };
    return { version: await versionOf("qr"), read };
  },
  async jsqr() {
    const decode = require("jsqr");
    const read = (data, width, height) => { const code = decode(data, width, height); return code ? [code.data] : []; };
    return { version: await versionOf("jsqr"), read };
  },
};

async function versionOf(name) {
  const near = [join(root, "tests/bench/node_modules", name), join(root, "node_modules", name)];
  for (const folder of near) {
    try { return JSON.parse(await readFile(join(folder, "package.json"))).version; } catch { /* the other one */ }
  }
  throw new Error(`${name} is not installed: run npm ci`);
}

/** PGM, of 8 bits, or PNG, as RGBA. */
async function picture(path) {
  const bytes = await readFile(path);
  if (bytes[0] === 0x89) {
    const { data, width, height } = PNG.sync.read(bytes);
    return { data: new Uint8ClampedArray(data), width, height };
  }
  const [, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString("latin1")).map(Number);
  const grey = bytes.subarray(bytes.length - width * height);
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < grey.length; at++) data.fill(grey[at], at * 4, at * 4 + 3), (data[at * 4 + 3] = 255);
  return { data, width, height };
}

const folded = (text) => text.replace(/[^\x20-\x7e\s]/g, "").replace(/\s+/g, " ").trim();
const quantile = (list, part) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];

async function measure(manifest, running) {
  const list = JSON.parse(await readFile(manifest));
  const rows = [];
  for (const entry of list.filter((entry) => !entry.frame)) {
    const { data, width, height } = await picture(resolve(dirname(manifest), entry.path));
    const truth = (entry.truth ?? []).map(folded);
    const none = Boolean(entry.negative);
    for (const [name, { read }] of Object.entries(running)) {
      const times = [];
      let texts = [];
      for (let rep = 0; rep < Number(options.reps); rep++) {
        const from = process.cpuUsage();
        texts = await read(data, width, height);
        const { user, system } = process.cpuUsage(from);
        times.push((user + system) / 1000);
        if (times[rep] > 300) break;
      }
      const right = texts.map(folded).some((text) => truth.includes(text));
      rows.push({ name, category: entry.cat, size: `${width}x${height}`, none, known: none || truth.length > 0, right, wrong: texts.length > 0 && !right && (none || truth.length > 0), ms: quantile(times, 0.5) });
    }
  }
  return rows;
}

const per = (rows, key) => [...new Set(rows.map((row) => row[key]))];

function tables(title, rows, names) {
  const lines = [`## ${title}`, "", `| category | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`];
  const line = (label, pick) => {
    const cells = names.map((name) => {
      const of = rows.filter((row) => row.name === name && pick(row));
      const times = `${quantile(of.map((row) => row.ms), 0.5).toFixed(1)} / ${quantile(of.map((row) => row.ms), 0.95).toFixed(1)} ms`;
      const known = of.filter((row) => row.known && !row.none);
      return known.length ? `${known.filter((row) => row.right).length}/${known.length}, ${times}` : `${of.filter((row) => row.wrong).length} false, ${times}`;
    });
    lines.push(`| ${label} | ${cells.join(" | ")} |`);
  };
  for (const category of per(rows, "category")) line(category, (row) => row.category === category);
  const sizes = per(rows.filter((row) => !row.none), "size");
  if (sizes.length <= 3) for (const size of sizes) line(`**${size}**`, (row) => row.size === size && !row.none);
  line("**all with a code**", (row) => !row.none);
  if (rows.some((row) => row.none)) line("**without a code**", (row) => row.none);
  const wrong = names.map((name) => `${name} ${rows.filter((row) => row.name === name && row.wrong).length}`);
  lines.push("", `Wrong payloads: ${wrong.join(", ")}.`, "");
  return lines.join("\n");
}

/** Reads by category, a bar for each reader. */
function plot(rows, names) {
  const colours = ["#0b7285", "#e8590c", "#868e96", "#ced4da"];
  const categories = per(rows.filter((row) => !row.none), "category");
  const height = 40 + categories.length * (names.length * 7 + 8);
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" width="640" height="${height}" font-family="sans-serif" font-size="11"><rect width="640" height="${height}" fill="#fff"/>`];
  names.forEach((name, at) => parts.push(`<rect x="${110 + at * 120}" y="10" width="10" height="10" fill="${colours[at]}"/><text x="${125 + at * 120}" y="19">${name}</text>`));
  categories.forEach((category, nth) => {
    const top = 34 + nth * (names.length * 7 + 8);
    parts.push(`<text x="100" y="${top + names.length * 3.5 + 4}" text-anchor="end">${category}</text>`);
    names.forEach((name, at) => {
      const of = rows.filter((row) => row.name === name && row.category === category);
      const part = of.filter((row) => row.right).length / of.length;
      parts.push(`<rect x="110" y="${top + at * 7}" width="${(part * 500).toFixed(1)}" height="6" fill="${colours[at]}"/>`);
    });
  });
  return `${parts.join("\n")}\n</svg>\n`;
}

const running = {};
for (const [name, make] of Object.entries(readers)) running[name] = await make();
const names = Object.keys(running);
const versions = names.map((name) => `${name} ${running[name].version}`).join(", ");
const warm = await picture(resolve(options.till, JSON.parse(await readFile(join(options.till, "manifest.json")))[0].path));
for (let times = 0; times < 20; times++) for (const { read } of Object.values(running)) await read(warm.data, warm.width, warm.height);

const till = await measure(join(options.till, "manifest.json"), running);
let text = `# The reader, measured

Written by \`cargo xtask bench reader\` on ${new Date().toISOString().slice(0, 10)}: ${versions}; Node ${process.version}, ${cpus().length} cores (${cpus()[0].model.trim()}).
Reads of those with a code, then CPU milliseconds (median / p95) from RGBA to text, all readers in one run. Figures in milliseconds are this machine's; the ratios carry over.

${tables(`The till set (seed ${options.seed}; drawn by src/scenes, one frame)`, till, names)}
![Reads by category](reader.svg)
`;
if (options.photos) text += `\n${tables("Photos (sets that are not ours and not in this project)", await measure(join(options.photos, "manifest.json"), running), names)}`;
else console.log("No --photos: the photo sets are not measured.");
await writeFile(join(root, "docs/reader.md"), text);
await writeFile(join(root, "docs/reader.svg"), plot(till, names));
console.log(text);
