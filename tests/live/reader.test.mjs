// From the camera to a code: each way of the frames, a reader that fails and is replaced, which readings are accepted,
// and the events meanwhile.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stage, until } from "./stage.mjs";

let all, plain;

before(async () => {
  all = await stage();
  plain = await all.browser();
});
after(() => all.close());

const CODE = "TNG-7Q2M-LIVE";
const NUMERIC = "281234567890123456";
const scanned = (page, options = {}) =>
  page.evaluate((options) => ends(till.scan({ timeoutMs: 20_000, ...options })), options);
const posted = (page) => page.evaluate(() => [...new Set(posted)]);
const problems = (page) =>
  page.evaluate(() => log.filter(({ type }) => type === "warning").map(({ detail }) => detail.code));

/** The package's worker, with a fault in the first one only. `lives` has its reports of the fault. */
const faulty = (fault) => `globalThis.lives = []; await kaunter.init({ worker: () => {
  const worker = new Worker("/worker.js?fault=" + encodeURIComponent(workers ? "none" : "${fault}"), { type: "module" });
  worker.addEventListener("message", ({ data }) => { if (data.at) lives.push(data); });
  return worker;
} });`;

const roads = [
  ["the browser's own stream of frames, handed to the worker", { must: "stream", never: ["frame", "pixels"] }],
  [
    "frames handed over one by one",
    { before: "delete globalThis.MediaStreamTrackProcessor", must: "frame", never: ["stream", "pixels"] },
  ],
  [
    "pixels that the page draws",
    {
      before: "delete globalThis.MediaStreamTrackProcessor; delete globalThis.VideoFrame",
      must: "pixels",
      never: ["stream", "frame"],
    },
  ],
  [
    "frames of a video that does not report them",
    {
      before:
        "delete globalThis.MediaStreamTrackProcessor; delete HTMLVideoElement.prototype.requestVideoFrameCallback",
      must: "frame",
      never: ["stream", "pixels"],
    },
  ],
  [
    "frames of an unknown format, drawn by the worker",
    { init: faulty("format"), must: "stream", never: ["frame", "pixels"] },
  ],
];
for (const [name, { must, never, ...how }] of roads) {
  test(`a code is read by ${name}`, async (t) => {
    await plain.look(NUMERIC);
    const page = await all.till(t, plain, how);
    const scan = (await scanned(page)).value;
    assert.equal(scan?.text, NUMERIC);
    const xs = scan.corners.map(({ x }) => x);
    assert.ok(Math.min(...xs) > 150 && Math.max(...xs) < 490, `in the middle of 640: ${xs}`);
    const types = await posted(page);
    assert.ok(types.includes(must) && never.every((type) => !types.includes(type)), types.join());
    assert.deepEqual([page.problems, await problems(page)], [[], []]);
  });
}

test("frames are read before the page has shown one, and left when nobody waits for the camera any more", async (t) => {
  await plain.look(CODE);
  // The page does not show this picture yet.
  const before = `globalThis.clones = [];
    const { clone } = MediaStreamTrack.prototype;
    MediaStreamTrack.prototype.clone = function () { clones.push(clone.call(this)); return clones.at(-1); };
    const width = Object.getOwnPropertyDescriptor(HTMLVideoElement.prototype, "videoWidth");
    Object.defineProperty(HTMLVideoElement.prototype, "videoWidth", { configurable: true, get: () => 0 });
    globalThis.unveil = () => Object.defineProperty(HTMLVideoElement.prototype, "videoWidth", width);`;
  const page = await all.till(t, plain, { before, init: faulty("none") });
  const begin = () =>
    page.evaluate(() => {
      globalThis.leaves = new AbortController();
      globalThis.scan = ends(till.scan({ timeoutMs: 20_000, signal: leaves.signal }));
    });
  await begin();
  await until("a frame is read", () => page.evaluate(() => lives.length === 1));
  assert.equal(await page.evaluate(() => till.state), "starting");
  await page.evaluate(async () => {
    leaves.abort(new Error("gone"));
    await scan;
  });
  await until("it is left", () =>
    page.evaluate(() => posted.includes("leave") && clones.every(({ readyState }) => readyState === "ended")),
  );
  assert.equal(await page.evaluate(() => track().readyState), "ended");
  await begin();
  await until("it asks again", () => page.evaluate(() => asked.length === 2));
  await page.evaluate(() => unveil());
  assert.equal((await page.evaluate(() => scan)).value?.text, CODE);
  assert.deepEqual([page.problems, await problems(page)], [[], []]);
});

