// The camera in Chromium, which plays a file as its camera. After each trouble of real counters the scan goes on or
// rejects with its cause. The browser's own getUserMedia answers, except where a test needs a camera that test machines
// do not have.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import QRCode from "qrcode";
import { picture } from "./drawn.js";
import { stage, until } from "./stage.mjs";

let all, plain;

before(async () => {
  all = await stage();
  plain = await all.browser();
});
after(() => all.close());

const CODE = "TNG-7Q2M-LIVE";
const scanned = (page) => page.evaluate(() => ends(till.scan({ timeoutMs: 20_000 })));
const told = (page) =>
  page.evaluate(() =>
    log
      .filter(({ type }) => type === "camera")
      .map(({ detail }) => [detail.status, detail.reason].filter(Boolean).join(" ")),
  );
const asked = (page) => page.evaluate(() => asked.length);

/** Starts a scan and waits until frames are read; \`done()\` is its end. */
async function begin(page, options = "{ timeoutMs: 30_000 }") {
  await page.evaluate(`void (globalThis.scan = ends(till.scan(${options})))`);
  await until("it scans", () => page.evaluate(() => till.state === "scanning"));
  return { done: () => page.evaluate(() => scan) };
}

test("two starts, one camera; and a scan finds it warm", async (t) => {
  await plain.look(CODE);
  const page = await all.till(t, plain);
  await page.evaluate(() => Promise.all([till.camera.warmUp(), till.camera.warmUp()]));
  assert.equal((await scanned(page)).value?.text, CODE);
  assert.equal(await asked(page), 1);
  assert.deepEqual(await told(page), ["prompt", "live"].slice(-(await told(page)).length));
  assert.deepEqual(page.problems, []);
});

test("two tills of one page ask for a camera one after the other, also if the first till is gone", async (t) => {
  await plain.look(CODE);
  const page = await all.till(t, plain);
  await page.evaluate(() => {
    plan.push(
      (ask) =>
        new Promise((resolve) => {
          globalThis.allow = () => resolve(ask());
        }),
    );
    const leaves = new AbortController();
    globalThis.left = ends(till.scan({ signal: leaves.signal }));
    globalThis.leave = () => leaves.abort(new Error("gone"));
  });
  await until("the question is open", async () => (await asked(page)) === 1);
  await page.evaluate(async () => {
    leave();
    await left;
    globalThis.other = await openTill();
    globalThis.both = [ends(till.scan()), ends(other.camera.warmUp())];
  });
  assert.equal(await asked(page), 1, "nobody else asks while a question is open");
  await page.evaluate(() => allow());
  const [scan, warm] = await page.evaluate(() => Promise.all(both));
  assert.equal(scan.value?.text, CODE);
  assert.equal(warm.error, undefined);
  assert.equal(await page.evaluate(() => track(0).readyState), "ended", "the stream that nobody waited for is stopped");
});

test("released while it starts: the start says so at once, and the stream that comes later is stopped", async (t) => {
  const page = await all.till(t, plain);
  const end = await page.evaluate(async () => {
    plan.push(
      (ask) =>
        new Promise((resolve) => {
          globalThis.allow = () => resolve(ask());
        }),
    );
    const warm = ends(till.camera.warmUp());
    while (asked.length === 0) await new Promise((done) => setTimeout(done));
    await till.camera.release();
    return warm;
  });
  assert.equal(end.error?.code, "camera_interrupted");
  await page.evaluate(() => allow());
  await until("the late stream is stopped", () => page.evaluate(() => track()?.readyState === "ended"));
  await page.evaluate(() => till.camera.warmUp());
  assert.equal(await page.evaluate(() => track().readyState), "live", "and the next start is a fresh one");
});

test("a scan ends with an error when the camera is released", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain);
  const { done } = await begin(page);
  await page.evaluate(() => till.camera.release());
  assert.equal((await done()).error?.code, "camera_interrupted");
  assert.equal(await page.evaluate(() => track().readyState), "ended");
  assert.equal((await told(page)).at(-1), "released");
});

test("a camera that nobody uses goes off by itself, and comes back", async (t) => {
  const page = await all.till(t, plain, { options: "camera: { idleReleaseMs: 200 }" });
  await page.evaluate(() => till.camera.warmUp());
  await until("it is off", () => page.evaluate(() => track().readyState === "ended"));
  assert.equal((await told(page)).at(-1), "released");
  await page.evaluate(() => till.camera.warmUp());
  assert.equal(await asked(page), 2);
});

