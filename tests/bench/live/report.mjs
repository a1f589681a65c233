// What the cells gave, as docs/live.md and docs/live.svg.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sizes = ["640x480", "1280x720"];
const quantile = (list, part) => {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
};
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "-");
const whole = (value) => fixed(value, 0);

/** What one scanner did in some cells, put together. */
function together(cells, name) {
  const runs = cells.map(({ runs }) => runs[name]).filter(Boolean);
  const times = runs.flatMap(({ times }) => times).filter(({ lost }) => !lost);
  const seen = times.filter(({ ms }) => ms !== null);
  return {
    runs,
    seen,
    p50: quantile(
      seen.map(({ ms }) => ms),
      0.5,
    ),
    p95: quantile(
      seen.map(({ ms }) => ms),
      0.95,
    ),
    worst: quantile(
      seen.map(({ ms }) => ms),
      1,
    ),
    missed: times.length - seen.length,
    of: times.length,
    wrong: runs.reduce((sum, { wrong }) => sum + wrong, 0),
    busy: mean(runs.map(({ busy }) => busy)) * 100,
    fps: mean(runs.map(({ fps }) => fps)),
    long: runs.reduce((sum, { long }) => sum + long, 0),
    ready: quantile(
      runs.map(({ ready }) => ready),
      0.5,
    ),
    gzip: runs[0]?.gzip ?? 0,
  };
}

const range = (list) =>
  Math.min(...list) === Math.max(...list) ? list[0] : `${Math.min(...list)} to ${Math.max(...list)}`;

export async function report(folder, { seed, order, versions, machine }) {
  const files = (await readdir(folder))
    .filter((name) => name.endsWith(".json"))
    .sort((a, b) => order.indexOf(a.slice(0, -5)) - order.indexOf(b.slice(0, -5)));
  const cells = await Promise.all(files.map(async (name) => JSON.parse(await readFile(join(folder, name)))));
  const names = [...new Set(cells.flatMap(({ runs }) => Object.keys(runs)))];
  const ours = JSON.parse(await readFile(join(root, "pkg/package.json"))).version;
  const of = (size, test) => cells.filter((cell) => cell.size.join("x") === size && test(cell));
  const plain = (cell) => cell.slow === 1;
  const sharp = (cell) => plain(cell) && cell.scene !== "focusing";
  const focusing = (cell) => plain(cell) && cell.scene === "focusing";
  const slowed = (cell) => cell.slow > 1;
  const both = (figure) => sizes.map(figure).join(" / ");
  const row = (name) => {
    const at = (size, test) => together(of(size, test), name);
    const clock = name === "clock";
    const figures = [
      both((size) => whole(at(size, sharp).p50)),
      both((size) => whole(at(size, sharp).p95)),
      both((size) => (clock ? "" : at(size, sharp).missed)),
      clock ? "" : both((size) => whole(at(size, focusing).p50)),
      clock ? "" : both((size) => at(size, focusing).missed),
      both((size) => fixed(at(size, plain).busy, 1)),
      both((size) => at(size, plain).long),
      both((size) => whole(at(size, plain).fps)),
      clock ? "" : both((size) => whole(at(size, plain).ready)),
      clock ? "" : Math.round(Math.max(...sizes.map((size) => at(size, plain).gzip)) / 1000),
    ];
    return `| ${label(name, versions, ours)} | ${figures.join(" | ")} |`;
  };
  const slowRow = (name) => {
    const at = (size) => together(of(size, slowed), name);
    return `| ${label(name, versions, ours)} | ${[both((size) => whole(at(size).p50)), both((size) => whole(at(size).worst)), name === "clock" ? "" : both((size) => `${at(size).missed} of ${at(size).of}`), both((size) => whole(at(size).busy)), both((size) => at(size).long), both((size) => whole(at(size).fps))].join(" | ")} |`;
  };
  const kinds = [...new Set(cells.filter(plain).map(({ scene }) => scene))];
  const byScene = (name) =>
    `| ${label(name, versions, ours)} | ${kinds
      .map((kind) =>
        both((size) => {
          const here = together(
            of(size, (cell) => plain(cell) && cell.scene === kind),
            name,
          );
          return `${whole(here.p50)}${here.missed ? ` (${here.missed} missed)` : ""}`;
        }),
      )
      .join(" | ")} |`;
  const scanners = names.filter((name) => name !== "clock");
  const wrong = scanners.map((name) => `${name} ${together(cells, name).wrong}`).join(", ");
  const absent = order.filter((name) => !files.includes(`${name}.json`));
  const text = `# Live, measured

Written by \`cargo xtask bench live\` on ${new Date().toISOString().slice(0, 10)}: headless Chromium, ${machine}, seed ${seed}, ${range(cells.map(({ runs }) => Object.values(runs)[0].times.length))} scenes per cell.
The camera plays a file with 29 frames per second, drawn by tests/scenes: a counter without a phone, then a phone with a code.
The time runs from the first frame with the code until the scanner reports the code.
A strip in a corner of the picture has the number of the frame. A worker reads it from a clone of the camera's track, because the page's own frame callback is late while the page is blocked.
Each cell has the figures for two sizes, ${sizes.join(" / ")}.
All scanners of a cell get the same film, one after the other. The milliseconds are of this machine, which also had other work; compare ratios.

Each scanner looks for QR codes only, in the whole picture, with its shortest timers; its other settings are the defaults.
"Focusing" begins with a code out of focus, and its time runs from there: the code is sharp after ${FOCUS_FRAMES} frames (${Math.round((FOCUS_FRAMES / 29) * 1000)} ms). A code is missed if it was not read while it was in the picture (0.6 s; focusing 0.9 s).
*busy %* is the share of the time in which the page's main thread works, including the playing of the video.
*ready* is the time from the camera's first frame to the end of the first scan (for Kaunter's worker: until it has copied the frame).
*gzip* is the size of all files that are loaded, as the package ships them.
"clock" is a page that plays the video, gets a callback per frame and does nothing else. It is the least time for a scanner on the page's thread; a worker that takes the camera's frames itself needs less.

| scanner | sharp, median ms | p95 | missed | focusing, median ms | missed | busy % | long tasks | scans per second | ready ms | gzip kB |
|---|---|---|---|---|---|---|---|---|---|---|
${names.map(row).join("\n")}

Wrong texts: ${wrong}.${absent.length ? `\nNot measured yet: ${absent.join(", ")}.` : ""}

## By scene (median ms)
| scanner | ${kinds.join(" | ")} |
|---|${kinds.map(() => "---|").join("")}
${scanners.map(byScene).join("\n")}

${gate(cells, sharp)}

![Time to the code](live.svg)

${slowNote(cells, slowed)}

| scanner | sharp, median ms | worst | missed | busy % | long tasks | scans per second |
|---|---|---|---|---|---|---|
${names.map(slowRow).join("\n")}

## Targets
${targets({ of, sharp, focusing, plain, slowed })}
`;
  await writeFile(join(root, "docs/live.md"), text);
  await writeFile(join(root, "docs/live.svg"), plot(cells.filter(sharp), scanners));
  console.log(text);
}

