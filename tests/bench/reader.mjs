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
import { brotliCompressSync, constants } from "node:zlib";
import { PNG } from "pngjs";

const { values: options } = parseArgs({
  options: {
    till: { type: "string" },
    photos: { type: "string" },
    seed: { type: "string" },
    reps: { type: "string", default: "3" },
  },
});
const root = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(import.meta.url);
globalThis.ImageData ??= class ImageData {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};

const readers = {
  async kaunter() {
    const { Reader, version } = await import(join(root, "pkg/reader.js"));
    const reader = await Reader.load();
    const read = (data, width, height) => {
      reader.reset();
      return reader.read({ data, width, height }, { maxCodes: 1, effort: "still" }).map((code) => code.text);
    };
    return { version, read };
  },
  async "zxing-wasm"() {
    const { prepareZXingModule, readBarcodes } = await import("zxing-wasm/reader");
    const file = await readFile(require.resolve("zxing-wasm/reader/zxing_reader.wasm"));
    await prepareZXingModule({
      overrides: { wasmBinary: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) },
      fireImmediately: true,
    });
    const settings = { formats: ["QRCode"], maxNumberOfSymbols: 1, textMode: "Plain" };
    const read = async (data, width, height) =>
      (await readBarcodes(new ImageData(data, width, height), settings))
        .filter((code) => code.isValid)
        .map((code) => code.text);
    return { version: await versionOf("zxing-wasm"), read };
  },
  async qr() {
    const { default: decode, decodeQR = decode } = await import("qr/decode.js");
    const read = (data, width, height) => {
      try {
        return [decodeQR({ data, width, height })];
      } catch {
        return [];
      }
    };
    return { version: await versionOf("qr"), read };
  },
  async jsqr() {
    const decode = require("jsqr");
    const read = (data, width, height) => {
      const code = decode(data, width, height);
      return code ? [code.data] : [];
    };
    return { version: await versionOf("jsqr"), read };
  },
};

async function versionOf(name) {
  const near = [join(root, "tests/bench/node_modules", name), join(root, "node_modules", name)];
  for (const folder of near) {
    try {
      return JSON.parse(await readFile(join(folder, "package.json"))).version;
    } catch {
      /* the other one */
    }
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
  for (let at = 0; at < grey.length; at++) {
    data.fill(grey[at], at * 4, at * 4 + 3);
    data[at * 4 + 3] = 255;
  }
  return { data, width, height };
}

// What can be printed, and nothing else: sets were written down with other ideas of white space and of binary payloads.
const folded = (text) => text.replace(/[^\x21-\x7e]/g, "");
const quantile = (list, part) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];

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
      rows.push({
        name,
        set: entry.set ?? "till",
        category: entry.cat,
        size: `${width}x${height}`,
        none,
        known: none || truth.length > 0,
        right,
        wrong: texts.length > 0 && !right && (none || truth.length > 0),
        ms: quantile(times, 0.5),
      });
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
      const times = `${quantile(
        of.map((row) => row.ms),
        0.5,
      ).toFixed(1)} / ${quantile(
        of.map((row) => row.ms),
        0.95,
      ).toFixed(1)} ms`;
      const known = of.filter((row) => row.known && !row.none);
      return known.length
        ? `${known.filter((row) => row.right).length}/${known.length}, ${times}`
        : `${of.filter((row) => row.wrong).length} false, ${times}`;
    });
    lines.push(`| ${label} | ${cells.join(" | ")} |`);
  };
  for (const category of per(rows, "category")) line(category, (row) => row.category === category);
  const sizes = per(
    rows.filter((row) => !row.none),
    "size",
  );
  if (sizes.length <= 3) for (const size of sizes) line(`**${size}**`, (row) => row.size === size && !row.none);
  line("**all with a code**", (row) => !row.none);
  if (rows.some((row) => row.none)) line("**without a code**", (row) => row.none);
  const wrong = names.map((name) => `${name} ${rows.filter((row) => row.name === name && row.wrong).length}`);
  lines.push("", `Wrong payloads: ${wrong.join(", ")}.`, "");
  return lines.join("\n");
}