test("muted for two seconds: the camera is opened again, and the scan goes on", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain);
  const { done } = await begin(page);
  await page.evaluate(() => {
    Object.defineProperty(track(), "muted", { get: () => true });
    track().dispatchEvent(new Event("mute"));
  });
  await until("it asks again", async () => (await asked(page)) === 2);
  await plain.look(CODE);
  assert.equal((await done()).value?.text, CODE);
  assert.equal(await asked(page), 2);
  assert.equal(await page.evaluate(() => track(0).readyState), "ended");
  const statuses = await told(page);
  assert.ok(statuses.includes("muted camera_interrupted") && statuses.at(-1) === "live", statuses.join());
});

test("ended during a scan: the camera is opened again, and the scan goes on", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain);
  const { done } = await begin(page);
  await page.evaluate(() => {
    track().stop();
    track().dispatchEvent(new Event("ended"));
  });
  await until("it asks again", async () => (await asked(page)) === 2);
  await plain.look(CODE);
  assert.equal((await done()).value?.text, CODE);
  assert.ok((await told(page)).includes("ended camera_interrupted"));
});

test("unplugged during a scan without another camera: the scan ends with an error", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain);
  const { done } = await begin(page);
  await page.evaluate(() => {
    for (let more = 0; more < 12; more++) plan.push(refuse("NotFoundError"));
    navigator.mediaDevices.enumerateDevices = async () => [];
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });
  assert.equal((await done()).error?.code, "camera_not_found");
});

test("unplugged while no scan runs: an event tells it, and the camera is released", async (t) => {
  const page = await all.till(t, plain);
  await page.evaluate(() => till.camera.warmUp());
  await page.evaluate(() => {
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });
  assert.equal(
    await page.evaluate(async () => (await till.camera.list()).length && track().readyState),
    "live",
    "another device came or went: nothing of ours",
  );
  await page.evaluate(() => {
    navigator.mediaDevices.enumerateDevices = async () => [];
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });
  await until("it is let go", () => page.evaluate(() => track().readyState === "ended"));
  assert.equal((await told(page)).at(-1), "ended camera_interrupted");
});

test("a picture that freezes: the camera is opened again once, and then the scan ends with an error", async (t) => {
  await plain.look(CODE);
  const page = await all.till(t, plain);
  await page.evaluate(() => plan.push(frozen));
  assert.equal((await scanned(page)).value?.text, CODE, "the fresh one shows something");
  assert.equal(await asked(page), 2);
  await page.evaluate(async () => {
    await till.camera.release();
    plan.push(frozen, frozen);
  });
  assert.equal((await scanned(page)).error?.code, "camera_interrupted", "both froze");
  assert.equal(await asked(page), 4);
});

test("a hidden page reads nothing and keeps its track; seen again, it goes on", async (t) => {
  await plain.look(null);
  const page = await all.till(t, plain);
  const { done } = await begin(page);
  const frames = () => page.evaluate(() => posted.filter((type) => type === "scan").length);
  const hide = (hidden) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const looks = await frames();
  await hide(true);
  assert.equal(await page.evaluate(() => posted.at(-1)), "pause", "the worker hears of it at once");
  assert.equal(await page.evaluate(() => track().readyState), "live");
  await hide(false);
  await until("it looks again", async () => (await frames()) > looks);
  assert.equal(await asked(page), 1, "with the same camera");
  await page.evaluate(() => till.camera.release());
  await done();
});

test("a camera that is busy for a moment is tried again after half a second", async (t) => {
  const page = await all.till(t, plain);
  await page.evaluate(() => plan.push(refuse("NotReadableError")));
  assert.equal((await page.evaluate(() => ends(till.camera.warmUp()))).error, undefined);
  assert.equal(
    await page.evaluate(() => JSON.stringify(asked[0]) === JSON.stringify(asked[1])),
    true,
    "the same question",
  );
  assert.equal(await asked(page), 2);
});

test("a camera that stays busy has its own error, after smaller pictures were tried", async (t) => {
  const page = await all.till(t, plain);
  await page.evaluate(() => {
    for (let more = 0; more < 12; more++) plan.push(refuse("NotReadableError"));
  });
  const end = await page.evaluate(() => ends(till.camera.warmUp()));
  assert.equal(end.error?.code, "camera_in_use");
  const sizes = await page.evaluate(() => asked.map(({ video }) => video.width?.ideal ?? 0));
  assert.deepEqual(sizes, [1280, 1280, 1024, 640, 0]);
});

test("a camera that has only small pictures is opened with one", async (t) => {
  const page = await all.till(t, plain);
  await page.evaluate(() => {
    const small = async (ask, { video }) => (video.width?.ideal > 640 ? refuse("OverconstrainedError")() : ask());
    plan.push(small, small, small);
  });
  assert.equal((await page.evaluate(() => ends(till.camera.warmUp()))).error, undefined);
  assert.deepEqual(await page.evaluate(() => asked.map(({ video }) => video.width.ideal)), [1280, 1024, 640]);
});