/** Frames of the focusing scene before the sharp ones; as drawn by xtask. */
const FOCUS_FRAMES = 14;
const label = (name, versions, ours) =>
  name === "clock" ? "clock" : `${name} ${name === "kaunter" ? ours : versions[name]}`;

/** Bare digits are read twice before they are believed: what that costs. */
function gate(cells, sharp) {
  const { seen } = together(cells.filter(sharp), "kaunter");
  const of = (digits) => seen.filter((time) => time.digits === digits).map(({ ms }) => ms);
  const [bare, checked] = [of(true), of(false)];
  return `Kaunter accepts bare digits only after two equal readings, because one wrong digit would charge another customer.
The two readings are of one frame, at different points of every module, if both have error correction left; otherwise they are of two frames.
Codes with their own structure (EMVCo) need one reading: median ${whole(quantile(checked, 0.5))} ms, p95 ${whole(quantile(checked, 0.95))}; bare digits: ${whole(quantile(bare, 0.5))} and ${whole(quantile(bare, 0.95))}. The other scanners accept each reading.`;
}

function slowNote(cells, slowed) {
  const paces = cells
    .filter(slowed)
    .flatMap(({ runs }) => Object.values(runs).map(({ paces }) => paces))
    .filter(Boolean);
  const [page, worker] = [
    quantile(
      paces.map(({ page }) => page),
      0.5,
    ),
    quantile(
      paces.map(({ worker }) => worker),
      0.5,
    ),
  ];
  return `## With a CPU four times slower
The browser's own throttling (\`Emulation.setCPUThrottlingRate\`) slowed the page's main thread ${page?.toFixed(1)} times and a worker ${worker?.toFixed(1)} times. That would favour scanners that read in a worker. So the bench slows the workers of Kaunter and qr-scanner: each call into their reader takes four times as long.
Measured with a few of each sharp scene.`;
}

