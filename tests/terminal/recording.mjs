// `cargo xtask recording`: takes two sales in the demo's page as a visitor does, and writes docs/demo.gif.

import { spawnSync } from "node:child_process";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../consumers/serve.mjs";
import { Visitor } from "./visitor.mjs";

const { KAUNTER_DEMO_PAGE: folder, KAUNTER_OUT: out, CHROMIUM: executablePath } = process.env;
const recording = fileURLToPath(new URL("../../docs/demo.gif", import.meta.url));
const SIZE = { width: 1280, height: 925 };
/** What a README shows without making it smaller. */
const WIDTH = 800;
const FPS = 6;
const MAX_BYTES = 1_000_000;
/** How long a person looks before the next step, and the last picture stays. */
const [LOOK_MS, LAST_S] = [900, 3];
const MOVE_MS = 500;

const frames = join(out, "frames");
await rm(frames, { recursive: true, force: true });
await mkdir(frames, { recursive: true });
const stop = await serve(folder, 0);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: SIZE, colorScheme: "light", locale: "en-MY" });
// Without the camera's grain, which is drawn at random places: it would be most of the file.
await context.addInitScript(() => {
  Math.random = () => 0.5;
});
const page = await context.newPage();
const visitor = new Visitor(page);
const look = (ms = LOOK_MS) => page.waitForTimeout(ms);

/** The pointer, which no picture of a page contains. */
async function showPointer() {
  await page.evaluate(() => {
    const made = Object.assign(new Image(), { id: "pointer", alt: "" });
    const arrow = "M2 1v20l5.5-5 3.5 8 3.5-1.5-3.5-8H19z";
    made.src = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 26" width="26"><path d="${arrow}" stroke="#fff" stroke-width="1.6"/></svg>`)}`;
    Object.assign(made.style, { position: "fixed", left: 0, top: 0, zIndex: 9, pointerEvents: "none" });
    document.body.append(made);
  });
}

let at = [640, 300];
/** Moves the pointer as a hand does, in the same time on a busy machine. */
async function move([x, y], ms = MOVE_MS) {
  const [fromX, fromY] = at;
  const began = performance.now();
  for (let share = 0; share < 1; ) {
    share = Math.min((performance.now() - began) / ms, 1);
    const eased = share * share * (3 - 2 * share);
    at = [fromX + (x - fromX) * eased, fromY + (y - fromY) * eased];
    await page.mouse.move(...at);
    await page.evaluate(([x, y]) => {
      document.getElementById("pointer").style.translate = `${x - 2}px ${y - 1}px`;
    }, at);
  }
}
async function middle(locator) {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
}
async function click(locator) {
  await move(await middle(locator));
  await page.mouse.down();
  await page.mouse.up();
}
async function drag(from, to) {
  await move(from);
  await page.mouse.down();
  await move(to, 2 * MOVE_MS);
  await page.mouse.up();
}

async function perform() {
  await look();
  await click(visitor.till.locator("#primary"));
  await visitor.screen("scan", "scanning");
  await look();
  const [x, y] = await middle(page.locator("#picture"));
  await drag([x + 225, y + 20], [x, y + 10]);
  await page.waitForSelector("#guide.seen");
  await look(2 * LOOK_MS);
  await click(page.locator('[data-story="tab"]'));
  await visitor.screen("ready", "ready");
  await look();
  await click(visitor.till.locator("#primary"));
  await visitor.screen("scan", "scanning");
  await click(page.locator("#hold-up"));
  await page.waitForSelector("#guide.seen");
  // Until the last picture has come.
  await look();
}

/** Records while `act` runs. Gives each picture's file with its time in seconds. */
async function record(act) {
  const client = await context.newCDPSession(page);
  const taken = [];
  const writing = [];
  client.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
    const file = join(frames, `${String(taken.length).padStart(5, "0")}.png`);
    taken.push({ file, at: metadata.timestamp });
    writing.push(writeFile(file, Buffer.from(data, "base64")));
    client.send("Page.screencastFrameAck", { sessionId }).catch(() => {});
  });
  await client.send("Page.startScreencast", { format: "png" });
  await act();
  await client.send("Page.stopScreencast");
  await Promise.all(writing);
  // Chromium may send a picture after a newer one.
  return taken.sort((one, other) => one.at - other.at);
}

/** Joins the pictures, each for as long as it was seen. */
async function encode(taken) {
  const lines = taken.map(({ file, at }, index) => {
    const next = taken[index + 1];
    return `file '${file}'\nduration ${(next ? next.at - at : LAST_S).toFixed(3)}`;
  });
  const list = join(out, "frames.txt");
  await writeFile(list, ["ffconcat version 1.0", ...lines, `file '${taken.at(-1).file}'`, ""].join("\n"));
  const small = `fps=${FPS},scale=${WIDTH}:-1:flags=area`;
  const colours = "split[a][b];[a]palettegen=max_colors=48[p];[b][p]paletteuse=dither=none:diff_mode=rectangle";
  const args = [
    "-y",
    "-loglevel",
    "error",
    "-f",
    "concat",
    "-safe",
    "0",
    "-i",
    list,
    "-vf",
    `${small},${colours}`,
    recording,
  ];
  const { status } = spawnSync("ffmpeg", args, { stdio: "inherit" });
  if (status !== 0) throw new Error("ffmpeg could not write the recording");
}

try {
  await page.goto(`http://127.0.0.1:${stop.port}/`);
  await visitor.screen("ready", "ready");
  await showPointer();
  await move(at, 0);
  const taken = await record(perform);
  await encode(taken);
  const { size } = await stat(recording);
  console.log(`docs/demo.gif has ${size} bytes, from ${taken.length} pictures`);
  if (size > MAX_BYTES) throw new Error(`the recording is larger than ${MAX_BYTES} bytes`);
} finally {
  await browser.close();
  stop();
}
