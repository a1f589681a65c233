// "kaunter/sandbox" of the packed tarball, in a page with an import map: no server for payments, no webcam, no key.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { browsers } from "../journal/browsers.mjs";
import { until } from "../terminal/harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;

let dir, server, origin, browser, quickStart;
/** The paths that were asked for, in order. */
const served = [];

const run = (program, ...args) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
};

const MAP = { imports: { kaunter: "/package/index.js", "kaunter/sandbox": "/package/sandbox.js" } };
const html = (script) =>
  `<!doctype html><title>shop</title><link rel=icon href=data:,><script type=importmap>${JSON.stringify(MAP)}</script><body><video></video><script type=module>${script}</script>`;

/** What a page of these tests does first: its till under `till`, the world around it under `world`. */
const OPEN = `
  import * as kaunter from "kaunter";
  import { sandbox } from "kaunter/sandbox";
  const ends = (promise) => promise.then((value) => ({ value }), ({ code, message, detail }) => ({ error: { code, message, detail } }));
  const open = async (options) => {
    globalThis.world = await sandbox(options);
    globalThis.till = await kaunter.Till.open(world);
  };
  const charge = (ref, amount, more) => {
    const [code, walletId] = [world.phone.code("23").text, "23"];
    return ends(till.charge({ ref, amount: kaunter.parseMoney(amount, "MYR") }, { code, walletId, ...more }));
  };
  Object.assign(globalThis, { kaunter, sandbox, ends, open, charge, ready: true });
`;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-sandbox-"));
  const [packed] = JSON.parse(run("npm", "pack", "--json", "--pack-destination", dir, join(root, "pkg")));
  run("tar", "-xzf", join(dir, packed.filename), "-C", dir);
  const readme = await readFile(join(dir, "package/README.md"), "utf8");
  [, quickStart] = /```js\n([\s\S]*?)```/.exec(readme);
  const pages = {
    "/": html(OPEN),
    "/quick": html(quickStart),
    "/plain": html('import "kaunter"; document.title = "on";'),
  };
  const types = { js: "text/javascript", wasm: "application/wasm" };
  server = createServer(async (request, response) => {
    served.push(request.url);
    const type = types[request.url.split(".").pop()];
    const body = pages[request.url] ?? (type && (await readFile(join(dir, request.url)).catch(() => null)));
    response.writeHead(body ? 200 : 404, { "content-type": type ?? "text/html" }).end(body ?? "");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath });
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await rm(dir, { recursive: true, force: true });
});

/** A tab; `left` has every address that it asked for outside the page's server. */
async function tab(t, { path = "/", context: given } = {}) {
  const context = given ?? (await browser.newContext());
  if (!given) t.after(() => context.close());
  const page = await context.newPage();
  Object.assign(page, { left: [], problems: [], said: [] });
  page.on("request", (request) => request.url().startsWith(origin) || page.left.push(request.url()));
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => page.said.push(message.text()));
  await page.goto(`${origin}${path}`);
  if (path === "/") await page.waitForFunction(() => globalThis.ready);
  return page;
}

/** A tab with an open till. */
async function counter(t, options, how) {
  const page = await tab(t, how);
  await page.evaluate((options) => open(options), options);
  return page;
}

const ledger = (page) => page.evaluate(() => world.ledger.map(({ ref, kind, amount }) => [ref, kind, amount.minor]));

test("the README's first lines take a payment: no server, no webcam, no key, and no call leaves the page", async (t) => {
  const lines = quickStart.trim().split("\n").length;
  assert.ok(lines <= 20, `${lines} lines`);
  const page = await tab(t, { path: "/quick" });
  await page.waitForFunction(() => document.body.textContent.includes("paid"), null, { timeout: 20_000 });
  assert.deepEqual(
    page.left.filter((url) => !url.startsWith("data:")),
    [],
  );
  assert.deepEqual(page.said, ["Sandbox, no real money"]);
  assert.deepEqual(page.problems, []);
});

test("the same lines in Firefox", async (t) => {
  const firefox = await browsers.Firefox(t, undefined, { prefs: { "media.navigator.streams.fake": false } });
  if (!firefox) return;
  const page = await firefox.page();
  await page.goto(`${origin}/quick`);
  await page.waitForFunction(() => document.body.textContent.includes("paid"), { timeout: 20_000 });
});

