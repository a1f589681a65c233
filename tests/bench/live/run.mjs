// Plays scenes to a camera of Chromium's and times scanners that look at it: `cargo xtask bench live` draws the scenes
// and calls this. A cell is a scene at a size; its scanners run one after the other on the same film, so that all see
// the same machine. What a cell gave is kept in a file, and the report is written from all files.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { flags } from "../../terminal/camera.mjs";
import { counter, until } from "../../terminal/harness.mjs";
import { END, FPS, film, SHOWN } from "./camera.mjs";
import { report } from "./report.mjs";
import { scanners } from "./scanners.mjs";
import { packageFolder, serve } from "./server.mjs";

const { values: options } = parseArgs({
  options: {
    drawn: { type: "string" },
    only: { type: "string", default: "" },
    scenes: { type: "string" },
    "report-only": { type: "boolean", default: false },
  },
});
const { seed, count: most, scenes: drawn, empty } = JSON.parse(await readFile(join(options.drawn, "manifest.json")));
/** Scenes a cell: as many as are drawn, or as are asked for. */
const count = Math.min(most, Number(options.scenes ?? most));
const results = join(options.drawn, "results");
const sizes = [
  [640, 480],
  [1280, 720],
];
const SLOW = 4;
const failures = [];

/** Each sharp scene and the focusing lens by itself; then, on a slowed machine, a few of all sharp scenes. */
function cells() {
  const kinds = [...new Set(drawn.map(({ scene }) => scene))];
  return sizes.flatMap((size) => {
    const here = drawn.filter(({ width }) => width === size[0]);
    const few = Math.ceil(count / 5);
    const mixed = kinds
      .filter((kind) => kind !== "focusing")
      .flatMap((kind) => here.filter(({ scene }) => scene === kind).slice(0, few));
    const plain = kinds.map((kind) => ({
      scene: kind,
      slow: 1,
      list: here.filter(({ scene }) => scene === kind).slice(0, count),
    }));
    return [...plain, { scene: "mixed", slow: SLOW, list: mixed }].map((cell) => ({
      ...cell,
      size,
      name: `${cell.scene}-${size.join("x")}${cell.slow > 1 ? "-slow" : ""}`,
    }));
  });
}

async function measureCell(cell, setting) {
  const path = join(options.drawn, "film.y4m");
  const scenes = cell.list.map((scene, nth) => ({ ...scene, nth }));
  await film(path, options.drawn, scenes, empty[cell.size.join("x")], cell.size);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...flags(path), "--autoplay-policy=no-user-gesture-required"],
  });
  const kept = {
    scene: cell.scene,
    slow: cell.slow,
    size: cell.size,
    count: scenes.length,
    on: new Date().toISOString().slice(0, 10),
    runs: {},
  };
  try {
    for (const name of Object.keys(scanners)) {
      // The floor is the same under every scene.
      if (name === "clock" && !["easy", "mixed"].includes(cell.scene)) continue;
      // A run that fails is tried once more, and else left out: the others are worth having.
      for (let tries = 0; tries < 2 && !kept.runs[name]; tries++) {
        kept.runs[name] = await measure(browser, name, { ...cell, scenes }, setting).catch(
          (error) => void failures.push(`${cell.name}: ${error.message}`),
        );
      }
      if (kept.runs[name])
        console.log(`${cell.name.padEnd(24)} ${name.padEnd(18)} ${JSON.stringify(short(kept.runs[name]))}`);
    }
  } finally {
    await browser.close();
    await rm(path);
  }
  await writeFile(join(results, `${cell.name}.json`), JSON.stringify(kept));
}

async function measure(browser, name, { scenes, slow, size }, { server, counter: shop }) {
  server.loaded.clear();
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  try {
    await page.goto(`${server.address}/?scanner=${name}&slow=${slow}`);
    await page.waitForFunction(() => globalThis.loaded);
    const cdp = await context.newCDPSession(page);
    await cdp.send("Performance.enable");
    const paces = slow > 1 ? await throttle(page, cdp, slow) : null;
    await page.evaluate(
      ([setting, size]) => globalThis.begin(setting, size),
      [{ backend: shop.backend, shop: `${shop.sandbox}/shop/token` }, size],
    );
    await until("the first scene", () => page.evaluate(() => log.marks.some(({ mark }) => mark === 1)), { every: 100 });
    const before = await metrics(cdp, page);
    const ms = (scenes.reduce((sum, { frames }) => sum + Math.max(SHOWN, frames.length + 12) + 8, 0) / FPS) * 1000;
    await until("the end of the film", () => page.evaluate((end) => log.marks.some(({ mark }) => mark === end), END), {
      ms: ms + 20_000,
      every: 250,
    });
    const after = await metrics(cdp, page);
    const log = await page.evaluate(() => globalThis.log);
    return {
      ...judged(name, scenes, log),
      ...busy(before, after),
      paces,
      ready: log.firstFrame - log.marks[0].at,
      settings: log.settings,
      gzip: [...server.loaded.values()].reduce((a, b) => a + b, 0),
      problems,
    };
  } catch (error) {
    throw new Error(`${name}: ${error.message} ${problems.join("; ")}`);
  } finally {
    await context.close();
  }
}