/** What was asked for, and whether this run has it: ratios to zxing-wasm's figures of the same run. */
function targets(till, photos, module) {
  const peer = "zxing-wasm";
  const of = (rows, name, pick = () => true) => rows.filter((row) => row.name === name && pick(row));
  const reads = (rows, name, pick) =>
    of(rows, name, (row) => row.known && !row.none && (pick?.(row) ?? true)).filter((row) => row.right).length;
  const ms = (rows, name, part, pick) =>
    quantile(
      of(rows, name, pick).map((row) => row.ms),
      part,
    );
  const lines = ["## Targets", "", "| what | target | measured | met |", "|---|---|---|---|"];
  const line = (what, asked, here, met) => lines.push(`| ${what} | ${asked} | ${here} | ${met ? "yes" : "**no**"} |`);
  const most = (what, rows, part, bound, pick) => {
    const ratio = ms(rows, "kaunter", part, pick) / ms(rows, peer, part, pick);
    line(what, `<= ${bound} x`, `${ratio.toFixed(2)} x`, ratio <= bound);
  };
  const coded = (row) => !row.none,
    empty = (row) => row.none;
  const share = reads(till, "kaunter") / of(till, "kaunter", (row) => row.known && coded(row)).length;
  line("till set, read", ">= 92 %", `${(share * 100).toFixed(1)} %`, share >= 0.92);
  const against = reads(till, "kaunter") / reads(till, peer);
  line("till set, reads", ">= 1.05 x", `${against.toFixed(2)} x`, against >= 1.05);
  for (const size of per(till.filter(coded), "size")) {
    most(`${size}, median ms`, till, 0.5, 0.5, (row) => coded(row) && row.size === size);
    most(`${size}, p95 ms`, till, 0.95, 0.7, (row) => coded(row) && row.size === size);
  }
  for (const [what, rows] of [
    ["a counter without a code", till],
    ["a photo without a code", photos ?? []],
  ]) {
    if (!rows.some(empty)) continue;
    most(`${what}, median ms`, rows, 0.5, 0.75, empty);
    most(`${what}, p95 ms`, rows, 0.95, 1, empty);
  }
  if (photos?.some((row) => row.set === "boofcv")) {
    const boof = (row) => row.set === "boofcv",
      theirs = (row) => coded(row) && !boof(row);
    const ratio = reads(photos, "kaunter", boof) / reads(photos, peer, boof);
    line("BoofCV's photos, reads", ">= 1.15 x", `${ratio.toFixed(2)} x`, ratio >= 1.15);
    const fewer = per(
      photos.filter((row) => boof(row) && coded(row)),
      "category",
    ).map(
      (category) =>
        reads(photos, peer, (row) => row.category === category) -
        reads(photos, "kaunter", (row) => row.category === category),
    );
    line("BoofCV's photos, fewer in any category", "<= 1", `${Math.max(0, ...fewer)}`, Math.max(...fewer) <= 1);
    const more = reads(photos, "kaunter", theirs) - reads(photos, peer, theirs);
    line("ZXing's and jsQR's own photos, more in sum", ">= 0", `${more}`, more >= 0);
  }
  const wrong = of([...till, ...(photos ?? [])], "kaunter", (row) => row.wrong).length;
  line("wrong payloads and false reads", "0", `${wrong}`, wrong === 0);
  line("the reader's module by brotli, KiB", "<= 80", (module / 1024).toFixed(1), module <= 80 * 1024);
  return `${lines.join("\n")}\n`;
}

/** Reads by category, a bar for each reader. */
function plot(rows, names) {
  const colours = ["#0b7285", "#e8590c", "#868e96", "#ced4da"];
  const categories = per(
    rows.filter((row) => !row.none),
    "category",
  );
  const height = 40 + categories.length * (names.length * 7 + 8);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="${height}" font-family="sans-serif" font-size="11"><rect width="640" height="${height}" fill="#fff"/>`,
  ];
  names.forEach((name, at) => {
    parts.push(
      `<rect x="${110 + at * 120}" y="10" width="10" height="10" fill="${colours[at]}"/><text x="${125 + at * 120}" y="19">${name}</text>`,
    );
  });
  categories.forEach((category, nth) => {
    const top = 34 + nth * (names.length * 7 + 8);
    parts.push(`<text x="100" y="${top + names.length * 3.5 + 4}" text-anchor="end">${category}</text>`);
    names.forEach((name, at) => {
      const of = rows.filter((row) => row.name === name && row.category === category);
      const part = of.filter((row) => row.right).length / of.length;
      parts.push(
        `<rect x="110" y="${top + at * 7}" width="${(part * 500).toFixed(1)}" height="6" fill="${colours[at]}"/>`,
      );
    });
  });
  return `${parts.join("\n")}\n</svg>\n`;
}

const running = {};
for (const [name, make] of Object.entries(readers)) running[name] = await make();
const names = Object.keys(running);
const versions = names.map((name) => `${name} ${running[name].version}`).join(", ");
const warm = await picture(
  resolve(options.till, JSON.parse(await readFile(join(options.till, "manifest.json")))[0].path),
);
for (let times = 0; times < 20; times++)
  for (const { read } of Object.values(running)) await read(warm.data, warm.width, warm.height);

const till = await measure(join(options.till, "manifest.json"), running);
const photos = options.photos && (await measure(join(options.photos, "manifest.json"), running));
const module = brotliCompressSync(await readFile(join(root, "pkg/wasm/reader.wasm")), {
  params: { [constants.BROTLI_PARAM_LGWIN]: 24 },
}).length;
let text = `# The reader, measured

Written by \`cargo xtask bench reader\` on ${new Date().toISOString().slice(0, 10)}: ${versions}; Node ${process.version}, ${cpus().length} cores (${cpus()[0].model.trim()}).
Each cell has the pictures that were read, of those with a code, and the CPU milliseconds (median / p95) from RGBA to text. All readers ran in one run on this machine: compare ratios.

${targets(till, photos, module)}
${tables(`The till set (seed ${options.seed}; drawn by tests/scenes, one frame)`, till, names)}
![Reads by category](reader.svg)
`;
if (photos) text += `\n${tables("Photos (sets of other projects, not in this repository)", photos, names)}`;
else console.log("No --photos: the photo sets are not measured.");
await writeFile(join(root, "docs/reader.md"), text);
await writeFile(join(root, "docs/reader.svg"), plot(till, names));
console.log(text);