test("a page without the sandbox loads nothing of it", async (t) => {
  served.length = 0;
  const page = await tab(t, { path: "/plain" });
  await page.waitForFunction(() => document.title === "on");
  assert.ok(served.includes("/package/index.js"));
  assert.deepEqual(
    served.filter((path) => path.includes("sandbox")),
    [],
  );
});

test("a page whose policy forbids WebAssembly is told the word that its policy lacks", async (t) => {
  const page = await tab(t);
  const { error } = await page.evaluate(() => {
    const policy = document.createElement("meta");
    policy.httpEquiv = "Content-Security-Policy";
    policy.content = "script-src 'self' 'unsafe-inline'";
    document.head.append(policy);
    return ends(kaunter.Till.open({ backend: "https://pay.shop.example", getToken: () => "" }));
  });
  assert.equal(error.code, "module_csp_blocked");
  assert.match(error.detail, /script-src needs 'wasm-unsafe-eval'/);
});

test("what is spread into a till's options: backend, getToken and fetch", async (t) => {
  const page = await counter(t);
  assert.deepEqual(await page.evaluate(() => Object.keys(world)), ["backend", "getToken", "fetch"]);
  assert.deepEqual(await page.evaluate(() => Object.keys({ ...world })), ["backend", "getToken", "fetch"]);
  assert.equal(await page.evaluate(() => till.session.sandbox), true);
  await assert.rejects(
    page.evaluate(() => world.fetch("https://pay.example/v1/sessions")),
    /answers for https:\/\/sandbox\.invalid only/,
  );
  const { value } = await page.evaluate(() => charge("RECEIPT", "12.00"));
  assert.match(value.gatewayRef, /^SANDBOX-/, "a receipt says what it is");
  const cut = await page.evaluate(() => {
    world.faults.add("network_cut");
    return ends(kaunter.Till.open(world));
  });
  assert.equal(cut.error?.code, "network_failed");
  assert.deepEqual(
    page.left.filter((url) => !url.startsWith("data:")),
    [],
  );
});

test("the phone is read at every place before the camera, and the stream goes on until it is stopped", async (t) => {
  const page = await counter(t, { persist: false });
  const took = await page.evaluate(async () => {
    const stream = world.cameraStream();
    globalThis.eye = await kaunter.Till.open({ ...world, camera: { stream } });
    await eye.camera.warmUp();
    const took = [];
    for (const y of [0.3, 0.5, 0.7])
      for (const x of [0.25, 0.5, 0.75]) {
        world.phone.move(2, 2);
        world.phone.move(x, y);
        const began = performance.now();
        const { text } = await eye.scan({ timeoutMs: 10_000 });
        if (text !== world.phone.code().text) throw new Error(`another code at ${x}, ${y}`);
        took.push(Math.round(performance.now() - began));
      }
    world.phone.move(2, 2);
    took.push((await ends(eye.scan({ timeoutMs: 500 }))).error.code);
    await eye.close();
    const [track] = stream.getTracks();
    took.push(track.readyState);
    track.stop();
    return took;
  });
  t.diagnostic(`ms until read: ${took.join()}`);
  assert.deepEqual(took.slice(-2), ["scan_timeout", "live"]);
  await until("nothing is drawn any more", () =>
    page.evaluate(async () => {
      const before = world.canvas.toDataURL();
      for (let frame = 0; frame < 12; frame++) await new Promise(requestAnimationFrame);
      return world.canvas.toDataURL() === before;
    }),
  );
});

/** Lets time pass in steps until the page gives a value. */
const passing = (page, what, look) =>
  until(what, async () => {
    await page.clock.runFor(3_000);
    return page.evaluate(look);
  });

/** A tab whose clock the test moves. */
async function timeless(t, options) {
  const context = await browser.newContext();
  t.after(() => context.close());
  await context.clock.install();
  return counter(t, { persist: false, ...options }, { context });
}