/** Slows the page, and says how much slower a page and a worker are than before. */
async function throttle(page, cdp, rate) {
  const pace = async () => [await page.evaluate(() => pace(200)), await page.evaluate(() => workerPace(200))];
  const [page1, worker1] = await pace();
  await cdp.send("Emulation.setCPUThrottlingRate", { rate });
  const [page4, worker4] = await pace();
  return { page: page1 / page4, worker: worker1 / worker4 };
}

async function metrics(cdp, page) {
  const { metrics: list } = await cdp.send("Performance.getMetrics");
  const named = Object.fromEntries(list.map(({ name, value }) => [name, value]));
  const { frames, long } = await page.evaluate(async () => ({ frames: await looked(), long: log.long }));
  return { at: named.Timestamp, task: named.TaskDuration, script: named.ScriptDuration, frames, long };
}

function busy(before, after) {
  const wall = after.at - before.at;
  return {
    busy: (after.task - before.task) / wall,
    script: (after.script - before.script) / wall,
    fps: (after.frames - before.frames) / wall,
    long: after.long - before.long,
  };
}

/** From the frame in which a scene came to the first word of its code; null where none came while it was there. */
function judged(name, scenes, log) {
  const texts = new Set(scenes.map(({ text }) => text));
  const wrong = log.reads.filter(({ text }) => text !== null && !texts.has(text)).length;
  const times = scenes.map(({ nth, text, scene }) => {
    const came = log.marks.findIndex(({ mark }) => mark === nth + 1);
    if (came < 0) return { scene, digits: /^\d+$/.test(text), lost: true };
    const { at } = log.marks[came];
    const gone = log.marks[came + 1]?.at ?? Infinity;
    // The clock has no text: the first frame that the page hears of.
    const read = log.reads.find(
      (read) => read.at >= at && read.at < gone + 1000 && (name === "clock" || read.text === text),
    );
    return { scene, digits: /^\d+$/.test(text), ms: read ? read.at - at : null };
  });
  return { times, wrong };
}

function short({ times, busy, fps, long, ready, wrong, gzip, paces, settings, problems }) {
  const list = times
    .filter(({ ms }) => ms != null)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  const at = (part) => Math.round(list[Math.min(list.length - 1, Math.floor(list.length * part))]);
  return {
    p50: at(0.5),
    p95: at(0.95),
    missed: times.filter(({ ms }) => ms === null).length,
    lost: times.filter(({ lost }) => lost).length,
    wrong,
    busy: Math.round(busy * 1000) / 10,
    fps: Math.round(fps * 10) / 10,
    long,
    ready: Math.round(ready),
    gzip,
    paces,
    settings: `${settings.width}x${settings.height}@${settings.frameRate}`,
    problems,
  };
}

async function versions() {
  const names = ["zxing-wasm", "barcode-detector", "qr", "qr-scanner", "html5-qrcode"];
  const found = await Promise.all(
    names.map(async (name) => [name, JSON.parse(await readFile(join(packageFolder(name), "package.json"))).version]),
  );
  return Object.fromEntries(found);
}

if (!options["report-only"]) {
  await mkdir(results, { recursive: true });
  const server = await serve();
  const closers = [];
  try {
    const shop = await counter({ after: (close) => closers.push(close) }, { scale: 1, origins: [server.address] });
    const chosen = cells().filter(({ name }) => options.only.split(",").some((part) => name.includes(part)));
    for (const cell of chosen) await measureCell(cell, { server, counter: shop });
  } finally {
    for (const close of closers) await close();
    server.close();
  }
}
await report(results, {
  seed,
  order: cells().map(({ name }) => name),
  versions: await versions(),
  machine: `${cpus().length} cores (${cpus()[0].model.trim()})`,
});
for (const failure of failures) console.error(`failed: ${failure}`);
