// As many frames as in eight hours at a counter: the memory of the module and of JavaScript does not grow. What a scan
// opened is closed, whenever it ends.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import QRCode from "qrcode";
import { until } from "../terminal/harness.mjs";
import { stage } from "./stage.mjs";

const WARM_UP = 1_000;
const FRAMES = 20_000;
const MOST_GROWTH = 1024 * 1024;

let all;
before(async () => {
  all = await stage();
});
after(() => all.close());

test(`after ${WARM_UP} frames, ${FRAMES} more leave the memory as it is`, async (t) => {
  const plain = await all.browser({ args: ["--js-flags=--expose-gc"] });
  const page = await all.till(t, plain);
  const { modules } = QRCode.create("281234567890123456", { errorCorrectionLevel: "M" });
  await page.evaluate(
    async ({ size, dark }) => {
      const glue = await import("/pkg/wasm/reader.js?memory");
      const { memory } = await glue.default({ module_or_path: "/pkg/wasm/reader.wasm" });
      const reader = new glue.LiveReader();
      // Frames with and without a code, of two sizes, in two formats, as cameras change them; pixels once in a while.
      const pictures = [
        [320, 240, "I420"],
        [320, 240, "NV12"],
        [640, 480, "I420"],
      ].map(([width, height, format]) => {
        const data = new Uint8Array(width * height * 1.5).fill(200);
        for (let at = 0; at < width * height; at++) data[at] += (at * 2654435761) >>> 29;
        const empty = data.slice();
        for (let y = 0; y < size * 4; y++)
          for (let x = 0; x < size * 4; x++) if (dark[(y >> 2) * size + (x >> 2)]) data[(y + 40) * width + x + 60] = 20;
        return { init: { format, codedWidth: width, codedHeight: height, timestamp: 0 }, data: [data, empty] };
      });
      const pixels = new Uint8Array(160 * 120 * 4).fill(180).buffer;
      globalThis.feed = async (frames) => {
        // A code that stays in the picture is told again, so customers are counted and not readings.
        const customers = new Set();
        for (let frame = 0; frame < frames; frame++) {
          if (frame % 500 === 0) reader.scan([0, 0, 1, 1], 30); // the next customer
          if (frame % 100 === 99) reader.readPixels(pixels, 160, 120);
          const { init, data } = pictures[frame % 20 === 0 ? 2 : frame % 2];
          const readings = await reader.readFrame(new VideoFrame(data[frame % 3 ? 1 : 0], init));
          if (readings.length > 0) customers.add(Math.floor(frame / 500));
          reader.hint();
        }
        return customers.size;
      };
      globalThis.moduleBytes = () => memory.buffer.byteLength;
    },
    { size: modules.size, dark: Array.from(modules.data) },
  );
  const session = await page.context().newCDPSession(page);
  const measure = async () => {
    for (let times = 0; times < 3; times++) await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return { heap: usedSize, module: await page.evaluate(() => moduleBytes()) };
  };
  assert.equal(await page.evaluate((frames) => feed(frames), WARM_UP), 2, "a code of each of two customers");
  const warm = await measure();
  const began = performance.now();
  assert.equal(await page.evaluate((frames) => feed(frames), FRAMES), 40);
  const late = await measure();
  t.diagnostic(
    `module ${warm.module} bytes, then ${late.module}; heap ${warm.heap}, then ${late.heap}; ${((performance.now() - began) / FRAMES).toFixed(2)} ms a frame`,
  );
  assert.equal(late.module, warm.module);
  assert.ok(late.heap - warm.heap <= MOST_GROWTH, `the heap grew by ${late.heap - warm.heap} bytes`);
  assert.deepEqual(page.problems, []);
});

test("a scan that is given up and a camera that is released leave no frame open, and a closed till leaves no worker", async (t) => {
  const plain = await all.browser({ args: ["--js-flags=--expose-gc"] });
  const page = await all.till(t, plain);
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  const ends = async (end) => {
    // Each scan ends somewhat later: while the camera starts, while the worker starts, or while it reads.
    for (let turn = 0; turn < 5; turn++) {
      await page.evaluate(
        async ({ end, pause }) => {
          if (till.state === "closed") globalThis.till = await openTill();
          globalThis.leaves = new AbortController();
          const scan = globalThis.ends(till.scan({ timeoutMs: 20_000, signal: leaves.signal }));
          const began = performance.now();
          while (performance.now() < began + pause) await new Promise((next) => requestAnimationFrame(next));
          await new Function("till", "leaves", `return ${end}`)(till, leaves);
          await scan;
          gc();
        },
        { end, pause: turn * 60 },
      );
    }
  };
  await ends("leaves.abort()");
  await ends("till.camera.release()");
  // Chromium reports frames that it collected open every ten seconds, on the console of their thread.
  await page.evaluate(() => new Promise((next) => setTimeout(() => next(gc()))));
  const reported = performance.now() + 11_000;
  await until("the browser would have said it", () => performance.now() > reported);
  assert.deepEqual(said, []);
  await ends("till.close()");
  await until("no worker is left", () => page.workers().length === 0);
  assert.deepEqual(page.problems, []);
});
