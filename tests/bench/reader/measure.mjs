// Reads pictures with several readers in one run, and keeps the pictures that ours does not read.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PNG } from "pngjs";
import { MAX_CODES } from "./readers.mjs";

/** PGM, of 8 bits, or PNG, as RGBA. */
export async function picture(path) {
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
export const quantile = (list, part) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];

/** The share of a sheet's codes from which on it counts as read. */
const MOST_OF_MANY = 0.95;

/**
 * Reads each picture of a manifest with each reader, and gives a row for each reading.
 * @param {string} manifest a list of { path, set, cat, truth, negative }
 * @param {{ reps: number, misses?: string }} how
 */
export async function measure(manifest, running, { reps, misses }) {
  const list = JSON.parse(await readFile(manifest));
  const rows = [];
  for (const entry of list.filter((entry) => !entry.frame)) {
    const shown = await picture(resolve(dirname(manifest), entry.path));
    const { data, width, height } = shown;
    const of = [];
    const truth = (entry.truth ?? []).map(folded);
    // Of a drawn picture all codes are asked for, of a photo any one.
    const isDrawn = entry.set === "kinds";
    const most = isDrawn && truth.length > 1 ? MAX_CODES : 1;
    const wanted = isDrawn ? Math.max(1, new Set(truth).size * MOST_OF_MANY) : 1;
    const none = Boolean(entry.negative);
    for (const [name, { read }] of Object.entries(running)) {
      const times = [];
      let texts = [];
      for (let rep = 0; rep < reps; rep++) {
        const from = process.cpuUsage();
        texts = await read(data, width, height, most);
        const { user, system } = process.cpuUsage(from);
        times.push((user + system) / 1000);
        if (times[rep] > 300) break;
      }
      const isRight = (text) => truth.includes(folded(text));
      const right = new Set(texts.filter(isRight)).size >= wanted;
      of.push({
        name,
        set: entry.set,
        path: entry.path,
        category: entry.cat,
        size: `${width}x${height}`,
        none,
        known: none || truth.length > 0,
        right,
        wrong: texts.some((text) => !isRight(text)) && (none || truth.length > 0),
        ms: quantile(times, 0.5),
      });
    }
    if (misses) await keepMiss(misses, shown, of);
    rows.push(...of);
  }
  return rows;
}

/** Writes a picture that Kaunter did not read, or misread, as PNG. Its name tells which readers read it. */
async function keepMiss(folder, { data, width, height }, rows) {
  const [ours, ...others] = rows;
  if (!ours.known || (ours.none ? !ours.wrong : ours.right)) return;
  const by = others.filter((row) => row.right).map((row) => row.name);
  const what = ours.wrong ? "misread" : by.length ? `read-by-${by.join("-")}` : "read-by-nobody";
  const stem = ours.path.replace(/\.\w+$/, "").replace(/[^\w-]+/g, "_");
  await mkdir(folder, { recursive: true });
  const png = new PNG({ width, height });
  png.data.set(data);
  await writeFile(join(folder, `${ours.set}--${stem}--${what}.png`), PNG.sync.write(png));
}

/** How many of the pictures that Kaunter misses no reader of the run reads: [none reads it, missed]. */
export function unreadByAll(rows) {
  const missed = rows.filter((row) => row.name === "kaunter" && row.known && !row.none && !row.right);
  const read = new Set(rows.filter((row) => row.right).map((row) => `${row.set}/${row.path}`));
  return [missed.filter((row) => !read.has(`${row.set}/${row.path}`)).length, missed.length];
}