function targets({ of, sharp, focusing, plain, slowed }) {
  const lines = [];
  const line = (what, wanted, value, most, told = `${whole(value)} ms`) =>
    lines.push(
      `| ${what} | ${wanted} | ${Number.isFinite(value) ? told : "-"} | ${Number.isFinite(value) ? (value <= most ? "met" : "**not met**") : "not measured"} |`,
    );
  for (const size of sizes) {
    const at = (test, name = "kaunter") => together(of(size, test), name);
    const [mine, focus, all, slow, clock] = [at(sharp), at(focusing), at(plain), at(slowed), at(plain, "clock")];
    const others = ["zxing-wasm", "barcode-detector", "qr", "qr-scanner", "html5-qrcode"].map((name) =>
      at(focusing, name),
    );
    const best = Math.min(...others.filter(({ seen, of }) => seen.length * 2 > of).map(({ p50 }) => p50));
    const floor = clock.p50 + 6;
    const proven = (once) =>
      quantile(
        mine.seen.filter((time) => time.digits !== once).map(({ ms }) => ms),
        0.5,
      );
    line(`${size}: missed, sharp and focusing`, "0", all.of ? all.missed : NaN, 0, `${all.missed} of ${all.of}`);
    line(`${size}: sharp, median`, `clock + 6 = ${whole(floor)} ms`, mine.p50, floor);
    line(`${size}: of these, codes that need one reading`, `${whole(floor)} ms`, proven(true), floor);
    line(`${size}: of these, bare digits, which need two readings`, `${whole(floor)} ms`, proven(false), floor);
    line(`${size}: sharp, p95`, "20 ms", mine.p95, 20);
    line(
      `${size}: focusing, median`,
      "345 ms (set for a lens that was faster than this one)",
      focus.p50,
      345,
      `${whole(focus.p50)} ms, ${fixed(focus.p50 / best, 2)} of the best of the others`,
    );
    line(`${size}: main thread busy`, "6 %", all.busy, 6, `${fixed(all.busy, 1)} %`);
    line(`${size}: long tasks`, "0", all.of ? all.long : NaN, 0, all.long);
    line(
      `${size}: ready after the camera's first frame`,
      "30 ms",
      all.ready,
      30,
      `${whole(all.ready)} ms (the clock: ${whole(clock.ready)})`,
    );
    line(`${size}: slowed, median`, "20 ms", slow.p50, 20);
    line(`${size}: slowed, worst`, "33 ms", slow.worst, 33);
  }
  return `| target | wanted | measured | |\n|---|---|---|---|\n${lines.join("\n")}`;
}

/** Which part of the sharp codes was told after so many milliseconds. */
function plot(cells, names) {
  const colours = {
    kaunter: "#0b7285",
    "zxing-wasm": "#e8590c",
    "barcode-detector": "#f08c00",
    qr: "#5f3dc4",
    "qr-scanner": "#868e96",
    "html5-qrcode": "#adb5bd",
  };
  const [width, height, left, top, last] = [640, 340, 50, 40, 150];
  const x = (ms) => left + (Math.min(ms, last) / last) * (width - left - 20);
  const y = (part) => top + (1 - part) * (height - top - 40);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11"><rect width="${width}" height="${height}" fill="#fff"/>`,
  ];
  for (const ms of [0, 33, 67, 100, 133])
    parts.push(
      `<path d="M${x(ms)} ${top}V${y(0)}" stroke="#e9ecef"/><text x="${x(ms)}" y="${y(0) + 16}" text-anchor="middle">${ms} ms</text>`,
    );
  for (const part of [0, 0.5, 1])
    parts.push(
      `<path d="M${left} ${y(part)}H${width - 20}" stroke="#e9ecef"/><text x="${left - 6}" y="${y(part) + 4}" text-anchor="end">${part * 100} %</text>`,
    );
  names.forEach((name, nth) => {
    const { seen, of } = together(cells, name);
    const times = seen.map(({ ms }) => ms).sort((a, b) => a - b);
    const line = times.map((ms, at) => `H${x(ms).toFixed(1)}V${y((at + 1) / of).toFixed(1)}`).join("");
    parts.push(
      `<path d="M${x(0)} ${y(0)}${line}" fill="none" stroke="${colours[name] ?? "#000"}" stroke-width="${name === "kaunter" ? 2.5 : 1.5}"/>`,
    );
    parts.push(
      `<rect x="${left + nth * 98}" y="12" width="10" height="10" fill="${colours[name] ?? "#000"}"/><text x="${left + 14 + nth * 98}" y="21">${name}</text>`,
    );
  });
  return `${parts.join("\n")}\n</svg>\n`;
}