test("five kinds of refusal, each with its own code", async (t) => {
  const strict = await all.browser({
    fake: false,
    args: ["--deny-permission-prompts", "--host-resolver-rules=MAP till.test 127.0.0.1"],
  });
  const refused = async (frame) => (await frame.evaluate(() => ends(till.camera.warmUp()))).error?.code;

  const denied = await all.till(t, strict);
  assert.equal(await refused(denied), "camera_denied");
  assert.equal(await denied.evaluate(() => till.camera.permission()), "denied");

  const insecure = await all.till(t, strict, { at: `http://till.test:${all.port}` });
  assert.equal(await refused(insecure), "insecure_context");

  const policy = await all.till(t, plain, { path: "/policy" });
  assert.equal(await refused(policy), "camera_policy_blocked");

  const around = await all.till(t, plain, { path: `/around?it=http://localhost:${all.port}/` });
  const frame = around.frames().find((inner) => new URL(inner.url()).hostname === "localhost");
  await all.open(frame);
  assert.equal(await refused(frame), "camera_frame_blocked");

  // A headless browser shows no prompt that could be closed, so the test makes Chromium's error itself.
  const dismissed = await all.till(t, plain);
  await dismissed.evaluate(() => plan.push(refuse("NotAllowedError", "Permission dismissed")));
  assert.equal(await refused(dismissed), "camera_dismissed");
});

test("cameras are listed, one is chosen, and the choice outlives a reload and a new id", async (t) => {
  const two = await all.browser({ devices: 2 });
  const context = await two.browser.newContext();
  t.after(() => context.close());
  const page = await all.till(t, two, { context });
  await page.evaluate(() => till.camera.warmUp());
  const cameras = await page.evaluate(() => till.camera.list());
  assert.equal(cameras.length, 2);
  assert.ok(
    cameras.every(({ deviceId, label, torch }) => deviceId && label && torch === false),
    JSON.stringify(cameras),
  );
  const device = (page) => page.evaluate(() => track().getSettings().deviceId);
  const [first, second] = cameras;
  const other = (await device(page)) === first.deviceId ? second : first;
  await page.evaluate((camera) => till.camera.use(camera), other);
  assert.equal(await device(page), other.deviceId, "taken at once");
  assert.equal(await page.evaluate(() => track(0).readyState), "ended", "and the one before it is off");
  assert.equal(
    (await page.evaluate(() => ends(till.camera.use({ deviceId: "none" })))).error?.code,
    "camera_not_found",
  );

  const again = await all.till(t, two, { context });
  await again.evaluate(() => till.camera.warmUp());
  assert.equal(await device(again), other.deviceId, "remembered");

  await again.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("kaunter|camera|"));
    localStorage.setItem(key, `forgotten\n${localStorage.getItem(key).split("\n")[1]}`);
  });
  const renamed = await all.till(t, two, { context });
  await renamed.evaluate(() => till.camera.warmUp());
  assert.equal(await device(renamed), other.deviceId, "found by its label");
});

test("another camera is chosen during a scan, and the scan goes on with it", async (t) => {
  const two = await all.browser({ devices: 2 });
  const page = await all.till(t, two);
  const { done } = await begin(page);
  await page.evaluate(async () => {
    const on = track().getSettings().deviceId;
    await till.camera.use((await till.camera.list()).find(({ deviceId }) => deviceId !== on));
  });
  await until("it reads the other", () =>
    page.evaluate(() => till.state === "scanning" && posted.filter((type) => type === "stream").length === 2),
  );
  await page.evaluate(() => till.camera.release());
  assert.equal((await done()).error?.code, "camera_interrupted");
});

