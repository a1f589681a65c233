// The ways of frames in other engines than Chromium. WebKit's page sends a track to the worker, which makes a stream of
// it (Safari 18) or reports that it can't. Firefox's page sends frames. Each test asserts the browser's features and
// the way that was taken.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import QRCode from "qrcode";
import { firefox, webkit } from "./engines.mjs";
import { stage } from "./stage.mjs";

let all;
before(async () => {
  all = await stage();
});
after(() => all.close());

const NUMERIC = "281234567890123456";
const { modules } = QRCode.create(NUMERIC, { errorCorrectionLevel: "M" });
const code = { size: modules.size, dark: Array.from(modules.data) };

const roads = [
  [
    "WebKit: its worker makes the stream of a track",
    {
      open: (t, address) => webkit(t, address, "+MediaStreamTrackProcessing"),
      must: "track",
      never: ["stream", "frame", "pixels"],
    },
  ],
  [
    "WebKit: a track that its worker can make nothing of, then frames",
    {
      open: (t, address) => webkit(t, address, "-MediaStreamTrackProcessing"),
      must: "frame",
      never: ["stream", "pixels"],
    },
  ],
  [
    "WebKit without VideoFrame: pixels",
    {
      open: (t, address) => webkit(t, address, "-MediaStreamTrackProcessing"),
      without: ["VideoFrame"],
      must: "pixels",
      never: ["stream", "frame"],
    },
  ],
  ["Firefox: frames", { open: firefox, must: "frame", never: ["stream", "pixels"] }],
  [
    "Firefox without VideoFrame: pixels",
    { open: firefox, without: ["VideoFrame"], must: "pixels", never: ["stream", "frame"] },
  ],
];
for (const [name, { open, must, never, without }] of roads) {
  test(name, async (t) => {
    const seen = await scan(t, open, { code, without });
    if (!seen) return;
    t.diagnostic(JSON.stringify(seen));
    assert.equal(seen.end, NUMERIC);
    assert.equal(seen.page.MediaStreamTrackProcessor, false, "the page has none of its own");
    assert.ok(seen.posted.includes(must) && never.every((type) => !seen.posted.includes(type)), seen.posted.join());
    assert.deepEqual(seen.problems, []);
  });
}

test("Firefox: a stream of the page's own, which is live afterwards", async (t) => {
  const seen = await scan(t, firefox, { code, given: true });
  if (!seen) return;
  assert.equal(seen.end, NUMERIC);
  assert.equal(seen.left, "live");
  assert.deepEqual(seen.problems, []);
});

test("WebKit's own camera: the worker takes its frames by itself", async (t) => {
  const seen = await scan(t, (t, address) => webkit(t, address, "+MediaStreamTrackProcessing"), { ms: 3_000 });
  if (!seen) return;
  t.diagnostic(JSON.stringify(seen));
  assert.equal(seen.end, "scan_timeout", "there is no code in it");
  assert.ok(seen.heard.frames >= 10, `${seen.heard.frames} frames`);
  assert.ok(
    seen.posted.includes("track") && !seen.posted.some((type) => ["stream", "frame", "pixels"].includes(type)),
    seen.posted.join(),
  );
  assert.deepEqual(seen.problems, []);
});

/** The page's result; `undefined` if the browser is missing. */
async function scan(t, open, how) {
  const setting = { backend: all.shop.backend, token: await all.shop.token() };
  const said = all.said();
  const hash = encodeURIComponent(JSON.stringify({ setting, ms: 20_000, ...how }));
  if (!(await open(t, `${all.origin}/picture#${hash}`))) return null;
  const seen = await said;
  assert.equal(seen.error, undefined);
  return seen;
}