test("each amount plays its script", async (t) => {
  const page = await timeless(t);
  await page.evaluate(async () => {
    globalThis.outcomes = [];
    // .05 takes the gateway down for all of them.
    const all = (list) =>
      Promise.all(
        list.map(async (sen) => {
          const { value, error } = await charge(`S-${sen}`, `12.0${sen}`);
          outcomes[sen] = [error?.code, value?.status, value?.reason].filter(Boolean).join(" ");
        }),
      );
    globalThis.done = false;
    all([0, 1, 2, 3, 4, 6, 7, 8, 9])
      .then(() => all([5]))
      .then(() => {
        done = true;
      });
  });
  await passing(page, "all have ended", () => done);
  assert.deepEqual(await page.evaluate(() => outcomes), [
    "paid",
    "declined other",
    "paid",
    "paid",
    "cancelled deadline",
    "paid",
    "declined insufficient_funds",
    "declined code_expired",
    "cancelled deadline",
    "paid",
  ]);
  const refused = await page.evaluate(async () => {
    const { trades } = await till.listTrades({ ref: "S-9" });
    const end = till.void(trades[0].tradeId, { reason: "test" });
    return end.then(({ status, voidRefused }) => [status, typeof voidRefused?.message]);
  });
  assert.deepEqual(refused, ["paid", "string"]);
});

test("each fault by its name, until it is deleted", async (t) => {
  const page = await timeless(t, { faults: ["answer_lost"] });
  await page.evaluate(() =>
    till.addEventListener("trade", ({ detail }) => {
      if (detail.status === "late_success") globalThis.late = detail.tradeId;
    }),
  );
  /** Charges with these faults, asks to cancel once it waits, and lets time pass. */
  const ended = async (ref, faults, cancels) => {
    await page.evaluate(
      ([ref, faults, cancels]) => {
        world.faults.clear();
        for (const fault of faults) world.faults.add(fault);
        const stop = new AbortController();
        globalThis.end = null;
        charge(ref, "12.00", { signal: stop.signal }).then((outcome) => {
          end = outcome;
        });
        if (cancels)
          till.addEventListener("state", ({ detail }) => detail.to === "waiting" && stop.abort(), { once: true });
      },
      [ref, faults, cancels],
    );
    const { value, error } = await passing(page, `${ref} has ended`, () => end);
    return error?.code ?? value.status;
  };
  assert.deepEqual(await page.evaluate(() => [...world.faults]), ["answer_lost"]);
  assert.equal(await ended("LOST", ["answer_lost"]), "paid");
  assert.equal(await ended("SILENT", ["never_answers"], true), "cancelled");
  assert.equal(await ended("LATE", ["pays_after_cancel"], true), "cancelled");
  await passing(page, "the money comes late", () => globalThis.late);
  await page.evaluate(() => ends(till.void(late, { reason: "late" })));
  assert.equal(await ended("CUT", ["network_cut"]), "network_failed");
  assert.equal(await ended("CUT", []), "paid", "the network is there again");
  assert.match(await ended("DOWN", ["gateway_down"]), /gateway_unavailable|cancelled/);
  assert.deepEqual(
    (await ledger(page)).map((line) => line.join(" ")),
    ["LOST charge 1200", "LATE charge 1200", "LATE refund 1200", "CUT charge 1200"],
  );
  await assert.rejects(
    page.evaluate(() => world.faults.add("earthquake")),
    /`faults` must be answer_lost, /,
  );
});

test("an unconfirmed sale: the answer is lost, and then the gateway is down", async (t) => {
  const page = await timeless(t, { faults: ["answer_lost"] });
  await page.evaluate(() => {
    const begun = Date.now();
    till.addEventListener("state", ({ detail }) => detail.to === "waiting" && world.faults.add("gateway_down"));
    charge("OPEN", "12.00").then(({ value, error }) => {
      globalThis.end = { word: error?.code ?? value.status, id: value?.tradeId, ms: Date.now() - begun };
    });
  });
  const { word, id, ms } = await passing(page, "the sale has ended", () => globalThis.end);
  assert.equal(word, "unconfirmed");
  assert.ok(ms > 115_000 && ms < 130_000, `${ms} ms: 90 s, and 30 s for the last word`);
  assert.equal((await ledger(page)).length, 1, "the money has moved");
  await page.evaluate((id) => {
    world.faults.delete("gateway_down");
    till.refresh(id).then(({ status }) => {
      globalThis.known = status;
    });
  }, id);
  assert.equal(await passing(page, "the gateway is asked again", () => globalThis.known), "paid");
});