for (const [why, worker] of [
  ["is told to start none", "false"],
  ["finds no worker's script", '"/gone.js"'],
]) {
  test(`a page that ${why} reads on its own thread, and a trap there leaves the till and later pictures alone`, async (t) => {
    await plain.look(NUMERIC);
    const page = await all.till(t, plain, {
      init: `
    await kaunter.init({ worker: ${worker} });
    globalThis.early = await kaunter.Reader.load();
    const { LiveReader } = await import("/pkg/wasm/reader.js");
    const read = LiveReader.prototype.readPixels;
    let frames = 0;
    LiveReader.prototype.readPixels = function (...given) {
      if (++frames === 1) this.__wbg_ptr = 0xfffffff0; // an address outside the memory: a real trap
      return read.apply(this, given);
    };`,
    });
    assert.equal((await scanned(page)).value?.text, NUMERIC);
    // One warning for the trap, and one for a worker that could not start.
    assert.deepEqual(await problems(page), worker === "false" ? ["worker_failed"] : ["worker_failed", "worker_failed"]);
    const [started, minor, read, codes] = await page.evaluate(async () => [
      workers,
      kaunter.parseMoney("12.50", "MYR").minor,
      early.read({ data: new Uint8Array(400 * 300), width: 400, height: 300 }).length,
      (await kaunter.decode(new ImageData(64, 64))).length,
    ]);
    assert.equal(started, worker === "false" ? 0 : 1);
    assert.deepEqual([minor, read, codes], [1250, 0, 0], "the till's module works, and so does a fresh reader");
    assert.equal((await scanned(page)).value?.text, NUMERIC, "the next scan");
  });
}

test("a worker of another origin reads", async (t) => {
  await plain.look(NUMERIC);
  const elsewhere = `location.origin.replace("127.0.0.1", "localhost") + "/pkg/wasm/worker.js"`;
  const page = await all.till(t, plain, { init: `await kaunter.init({ worker: ${elsewhere} });` });
  assert.equal((await scanned(page)).value?.text, NUMERIC);
  assert.deepEqual([await page.evaluate(() => workers), page.problems, await problems(page)], [1, [], []]);
  assert.ok((await posted(page)).includes("stream"));
});

for (const [what, worker, reason] of [
  ["does not load", "/gone.js", /The worker http:\/\/127[^ ]+\/gone\.js did not load\./],
  ["never answers", "data:text/javascript,", /The worker data:text\/javascript, did not answer\./],
]) {
  test(`a worker that ${what} is named once, and the page reads within seconds`, async (t) => {
    await plain.look(NUMERIC);
    const page = await all.till(t, plain, { init: `await kaunter.init({ worker: "${worker}" });` });
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    const causes = page.evaluate(
      () => new Promise((tell) => till.addEventListener("warning", ({ detail }) => tell(detail.cause.message))),
    );
    const { value } = await scanned(page, { timeoutMs: 12_000 });
    assert.equal(value?.text, NUMERIC);
    assert.match(await causes, reason);
    assert.equal(said.filter((text) => reason.test(text)).length, 1, said.join());
    assert.deepEqual(await problems(page), ["worker_failed"]);
  });
}

test("a picture on which the reader traps gives an error, and the next one is read", async (t) => {
  const page = await all.till(t, plain);
  const [code, retryable, next, minor] = await page.evaluate(async () => {
    const { Reader } = await import("/pkg/wasm/reader.js");
    const read = Reader.prototype.readBitmap;
    Reader.prototype.readBitmap = function (...given) {
      Reader.prototype.readBitmap = read;
      this.__wbg_ptr = 0xfffffff0;
      return read.apply(this, given);
    };
    const picture = () => kaunter.decode(new ImageData(64, 64));
    const { code, retryable } = await picture().catch((error) => error);
    return [code, retryable, (await picture()).length, kaunter.parseMoney("12.50", "MYR").minor];
  });
  assert.deepEqual([code, retryable, next, minor], ["worker_failed", true, 0, 1250]);
});

/** The package's files that a till's page has fetched. */
const fetched = (page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => /wasm$|worker\.js$/.test(path))
      .sort(),
  );

