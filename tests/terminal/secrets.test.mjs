// No secret and no code may be in the page, the package, the logs, the database, an answer or an address. The search is
// tested too: it finds a text that is planted in each of these places.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { charge, counter, screen } from "./harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A text in each encoding in which it may be stored. */
function writings(word) {
  const bytes = Buffer.from(word);
  return new Set([
    word,
    encodeURIComponent(word),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.toString("hex"),
  ]);
}

/** The places that have a text. */
function found(places, word) {
  const texts = [...writings(word)].map((text) => Buffer.from(text));
  return Object.keys(places).filter((place) =>
    texts.some((text) => places[place].some((part) => Buffer.from(part).includes(text))),
  );
}

async function files(dir) {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath ?? entry.path, entry.name))),
  );
}

test("rule 12: no secret and no scanned code leaves its place; what is planted is found", async (t) => {
  // The programs log everything.
  const shop = await counter(t, { log: "debug" });
  const machine = await shop.machine();
  const planted = randomBytes(12).toString("hex");
  const [answers, addresses, console_] = [[], [], []];
  const watch = (page) => {
    page.on("request", (request) => addresses.push(request.url()));
    // The answers of the shop's server are not searched: they have the terminal token for its page.
    page.on(
      "response",
      (response) =>
        response.url().startsWith(shop.backend) &&
        response.body().then(
          (body) => answers.push(body, JSON.stringify(response.headers())),
          () => {},
        ),
    );
    page.on("console", (message) => console_.push(message.text()));
  };

  const code = await shop.code();
  await machine.look(code);
  const page = await machine.page();
  watch(page);
  await page.goto(`${shop.backend}/?terminal=till-1&ref=${planted}&amount=1250`);
  await screen(page, "ready");
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  // Also a typed code that fails, because it was in an input field.
  const typed = await shop.code("approves", "23", { balance: 1 });
  const till = await machine.till();
  watch(till);
  await till.evaluate(
    ([code]) => ends(till.charge({ ref: "typed", amount: { minor: 99, currency: "MYR" } }, { code, walletId: "23" })),
    [typed],
  );
  const stored = await till.evaluate(async () => {
    const texts = [
      JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }),
      JSON.stringify(log.filter((entry) => entry.type !== "scan")),
      document.documentElement.outerHTML,
    ];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((done, failed) =>
        Object.assign(indexedDB.open(name), { onsuccess: (event) => done(event.target.result), onerror: failed }),
      );
      for (const store of database.objectStoreNames) {
        texts.push(
          JSON.stringify(
            await new Promise((done, failed) =>
              Object.assign(database.transaction(store).objectStore(store).getAll(), {
                onsuccess: (event) => done(event.target.result),
                onerror: failed,
              }),
            ),
          ),
        );
      }
      database.close();
    }
    return texts;
  });
  const token = await shop.token();
  const [trade] = (await shop.sale(planted)).trades;
  const ask = (method, path, more) =>
    shop
      .call(method, path, { token, ...more })
      .then((answer) => answers.push(answer.text, JSON.stringify([...answer.headers])));
  for (const path of [
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/terminal.json",
    "/v1/trades?open=true",
    `/v1/trades?day=${new Date().toISOString().slice(0, 10)}`,
    `/v1/trades/${trade.trade_id}`,
  ])
    await ask("GET", path);
  await ask("POST", `/v1/trades/${trade.trade_id}/code`, { body: { code: typed } });
  await ask("POST", `/v1/trades/${trade.trade_id}/code`, { raw: `{"code": ${code}` });
  await ask("POST", `/v1/trades/${trade.trade_id}/void`, {
    body: { reason: planted },
    headers: { "kaunter-trace-id": planted },
  });
  await page.evaluate((word) => {
    document.body.dataset.planted = word;
  }, planted);
  console_.push(...page.problems);
  await page.evaluate((word) => console.log(word), planted);
  const dom = await page.evaluate(() => document.documentElement.outerHTML);

  const secrets = {
    "the gateway's key": shop.keys.KAUNTER_GATEWAY_KEY,
    "the gateway's secret": shop.keys.KAUNTER_GATEWAY_SECRET,
    "the gateway's password": shop.keys.KAUNTER_GATEWAY_PASSWORD,
    "the MD5 of the password": createHash("md5").update(shop.keys.KAUNTER_GATEWAY_PASSWORD).digest("hex"),
    "the server key": shop.keys.KAUNTER_SERVER_KEY,
    "the signing key": shop.keys.KAUNTER_SIGNING_KEY,
    "the scanned code": code,
    "the typed code": typed,
    "a terminal token": token,
  };
  (await shop.get("/_sim/tokens")).forEach((word, at) => {
    secrets[`the gateway's token ${at}`] = word;
  });
  assert.ok(secrets["the gateway's token 0"], "the gateway was signed in to");
  await shop.stopBackend();
  const database = (await readdir(shop.dir)).filter((name) => name.startsWith("kaunter.db"));
  const places = {
    page: [dom, ...stored],
    console: console_,
    answers,
    addresses,
    logs: [shop.words],
    database: await Promise.all(database.map((name) => readFile(join(shop.dir, name)))),
    package: [...(await files(join(root, "pkg"))), ...(await files(join(root, "www/dist")))],
  };
  for (const [place, parts] of Object.entries(places)) {
    if (place !== "console")
      assert.ok(parts.length > 0 && parts.some((part) => part.length > 0), `${place} was searched`);
  }
  const hits = Object.entries(secrets)
    .map(([what, word]) => [what, found(places, word)])
    .filter(([, where]) => where.length > 0);
  assert.deepEqual(hits, [], "where secrets are");
  // The same search finds a text that is planted in each place.
  assert.deepEqual(found(places, planted).sort(), ["addresses", "answers", "console", "database", "logs", "page"]);
  assert.deepEqual(found({ package: [...places.package, Buffer.from(`const key = "${planted}"`)] }, planted), [
    "package",
  ]);
});
