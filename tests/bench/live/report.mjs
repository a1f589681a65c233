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

Written by \`cargo xtask bench live\` on ${new Date().toISOString().slice(0, 10)}: headless Chromium, ${machine}, seed ${seed}, ${range(cells.map(({ runs }) => Object.values(runs)[0].times.length))} scenes a cell.
A file is the camera: a counter without a phone, then a phone's code, 29 frames a second, drawn by tests/scenes. The time runs from the frame in
which the code is there to the scanner's word for it. A strip in the picture's corner tells which frame that is, and a worker on a clone of the camera's
track reads it: the page's own frame callback comes late where the page is blocked. Each cell has the two sizes, ${sizes.join(" / ")}.
All scanners of a cell look at the same film, one after the other. Milliseconds are this machine's, which had other work beside this; the ratios carry over.

Each scanner looks for QR codes alone, in the whole picture, with its timers at their fastest; everything else is its default. "Focusing" begins
with a code out of focus, and counts from there: it is sharp after ${FOCUS_FRAMES} frames (${Math.round((FOCUS_FRAMES / 29) * 1000)} ms). A code that was not read while it was there (0.6 s; out of focus 0.9 s) is missed. *Busy* is
the page's main thread, in percent of the time, the playing of the video included; *ready* is from the camera's first frame to the end of the first
look (of Kaunter's worker: until it has copied the frame); *gzip* is all that is loaded, as the package ships it. "clock" is a page that plays the video and hears of each
frame, and does nothing more: the floor of whoever waits for the page. A worker that takes the camera's frames by itself needs less.

| scanner | sharp, median ms | p95 | missed | focusing, median ms | missed | busy % | long tasks | looks a second | ready ms | gzip kB |
|---|---|---|---|---|---|---|---|---|---|---|
${names.map(row).join("\n")}

Texts that nobody drew: ${wrong}.${absent.length ? `\nNot measured yet: ${absent.join(", ")}.` : ""}

## By scene (median ms)
| scanner | ${kinds.join(" | ")} |
|---|${kinds.map(() => "---|").join("")}
${scanners.map(byScene).join("\n")}

${gate(cells, sharp)}

![Time to the code](live.svg)

${slowNote(cells, slowed)}

| scanner | sharp, median ms | worst | missed | busy % | long tasks | looks a second |
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
  return `Kaunter believes bare digits only when it has read them twice, for a misread digit is another customer's money: twice in one frame, at other places of every module, where
both readings leave error correction to spare; else in two frames. Codes with a structure of their own (EMVCo) pass on one reading: median ${whole(quantile(checked, 0.5))} ms, p95 ${whole(quantile(checked, 0.95))}; bare digits: ${whole(quantile(bare, 0.5))} and ${whole(quantile(bare, 0.95))}. The others believe what they read.`;
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
  return `## The CPU slowed four times
The browser's own throttling (\`Emulation.setCPUThrottlingRate\`) was seen to slow the page's main thread ${page?.toFixed(1)} times and a worker ${worker?.toFixed(1)} times. It would flatter whoever reads in a
worker, so the workers of Kaunter and qr-scanner are slowed by the bench: each call into their reader takes four times as long. A few of each sharp scene.`;
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
    line(`${size}: of these, codes that one reading proves`, `${whole(floor)} ms`, proven(true), floor);
    line(`${size}: of these, bare digits, read twice`, `${whole(floor)} ms`, proven(false), floor);
    line(`${size}: sharp, p95`, "20 ms", mine.p95, 20);
    line(
      `${size}: focusing, median`,
      "345 ms (asked of a lens that was faster than this one)",
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