test("a page that does not scan loads no reader, warmUp loads it, and a scan loads it once", async (t) => {
  await plain.look(CODE);
  const served = all.served.length;
  const page = await all.till(t, plain);
  await page.evaluate(async () => (await till.listTrades({ ref: "S-1" })).trades);
  assert.deepEqual(await fetched(page), ["/pkg/wasm/till.wasm"]);
  assert.ok(!all.served.slice(served).some((path) => /reader\.wasm|worker\.js/.test(path)));
  await page.evaluate(() => till.camera.warmUp());
  const both = ["/pkg/wasm/reader.wasm", "/pkg/wasm/till.wasm"];
  const modules = async () => (await fetched(page)).filter((path) => path.endsWith("wasm"));
  assert.deepEqual(await modules(), both);
  assert.ok(all.served.slice(served).includes("/pkg/wasm/worker.js"));
  assert.equal((await scanned(page)).value?.text, CODE);
  assert.deepEqual(await modules(), both);

  const cold = await all.till(t, plain);
  assert.equal((await scanned(cold)).value?.text, CODE, "without warmUp");
  assert.deepEqual(
    (await fetched(cold)).filter((path) => path.endsWith("wasm")),
    both,
  );
});

test("a page that only reads pictures loads no till", async (t) => {
  const context = await plain.browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(all.origin);
  const length = await page.evaluate(async () => {
    const { decode, Reader } = await import("/pkg/reader.js");
    const reader = await Reader.load();
    return (
      reader.read({ data: new Uint8Array(100), width: 10, height: 10 }).length +
      (await decode(new ImageData(64, 64))).length
    );
  });
  assert.equal(length, 0);
  assert.deepEqual(await fetched(page), ["/pkg/wasm/reader.wasm"]);
});

test("a reader that could not be loaded is loaded by the next scan, and a worker runs it", async (t) => {
  await plain.look(CODE);
  const page = await all.till(t, plain, {
    before: `const real = fetch;
      globalThis.fetch = (address, ...more) => {
        if (!String(address).endsWith("reader.wasm")) return real(address, ...more);
        globalThis.tries = (globalThis.tries ?? 0) + 1;
        return tries <= 4 ? Promise.reject(new TypeError("the network is gone")) : real(address, ...more);
      };`,
  });
  const failed = await page.evaluate(() => till.scan().catch(({ code, cause }) => [code, cause?.code]));
  assert.deepEqual(failed, ["worker_failed", "module_load_failed"]);
  assert.equal((await scanned(page)).value?.text, CODE);
  assert.ok((await posted(page)).includes("stream"), "a worker reads");
});

for (const fault of ["trap", "hang", "hang when drawn", "hang with a frame open"]) {
  test(`a worker that dies (${fault}) is replaced, and the scan goes on`, async (t) => {
    await plain.look(null);
    const page = await all.till(t, plain, { init: faulty(fault) });
    await page.evaluate(() => {
      globalThis.scan = ends(till.scan({ timeoutMs: 20_000 }));
    });
    await until("it died", async () => (await problems(page)).includes("worker_failed"));
    await until("another reads", () => page.evaluate(() => lives.length === 3));
    const [fell, told, reads] = await page.evaluate(() => {
      const at = (type) => lives.findLast((life) => life.type === type).at;
      return [at("faults"), performance.timeOrigin + log.find(({ type }) => type === "warning").at, at("reads")];
    });
    t.diagnostic(
      `noticed after ${Math.round(told - fell)} ms, and the next one read a frame ${Math.round(reads - told)} ms later`,
    );
    assert.ok(
      told - fell < 1_500,
      "a hang is noticed when it has lasted 600 ms, or ten times as long as a frame takes",
    );
    // While the old worker has a frame open, Chromium gives the next worker no frames for two seconds. It waits 300 ms,
    // and then the page sends the frames.
    assert.ok(reads - told < (fault.endsWith("open") ? 1_000 : 500), "and the next one reads half a second later");
    assert.equal(await page.evaluate(() => workers), 2);
    assert.equal(await page.evaluate(() => till.state), "scanning");
    await plain.look(CODE);
    assert.equal((await page.evaluate(() => scan)).value?.text, CODE);
    assert.equal(await page.evaluate(() => asked.length), 1, "with the same camera");
    assert.equal(await page.evaluate(() => kaunter.parseMoney("12.50", "MYR").minor), 1250, "and the till works");
  });
}

test("a code is offered once in a scan, however long it is held there", async (t) => {
  await plain.look(NUMERIC);
  const page = await all.till(t, plain);
  const seen = await page.evaluate(async () => {
    const leave = new AbortController();
    let offered = 0;
    const end = ends(
      till.scan({
        signal: leave.signal,
        accept: () => {
          offered++;
          return false;
        },
      }),
    );
    while (offered === 0) await new Promise((done) => setTimeout(done, 10));
    const video = document.createElement("video");
    Object.assign(video, { muted: true, srcObject: streams[0] });
    document.body.append(video);
    await video.play();
    for (let frames = 0; frames < 45; frames++) await new Promise((done) => video.requestVideoFrameCallback(done));
    leave.abort(new Error("enough"));
    return [offered, (await end).error.message];
  });
  assert.deepEqual(seen, [1, "enough"]);
});

