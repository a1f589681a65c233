// Pages at a backend that is under load: do they look at the pace that it asks for, and begin a refused sale again?

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter, until } from "./harness.mjs";

const SCALE = 0.25;
const [POLL_MS, SLOW_MS] = [2_000 * SCALE, 5_000 * SCALE];
const charging = ([code, ref]) => {
  const sale = { ref, amount: { minor: 1200, currency: "MYR" } };
  globalThis.ended = ends(till.charge(sale, { code, walletId: "23" }));
};

test("rule 51: a page of another origin looks at the pace that the backend asks for, shows a change, and comes back to its own", async (t) => {
  const shop = await counter(t, { scale: SCALE });
  const page = await (await shop.machine()).till();
  let [asked, looks] = [String(SLOW_MS), []];
  await page.route(/\/v1\/trades\/\w+$/, async (route) => {
    if (route.request().method() !== "GET") return route.continue();
    looks.push(performance.now());
    const response = await route.fetch();
    const pace = asked === null ? {} : { "kaunter-poll-ms": asked };
    await route.fulfill({ response, headers: { ...response.headers(), ...pace } });
  });
  await page.evaluate(charging, [await shop.code("asks"), "paced"]);
  const checks = () =>
    page.evaluate(() => log.filter(({ type }) => type === "progress").map((one) => one.detail.nextCheckMs));
  await until("it looked at the slow pace", async () => (await checks()).filter((ms) => ms === SLOW_MS).length >= 3);
  // The first look left at the usual pace. A busy machine only makes pauses longer.
  const pauses = looks.slice(1).map((at, nth) => at - looks[nth]);
  assert.ok(pauses.length >= 2 && pauses.every((ms) => ms > 2 * POLL_MS), `${pauses}`);
  asked = null;
  looks = [];
  await until("it is back at the usual pace", async () => (await checks()).at(-1) === POLL_MS);
  asked = String(SLOW_MS);
  await until("it is slow again", async () => (await checks()).at(-1) === SLOW_MS);
  await shop.post("/_sim/phone/answer", { trade_id: (await shop.ledger())[0].trade_id, approve: true });
  const end = await page.evaluate(() => ended);
  assert.equal(end.value?.status, "paid", JSON.stringify(end));
});

test("rule 51: a page begins a refused sale again with its key, and tells the cashier", async (t) => {
  const shop = await counter(t, { scale: SCALE });
  const page = await (await shop.machine()).till();
  const keys = [];
  await page.route(/\/v1\/trades$/, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(route.request().postDataJSON().idempotency_key);
    if (keys.length > 1) return route.continue();
    const [code, title] = ["overloaded", "Service Unavailable"];
    const body = { type: `urn:kaunter:problem:${code}`, title, status: 503, code, detail: title, retry: "later" };
    const headers = {
      "content-type": "application/problem+json",
      "retry-after": "2",
      "access-control-allow-origin": shop.pages,
      "access-control-expose-headers": "retry-after",
    };
    return route.fulfill({ status: 503, headers, body: JSON.stringify(body) });
  });
  await page.evaluate(charging, [await shop.code("approves"), "refused"]);
  const end = await page.evaluate(() => ended);
  assert.equal(end.value?.status, "paid", JSON.stringify(end));
  assert.deepEqual(keys, [keys[0], keys[0]]);
  const warnings = await page.evaluate(() =>
    log.filter(({ type }) => type === "warning").map(({ detail }) => detail.code),
  );
  assert.deepEqual(warnings, ["overloaded"]);
});