test("the phone approves, declines, and pays a code that the till shows", async (t) => {
  const page = await counter(t, { persist: false, approval: "manual" });
  const answered = (ref, answer) =>
    page.evaluate(
      async ([ref, answer]) => {
        const asked = new Promise((resolve) => {
          till.addEventListener("trade", ({ detail }) => detail.status === "pending" && resolve(), { once: false });
        });
        const ends = charge(ref, "12.34");
        await asked;
        const [{ amount }] = world.phone.waiting;
        world.phone[answer]();
        return [amount.minor, (await ends).value.status];
      },
      [ref, answer],
    );
  assert.deepEqual(await answered("YES", "approve"), [1234, "paid"]);
  assert.deepEqual(await answered("NO", "decline"), [1234, "declined"]);
  const shown = await page.evaluate(() =>
    till.showCode(
      { ref: "SHOWN", amount: kaunter.parseMoney("5.00", "MYR") },
      {
        walletId: "23",
        onCode: ({ payload }) => {
          world.phone.scan(payload);
          world.phone.approve();
        },
      },
    ),
  );
  assert.equal(shown.status, "paid");
  assert.deepEqual(await ledger(page), [
    ["YES", "charge", 1234],
    ["SHOWN", "charge", 500],
  ]);
  assert.match(await page.evaluate(() => world.phone.code("23").svg), /^<svg /);
});

test("a tab that is killed in the middle of a payment: it is found again, and charged once; reset forgets all", async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const killed = await counter(t, { approval: "manual" }, { context });
  await killed.evaluate(() => void charge("KILLED", "12.00"));
  await until("the phone asks", () => killed.evaluate(() => world.phone.waiting.length === 1));
  const session = await context.newCDPSession(killed);
  const gone = killed.waitForEvent("crash");
  session.send("Page.crash").catch(() => {});
  await gone;
  const page = await counter(t, { approval: "manual" }, { context });
  const end = await page.evaluate(async () => {
    const [trade] = till.unfinished;
    const resumed = till.resume(trade.tradeId);
    world.phone.approve();
    return resumed;
  });
  assert.equal(end.status, "paid");
  assert.deepEqual(await ledger(page), [["KILLED", "charge", 1200]]);
  assert.equal((await page.evaluate(() => charge("KILLED", "12.00"))).error?.code, "sale_paid");
  await page.reload();
  await page.waitForFunction(() => globalThis.ready);
  await page.evaluate(() => open());
  assert.deepEqual(await ledger(page), [["KILLED", "charge", 1200]], "a reload forgets nothing");
  await page.evaluate(async () => {
    world.faults.add("gateway_down");
    await till.close();
    await world.reset();
  });
  assert.deepEqual(await ledger(page), []);
  assert.equal(await page.evaluate(() => world.faults.size), 0);
  await page.evaluate(() => open());
  assert.equal((await page.evaluate(() => charge("KILLED", "12.00"))).value?.status, "paid", "a new counter");
});

test("two tabs share one counter, and neither loses the other's sales", async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const [one, two] = [await counter(t, {}, { context }), await counter(t, {}, { context })];
  const sell = (page, name) =>
    page.evaluate(
      (name) => Promise.all([1, 2, 3, 4].map(async (at) => (await charge(`${name}-${at}`, "12.00")).value?.status)),
      name,
    );
  const sold = await Promise.all([sell(one, "ONE"), sell(two, "TWO")]);
  assert.deepEqual(sold.flat(), Array(8).fill("paid"));
  const names = async (page) => (await ledger(page)).map(([ref]) => ref).sort();
  const all = ["ONE", "TWO"].flatMap((name) => [1, 2, 3, 4].map((at) => `${name}-${at}`));
  for (const page of [one, two]) await until("it has all", async () => (await names(page)).join() === all.join());
  assert.deepEqual(await two.evaluate(() => charge("ONE-1", "12.00").then(({ error }) => error.code)), "sale_paid");
});

test("arguments of a wrong kind are refused, and unknown ones ignored", async (t) => {
  const page = await tab(t);
  const refused = await page.evaluate(async () => {
    const codes = [];
    for (const options of [
      5,
      { approval: "maybe" },
      { approval: true },
      { persist: "yes" },
      { seed: "1" },
      { faults: "network_cut" },
      { faults: ["earthquake"] },
      { codeMemoryS: -1 },
      { wasm: 5 },
    ])
      codes.push((await ends(sandbox(options))).error?.code);
    await open({ persist: false, anything: true, approval: undefined, faults: null });
    for (const call of [() => world.phone.code("7"), () => world.phone.scan(5), () => world.phone.move("0", 1)])
      try {
        call();
        codes.push("taken");
      } catch (error) {
        codes.push(error.code);
      }
    return codes;
  });
  assert.deepEqual(refused, Array(12).fill("argument_invalid"));
});