test("a code that is too small, and a counter in the dark: one hint each, cleared at the end", async (t) => {
  // Modules of a whole pixel would be read. The code moves as in a hand: a code that does not move is the shop's, and
  // gets no hint.
  await plain.look(CODE, { module: 0.8, shake: 12 });
  const page = await all.till(t, plain);
  const misses = () => page.evaluate(() => log.filter(({ type }) => type === "hint").map(({ detail }) => detail.hint));
  await page.evaluate(() => {
    globalThis.scan = ends(till.scan({ timeoutMs: 20_000 }));
  });
  await until("it says so", async () => (await misses()).includes("closer"));
  await plain.look(null, { black: true });
  await until("and the other", async () => (await misses()).at(-1) === "dark");
  await plain.look(CODE);
  assert.equal((await page.evaluate(() => scan)).value?.text, CODE);
  const said = await misses();
  assert.equal(said.at(-1), null, said.join());
  assert.ok(
    said.every((hint, at) => hint !== said[at - 1]),
    `only on change: ${said}`,
  );
  const times = await page.evaluate(() =>
    log.filter(({ type, detail }) => type === "hint" && detail.hint).map(({ at }) => at),
  );
  assert.ok(
    times.every((time, at) => at === 0 || time - times[at - 1] >= 990),
    `at most once a second: ${times}`,
  );
});

test("only the region is read", async (t) => {
  await plain.look(CODE);
  const right = await all.till(t, plain, { options: "camera: { region: { x: 0.8, y: 0, width: 0.2, height: 1 } }" });
  assert.equal((await scanned(right, { timeoutMs: 700 })).error?.code, "scan_timeout");
  const middle = await all.till(t, plain, {
    options: "camera: { region: { x: 0.2, y: 0.1, width: 0.6, height: 0.8 } }",
  });
  const scan = (await scanned(middle)).value;
  assert.equal(scan?.text, CODE);
  const xs = scan.corners.map(({ x }) => x);
  assert.ok(Math.min(...xs) > 150 && Math.max(...xs) < 490, `places are the whole picture's: ${xs}`);
});

test("no more frames are read than the caller allows", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain, {
    before: "delete globalThis.MediaStreamTrackProcessor",
    options: "camera: { maxScansPerSecond: 4 }",
  });
  const read = await page.evaluate(async () => {
    const end = ends(till.scan({ timeoutMs: 2_000 }));
    await end;
    return posted.filter((type) => type === "frame").length;
  });
  assert.ok(read >= 3 && read <= 9, `${read} frames in two seconds`);
});

test("during a scan, the page's own thread is almost idle", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain, {
    before:
      "globalThis.long = []; new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })",
  });
  await page.evaluate(() => {
    globalThis.scan = ends(till.scan({ timeoutMs: 30_000 }));
  });
  await until("it scans", () => page.evaluate(() => till.state === "scanning" && track().readyState === "live"));
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const measured = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  await page.evaluate(() => {
    long.length = 0;
  });
  const first = await measured();
  await page.evaluate(async () => {
    const began = performance.now();
    while (performance.now() - began < 3_000) await new Promise((done) => setTimeout(done, 500));
  });
  const last = await measured();
  const busy = ((last.TaskDuration - first.TaskDuration) / (last.Timestamp - first.Timestamp)) * 100;
  t.diagnostic(`main thread busy ${busy.toFixed(1)} %; long tasks: ${JSON.stringify(await page.evaluate(() => long))}`);
  assert.ok(busy < 6, `main thread busy ${busy.toFixed(1)} %`);
  const messages = await page.evaluate(() => posted.filter((type) => type === "frame" || type === "pixels").length);
  assert.equal(messages, 0, "no frame went through the page");
  await page.evaluate(() => till.camera.release());
});

