// Several codes before the camera: the customer's phone, the shop's own sticker, the goods. Which one is taken?

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stage, until } from "./stage.mjs";

let all, plain;

before(async () => {
  all = await stage();
  plain = await all.browser();
});
after(() => all.close());

const SIZE = { width: 1280, height: 720 };
const KNOWN = "281234567890123456";
const UNKNOWN = "TNG-7Q2M-LIVE";
// A shop's code for Alipay: it is larger than the phone's, as on a stand beside the till.
const STICKER = { text: "https://qr.alipay.com/fkx05632jxvtyuaz3kbq9e2", left: 80, top: 140, module: 10 };
const GOODS = { text: "https://shop.example/p/9506000134352", left: 900, top: 60, module: 3 };
const phone = (text, left = 820) => ({ text, left, top: 320, module: 8 });
const shown = (...beside) => plain.look(null, { ...SIZE, beside });
const begin = (page) =>
  page.evaluate(() => {
    globalThis.scan = ends(till.scan({ timeoutMs: 20_000 }));
  });
const taken = async (page) => (await page.evaluate(() => scan)).value?.text;
const events = (page, type) =>
  page.evaluate((type) => log.filter((event) => event.type === type).map(({ detail }) => detail), type);

/** How many messages of the worker have had codes. */
const COUNT = `globalThis.told = 0;
  await kaunter.init({ worker: () => {
    const worker = new Worker("/pkg/wasm/worker.js", { type: "module" });
    worker.addEventListener("message", ({ data }) => { told += data.readings?.length > 0; });
    return worker;
  } });`;

for (const text of [KNOWN, UNKNOWN])
  test(`rule 49: of a phone, the shop's sticker and goods, the phone's code is taken: ${text}`, async (t) => {
    await shown(STICKER, GOODS, phone(text));
    const page = await all.till(t, plain);
    await begin(page);
    assert.equal(await taken(page), text);
    assert.deepEqual([page.problems, await events(page, "warning")], [[], []]);
  });

test("rule 49: goods and the sticker wait for a phone that comes later", async (t) => {
  await shown(STICKER, GOODS);
  const page = await all.till(t, plain, { init: COUNT });
  await begin(page);
  await until("the sticker is reported", async () => (await events(page, "warning")).length > 0);
  assert.equal((await events(page, "warning"))[0].code, "merchant_code");
  await shown(STICKER, GOODS, phone(KNOWN));
  assert.equal(await taken(page), KNOWN);
});

test("rule 49: of two phones neither is taken, the page is told, and one that is left is taken", async (t) => {
  await shown(phone("287650098230927349", 200), phone(KNOWN));
  const page = await all.till(t, plain, { init: COUNT });
  await begin(page);
  await until("the page is told", async () => (await events(page, "hint")).length > 0);
  assert.deepEqual(await events(page, "hint"), [{ hint: "several_codes" }]);
  const told = await page.evaluate(() => told);
  await until("both are seen again and again", () => page.evaluate((of) => told > of, told + 4));
  assert.deepEqual(await events(page, "scan"), []);
  await shown(phone(KNOWN));
  assert.equal(await taken(page), KNOWN);
  assert.deepEqual((await events(page, "hint")).at(-1), { hint: null });
});

test("a code that is alone is taken with its first reading", async (t) => {
  for (const text of [KNOWN, UNKNOWN]) {
    await shown(phone(text));
    const page = await all.till(t, plain, { init: COUNT });
    await begin(page);
    assert.equal(await taken(page), text);
    assert.equal(await page.evaluate(() => told), 1);
  }
});