test("torch, zoom and focus: set where the camera can, refused where it can't", async (t) => {
  const page = await all.till(t, plain);
  const adjust = (what) => page.evaluate((what) => ends(till.camera.adjust(what)), what);
  assert.equal((await adjust({ torch: true })).error?.code, "camera_unsupported", "no camera is on");
  await page.evaluate(() => till.camera.warmUp());
  assert.equal((await adjust({ torch: true })).error?.code, "camera_unsupported");
  assert.equal((await adjust({ zoom: 2 })).error?.code, "camera_unsupported");
  assert.equal((await adjust({})).error, undefined);
  // No test machine has a camera with a light: this one reports a light, and accepts settings.
  await page.evaluate(() => {
    globalThis.applied = [];
    Object.assign(track(), {
      getCapabilities: () => ({
        torch: true,
        zoom: { min: 1, max: 4, step: 0.5 },
        focusMode: ["manual", "single-shot"],
      }),
      applyConstraints: async (constraints) => void applied.push(constraints.advanced[0]),
    });
  });
  assert.equal((await adjust({ torch: true })).error, undefined);
  assert.equal((await adjust({ zoom: 2, focusAt: { x: 320, y: 120 } })).error, undefined);
  assert.equal((await adjust({ zoom: 9 })).error?.code, "camera_unsupported");
  assert.deepEqual(await page.evaluate(() => applied), [
    { torch: true },
    { torch: true, zoom: 2, pointsOfInterest: [{ x: 0.5, y: 0.25 }], focusMode: "single-shot" },
  ]);
  const [camera] = await page.evaluate(() => till.camera.list());
  assert.deepEqual([camera.torch, camera.zoom], [true, { min: 1, max: 4, step: 0.5 }]);
});

test("the preview is a mirror where it was asked for, and is the page's own again afterwards", async (t) => {
  const page = await all.till(t, plain, {
    options: "preview: document.body.appendChild(document.createElement('video')), camera: { mirror: true }",
  });
  await page.evaluate(() => till.camera.warmUp());
  const mirror = () => page.evaluate(() => document.querySelector("video").style.transform);
  assert.equal(await mirror(), "scaleX(-1)");
  assert.deepEqual(
    await page.evaluate(() =>
      ["playsinline", "muted", "autoplay"].map((name) => document.querySelector("video").hasAttribute(name)),
    ),
    [true, true, true],
  );
  await page.evaluate(() => till.camera.release());
  assert.equal(await mirror(), "");
});

/** A page with a picture of the code under `paint`, and its till, which reads the picture's stream. */
async function painted(t, browser) {
  const { modules } = QRCode.create(CODE, { errorCorrectionLevel: "M" });
  const code = { size: modules.size, dark: Array.from(modules.data) };
  return all.till(t, browser, {
    init: `${picture}; globalThis.own = picture(${JSON.stringify(code)});`,
    options: "camera: { stream: own }",
  });
}

test("a stream of the page's own replaces the camera: nobody is asked, and its track is never stopped", async (t) => {
  const page = await painted(t, plain);
  assert.equal(await page.evaluate(() => till.camera.permission()), "granted");
  assert.equal((await scanned(page)).value?.text, CODE);
  assert.equal(await asked(page), 0, "no camera was asked for");
  assert.deepEqual(await told(page), ["live"]);
  const camera = await page.evaluate(async () => {
    const { deviceId } = own.getVideoTracks()[0].getSettings();
    const [on] = await till.camera.list();
    return {
      same: [on.deviceId, till.camera.current.deviceId].every((id) => id === (deviceId ?? "")),
      count: (await till.camera.list()).length,
      used: deviceId && (await ends(till.camera.use(on))),
      other: await ends(till.camera.use({ deviceId: "another" })),
      torch: await ends(till.camera.adjust({ torch: true })),
      kept: Object.keys(localStorage).filter((key) => key.startsWith("kaunter|camera|")),
    };
  });
  assert.equal(camera.same, true);
  assert.equal(camera.count, 1);
  assert.equal(camera.used?.error, undefined);
  assert.equal(camera.other.error?.code, "camera_not_found");
  assert.equal(camera.torch.error?.code, "camera_unsupported");
  assert.deepEqual(camera.kept, [], "the terminal's choice of a camera is not touched");
  await page.evaluate(() => navigator.mediaDevices.dispatchEvent(new Event("devicechange")));
  await page.evaluate(() => till.camera.release());
  assert.equal((await scanned(page)).value?.text, CODE, "released, and read again");
  await page.evaluate(() => till.close());
  assert.equal(await page.evaluate(() => own.getVideoTracks()[0].readyState), "live");
  assert.deepEqual(page.problems, []);
});

test("a stream without a picture: not a stream, no video track, a track that has ended", async (t) => {
  const page = await painted(t, plain);
  const refused = await page.evaluate(() => ends(openTill({ camera: { stream: {} } })));
  assert.equal(refused.error?.code, "argument_invalid");
  const codes = await page.evaluate(async () => {
    const silent = await openTill({ camera: { stream: new MediaStream() } });
    const { error: empty } = await ends(silent.scan());
    own.getVideoTracks()[0].stop();
    const { error: ended } = await ends(till.scan());
    return [empty, ended].map(({ code }) => code);
  });
  assert.deepEqual(codes, ["argument_invalid", "camera_interrupted"]);
});