/** A worker that reads nothing, and sends the test's readings: `tell(text, confirmed)`, also for an older scan. */
const puppet = `const script = ${"`"}
    let scan = null, frames = 0;
    const say = (more) => postMessage({ scan, frames, tookMs: 1, hint: null, ...more });
    onmessage = ({ data }) => {
      if (data.type === "init") say({ type: "ready", version: "\${kaunter.version}" });
      if (data.type === "scan" && scan !== data.scan) {
        if (scan === null) setInterval(() => { frames++; say({ type: "pulse" }); }, 50);
        scan = data.scan;
      }
      if (data.type === "tell") say({ type: "read", id: null, pauseMs: 0, readings: [data.reading], scan: scan - data.age });
    };${"`"};
  globalThis.worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  globalThis.tell = (text, confirmed = false, age = 0) => {
    const corners = [[0, 0], [9, 0], [9, 9], [0, 9]].map(([x, y]) => ({ x, y }));
    const reading = { text, bytes: new TextEncoder().encode(text), eci: null, corners, confirmed, arrived: false };
    worker.postMessage({ type: "tell", reading, age });
  };
  await kaunter.init({ worker: () => worker });`;

test("the till's gate needs two equal readings: bare digits pass on the second one, or on one that a frame confirmed, and each code passes once per scan", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain, { init: puppet });
  /** The codes that `accept` gets of these readings. The last code has letters, so it passes at once and marks the end. */
  const offered = (readings, end) =>
    page.evaluate(
      async ([readings, end]) => {
        const offered = [];
        const scan = ends(till.scan({ timeoutMs: 20_000, accept: ({ text }) => offered.push(text) && text === end }));
        while (till.state !== "scanning") await new Promise((done) => setTimeout(done, 10));
        for (const reading of [...readings, [end]]) {
          tell(...reading);
          // Each is a picture of its own: codes that are told together count as seen together (rule 49).
          const heard = new Promise((done) =>
            worker.addEventListener("message", ({ data }) => data.type === "read" && done()),
          );
          await heard;
          await new Promise((done) => setTimeout(done, 20));
        }
        await scan;
        return offered;
      },
      [readings, end],
    );
  const [one, other] = [NUMERIC, NUMERIC.replace(/6$/, "7")];
  assert.deepEqual(await offered([[one], [other]], "END-1"), ["END-1"], "two readings that differ");
  assert.deepEqual(await offered([[one]], "END-2"), ["END-2"], "a reading of the scan before does not count");
  assert.deepEqual(await offered([[one], [other], [one], [one]], "END-3"), [one, "END-3"]);
  assert.deepEqual(
    await offered(
      [
        [one, true],
        [one, true],
      ],
      "END-4",
    ),
    [one, "END-4"],
    "a frame confirmed it",
  );
  assert.deepEqual(await offered([["TNG-1"], ["TNG-1"]], "END-5"), ["TNG-1", "END-5"], "letters");
  assert.deepEqual(await offered([[one], [one, false, 1]], "END-6"), ["END-6"], "the second is of an older scan");
  assert.deepEqual([page.problems, await problems(page)], [[], []]);
});

test("the reader's module sends a code twice, or once if one frame confirmed it", async (t) => {
  const page = await all.till(t, plain);
  const drawn = async (text, worn = []) => {
    const QRCode = (await import("qrcode")).default;
    const { modules } = QRCode.create(text, { errorCorrectionLevel: "M" });
    const dark = Array.from(modules.data);
    for (const [x, y] of worn) dark[y * modules.size + x] ^= 1;
    return { size: modules.size, dark };
  };
  // One wrong module in each of four codewords: the most that version 1 corrects at this level.
  const worn = [
    [20, 20],
    [20, 16],
    [20, 12],
    [18, 9],
  ];
  const read = await page.evaluate(
    async (codes) => {
      const { LiveReader } = await import("/pkg/wasm/reader.js");
      await (await import("/pkg/reader.js")).Reader.load();
      const passed = [];
      for (const { size, dark } of codes) {
        const reader = new LiveReader();
        reader.scan([0, 0, 1, 1], 30);
        const frame = () => {
          const data = new Uint8Array(320 * 240 * 1.5).fill(200);
          for (let y = 0; y < size * 4; y++)
            for (let x = 0; x < size * 4; x++) if (dark[(y >> 2) * size + (x >> 2)]) data[(y + 40) * 320 + x + 60] = 20;
          return new VideoFrame(data, { format: "I420", codedWidth: 320, codedHeight: 240, timestamp: 0 });
        };
        const one = frame();
        const evidence = async (frame) => (await reader.readFrame(frame)).map(({ confirmed }) => confirmed);
        const told = [await evidence(one), await evidence(frame()), await evidence(frame())];
        passed.push([...told, one.format]);
      }
      return passed;
    },
    await Promise.all([drawn(NUMERIC), drawn(NUMERIC, worn), drawn(CODE)]),
  );
  assert.deepEqual(
    read,
    [
      [[true], [], [], null],
      [[false], [false], [], null],
      [[false], [false], [], null],
    ],
    "and the frame is closed",
  );
});
