// BoofCV's benchmark as its author defines it: every code of every picture counts. A code counts as found if a reading
// overlaps it. The result is the mean over the categories, so that a category of many codes does not outweigh the others.

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { picture, quantile } from "./measure.mjs";

/** The smallest upright rectangle around corners: [x, y] or { x, y }. */
function around(corners) {
  const xs = corners.map((corner) => corner.x ?? corner[0]);
  const ys = corners.map((corner) => corner.y ?? corner[1]);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** The area that two rectangles share. */
function shared(one, other) {
  const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return across > 0 && down > 0 ? across * down : 0;
}

/** The number of codes that a reading overlaps. Each reading counts for one code. */
function found(codes, readings) {
  const left = readings.map(around);
  let count = 0;
  for (const code of codes.map(around)) {
    const areas = left.map((reading) => shared(code, reading));
    const best = areas.indexOf(Math.max(0, ...areas));
    if (best < 0 || areas[best] === 0) continue;
    left.splice(best, 1);
    count++;
  }
  return count;
}

/**
 * Reads all codes of the pictures with the readers that tell where a code is.
 *
 * A picture may be stored turned, with corners that were marked as it is shown. A manifest that turns these corners says
 * `turned: true`, and the table counts such pictures.
 * @param {string} manifest a list of { path, cat, codes: [[[x, y], 4 times], ...], turned }
 * @returns {Promise<Map<string, { categories: Map<string, [number, number]>, mean: number, ms: [number, number], turned: number }>>}
 */
export async function benchmark(manifest, running) {
  const list = JSON.parse(await readFile(manifest));
  const results = new Map();
  for (const [name, { places }] of Object.entries(running)) {
    if (places) results.set(name, { categories: new Map(), times: [] });
  }
  for (const { path, cat, codes } of list) {
    const { data, width, height } = await picture(resolve(dirname(manifest), path));
    for (const [name, { categories, times }] of results) {
      const from = process.cpuUsage();
      const readings = await running[name].places(data, width, height);
      const { user, system } = process.cpuUsage(from);
      times.push((user + system) / 1000);
      const [hits, all] = categories.get(cat) ?? [0, 0];
      categories.set(cat, [hits + found(codes, readings), all + codes.length]);
    }
  }
  for (const result of results.values()) {
    const shares = [...result.categories.values()].map(([hits, all]) => hits / all);
    result.mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    result.turned = list.filter(({ turned }) => turned).length;
    result.ms = [quantile(result.times, 0.5), quantile(result.times, 0.95)];
  }
  return results;
}

/** The results as a table. */
export function benchmarkTable(results) {
  const names = [...results.keys()];
  const categories = [...results.get(names[0]).categories.keys()];
  const { turned } = results.get(names[0]);
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const row = (label, cell) => `| ${label} | ${names.map((name) => cell(results.get(name))).join(" | ")} |`;
  return `${[
    "## BoofCV's benchmark: all codes of each picture (not in this repository)",
    "",
    `| category | ${names.join(" | ")} |`,
    `|---|${names.map(() => "---|").join("")}`,
    ...categories.map((category) =>
      row(category, (of) => {
        const [hits, all] = of.categories.get(category);
        return `${hits}/${all}, ${percent(hits / all)}`;
      }),
    ),
    row("**mean of the categories**", (of) => percent(of.mean)),
    row("**ms for each picture**", (of) => `${of.ms[0].toFixed(1)} / ${of.ms[1].toFixed(1)} ms`),
    "",
    "Published for the whole set: Dynamsoft 83.3 %, BoofCV 60.7 %, WeChat 48.9 %, ZBar 39.0 %, ZXing 31.9 %.",
    ...(turned
      ? [`The corners of ${turned} pictures were turned with the picture, which is stored as the camera held it.`]
      : []),
  ].join("\n")}\n`;
}
