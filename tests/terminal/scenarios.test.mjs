// Ten fault scenarios in a real browser on scaled time. At the end of each, the gateway's ledger, the screen, how the
// screen says that it ended, and the journal must agree.

import assert from "node:assert/strict";
import { test } from "node:test";
import { charge, counter, journal, screen, until, workAs } from "./harness.mjs";

const sale = (ref) => ({ ref, amount: { minor: 1250, currency: "MYR" } });
const down = { status: 503 };
const always = { times: 100_000 };
const clear = (shop) => fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });

/** Opens the terminal with a customer's code in front of its camera, and presses Charge. */
async function begins(
  shop,
  machine,
  ref,
  { customer = "approves", amount = 1250, prepare = async () => {}, tap = charge } = {},
) {
  await machine.look(await shop.code(customer));
  const page = await machine.terminal({ ref, amount });
  await prepare(page);
  await tap(page, { wallet: "23" });
  return page;
}

/**
 * `ledger`: for each trade in order, what was charged and refunded, and how many payments arrived. `rows`: the
 * journal's rows.
 */
async function agree(shop, page, { ledger, screen: name, kind, rows = [] }) {
  await screen(page, name, 60_000);
  assert.deepEqual(
    (await shop.ledger()).map((line) => [line.charged, line.refunded, line.calls.pay]),
    ledger,
    "the ledger",
  );
  assert.equal(await page.getAttribute("body", "data-kind"), kind, "how the page says that it ended");
  assert.deepEqual(
    (await journal(page)).map((row) => [row.record.trade_id, row.record.handed_over]),
    rows,
    "the journal",
  );
}

const tradeOf = async (shop, ref) => (await shop.sale(ref))?.trades?.at(-1);
const reaches = (shop, ref, status, ms) =>
  until(
    `${ref} is ${status}`,
    async () => {
      const trade = await tradeOf(shop, ref);
      return trade?.status === status && trade;
    },
    { ms },
  );

/** Holds the cancel button until the gateway gets the cancel. */
async function holdCancel(shop, page) {
  await page.hover("#second");
  await page.mouse.down();
  await until("the gateway was asked to cancel", async () => (await shop.calls("cancel")).length > 0);
  await page.mouse.up();
}

async function kill(page) {
  const gone = page.waitForEvent("crash");
  const session = await page.context().newCDPSession(page);
  session.send("Page.crash").catch(() => {}); // the crashed page does not answer
  await gone;
}

/** Taps the banner of an unconfirmed sale. */
async function tapUnfinished(page) {
  await page.waitForSelector("#unfinished:not([hidden])");
  await page.click("#unfinished");
}

const confirm = (shop, trade) => shop.post("/_sim/phone/answer", { trade_id: trade.trade_id, approve: true });

test("scenario 1: the payment is taken and the answer is cut: asked every 2 s, at the real pace, and paid once", async (t) => {
  const shop = await counter(t, { scale: 1 });
  await shop.fault("pay", "cut");
  await shop.fault("status", down, { times: 4 });
  const page = await begins(shop, await shop.machine(), "cut");
  await screen(page, "waiting");
  const { trade_id } = await reaches(shop, "cut", "unknown");
  assert.deepEqual(
    (await journal(page)).map((row) => [row.record.trade_id, row.record.handed_over]),
    [[trade_id, true]],
    "journalled meanwhile",
  );
  await agree(shop, page, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" });
  const asked = (await shop.calls("status")).map((entry) => entry.at_ms);
  // The deciding answer names no trade, so it is asked for again at once over a new connection.
  assert.equal(asked.length, 6);
  assert.ok(asked.pop() - asked.at(-1) <= 400, "the last two are one round");
  const pauses = asked.slice(1).map((at, index) => at - asked[index]);
  for (const pause of pauses) assert.ok(Math.abs(pause - 2000) <= 400, `asked every 2 s: ${pauses}`);
  const [line] = await shop.ledger();
  assert.equal(await page.getAttribute("#reference", "data-receipt"), line.gateway_ref, "one receipt, the gateway's");
});

test("scenario 2: the page is killed between the journal and the code, and just after the code left: it asks, and never pays again", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const stopped = async (ref, sent) => {
    let reached;
    const there = new Promise((done) => {
      reached = done;
    });
    const page = await begins(shop, machine, ref, {
      prepare: (page) =>
        page.route("**/v1/trades/*/code", async (route) => {
          if (sent) await route.fetch();
          reached(); // and no answer comes back
        }),
    });
    await there;
    await kill(page);
    return machine.terminal({ ref });
  };
  let page = await stopped("before", false);
  await reaches(shop, "before", "cancelled");
  await agree(shop, page, { ledger: [[0, 0, 0]], screen: "ready", kind: "ready" });
  await charge(page, { wallet: "23" });
  await agree(shop, page, {
    ledger: [
      [0, 0, 0],
      [1250, 0, 1],
    ],
    screen: "paid",
    kind: "paid",
  });
  // An open stream would still show the old code.
  await page.close();
  // The address names the sale, so its outcome is shown first.
  page = await stopped("after", true);
  await agree(shop, page, {
    ledger: [
      [0, 0, 0],
      [1250, 0, 1],
      [1250, 0, 1],
    ],
    screen: "paid",
    kind: "paid",
  });
});

test("scenario 2: the backend is killed while the answer is out: it asks after its start, and never pays again", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  await shop.fault("pay", { hang_after_ms: 60_000 });
  const page = await begins(shop, await shop.machine(), "backend-killed");
  await until("the gateway has taken the money", async () => (await shop.kept()) === 1250);
  await shop.stopBackend("SIGKILL");
  await shop.startBackend();
  await agree(shop, page, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" });
});

for (const [what, fault, end] of [
  ["a gateway that says too late keeps the money", null, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" }],
  [
    "a gateway that refunds gives it back",
    "cancel_refunds",
    { ledger: [[1250, 1250, 1]], screen: "declined", kind: "voided" },
  ],
]) {
  test(`scenario 3: a cancel races success: ${what}`, async (t) => {
    const shop = await counter(t, { policy: { min_cancel_age_ms: 100 } });
    await shop.fault("status", down, always);
    if (fault) await shop.fault("cancel", fault, always);
    const page = await begins(shop, await shop.machine(), "raced", { customer: { approves_after_ms: 300 } });
    await until("the customer has paid", async () => (await shop.kept()) === 1250);
    await screen(page, "waiting");
    await holdCancel(shop, page);
    await clear(shop);
    await agree(shop, page, end);
  });
}

test("scenario 4: success after it was cancelled: an alarm, and a person accepts it", async (t) => {
  const shop = await counter(t, { scale: 0.5, policy: { min_cancel_age_ms: 100, late_check_first_ms: 4_000 } });
  const page = await begins(shop, await shop.machine(), "late", { customer: "by_amount", amount: 1208 });
  await reaches(shop, "late", "pending");
  await screen(page, "waiting");
  await holdCancel(shop, page);
  await agree(shop, page, { ledger: [[0, 0, 1]], screen: "declined", kind: "cancelled" });
  const { trade_id } = await reaches(shop, "late", "late_success");
  assert.match(
    (await shop.call("GET", "/metrics")).text,
    /kaunter_alarms_total\{alarm="late_success"\} 1/,
    "the alarm",
  );
  assert.equal(await shop.kept(), 1208);
  // The address names the sale, so its outcome is shown first. Another person than the one who charged it accepts it.
  await workAs(page, "Puan Lim");
  await page.reload();
  await agree(shop, page, { ledger: [[1208, 0, 1]], screen: "not-confirmed", kind: "late" });
  await page.click("#primary");
  await page.fill("#evidence", "it is in the gateway's portal");
  await page.click("#manager-paid");
  await page.click("#manager-settle");
  await agree(shop, page, { ledger: [[1208, 0, 1]], screen: "paid", kind: "paid" });
  assert.equal((await tradeOf(shop, "late")).trade_id, trade_id);
});

test("scenario 5: the answer to a cancel is lost: asked again, and closed on the gateway's word", async (t) => {
  const shop = await counter(t, { policy: { min_cancel_age_ms: 100 } });
  await shop.fault("cancel", "cut");
  const page = await begins(shop, await shop.machine(), "cancel-lost", { customer: "ignores" });
  await reaches(shop, "cancel-lost", "pending");
  await screen(page, "waiting");
  await holdCancel(shop, page);
  await agree(shop, page, { ledger: [[0, 0, 1]], screen: "declined", kind: "cancelled" });
  assert.equal((await shop.ledger())[0].place, "closed");
});

test("scenario 5: the answer to a void is lost: asked about, and given back once", async (t) => {
  const shop = await counter(t);
  const page = await begins(shop, await shop.machine(), "void-lost");
  await screen(page, "paid");
  await shop.fault("void", "cut");
  await page.click("#second");
  await page.selectOption("#why", "goods returned");
  await page.click("#back-yes");
  await agree(shop, page, { ledger: [[1250, 1250, 1]], screen: "declined", kind: "voided" });
  assert.equal((await shop.ledger())[0].calls.void, 1);
});

test("scenario 6: double scan, double tap: one trade", async (t) => {
  const shop = await counter(t);
  // The camera shows the code in every frame, also during the payment.
  const tap = async (page, { wallet }) => {
    page
      .waitForSelector(`dialog[open] [data-wallet="${wallet}"]`, { timeout: 20_000 })
      .then((button) => button.click())
      .catch(() => {});
    await page.evaluate(() => {
      for (let taps = 0; taps < 3; taps++) document.getElementById("primary").click();
    });
  };
  const page = await begins(shop, await shop.machine(), "double", { tap });
  await agree(shop, page, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" });
  assert.equal((await shop.sale("double")).trades.length, 1);
});

/** Two tills charge the same sale within 50 ms. */
async function race(pages, shop) {
  // A slow payment, so that both charges run at the same time.
  await shop.fault("pay", { hang_ms: 1000 });
  const codes = [await shop.code(), await shop.code()];
  const start = Date.now() + 1500;
  const ends = await Promise.all(
    pages.map((page, at) =>
      page.evaluate(
        async ([sale, code, start]) => {
          while (Date.now() < start) await new Promise((done) => setTimeout(done, 1));
          const began = Date.now();
          return { ...(await globalThis.ends(till.charge(sale, { code, walletId: "23" }))), began };
        },
        [sale("raced"), codes[at], start],
      ),
    ),
  );
  assert.ok(Math.abs(ends[0].began - ends[1].began) <= 50, `within 50 ms: ${ends.map((end) => end.began)}`);
  const [won, lost] = [ends.filter((end) => end.value?.status === "paid"), ends.filter((end) => end.error)];
  assert.deepEqual([won.length, lost.length], [1, 1], JSON.stringify(ends));
  const winner = won[0].value.tradeId;
  assert.deepEqual(
    (await shop.ledger())
      .filter((line) => line.charged > 0)
      .map((line) => [line.trade_id, line.charged, line.calls.pay]),
    [[winner, 1250, 1]],
  );
  assert.equal((await shop.calls("pay")).length, 1);
  for (const page of pages) await until("every journal is empty", async () => (await journal(page)).length === 0);
  return { winner, lost: lost[0].error };
}

test("scenario 6: two tabs on one sale within 50 ms: one payment, the other gets its id", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const pages = [await machine.till(), await machine.till()];
  const { winner, lost } = await race(pages, shop);
  assert.equal(lost.code, "sale_busy");
  // The other tab may be refused before the first tab's trade has an id; then the sale's list has it.
  const found = await pages[0].evaluate(async () => (await till.listTrades({ ref: "raced" })).trades);
  assert.ok(found.some((trade) => trade.tradeId === winner));
  assert.ok([winner, null].includes(lost.tradeId));
});

test("scenario 6: two tills, two browser contexts, on one sale within 50 ms: one payment, the other gets its id", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const pages = [];
  for (const terminal of ["till-1", "till-2"])
    pages.push(await machine.till({ terminal, context: await machine.freshContext() }));
  const { winner, lost } = await race(pages, shop);
  assert.deepEqual([lost.code, lost.tradeId], ["sale_busy", winner]);
});

test("scenario 7: our token and the gateway's end in the middle of a payment: renewed, and nothing is paid twice", async (t) => {
  const shop = await counter(t, { extra: "token_life_s = 1", scale: 0.5 });
  await shop.fault("status", "token_expired", { nth: 2 });
  const page = await begins(shop, await shop.machine(), "renewed", { customer: { approves_after_ms: 4000 } });
  await agree(shop, page, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" });
  assert.ok((await shop.get("/_sim/tokens")).length > 0);
});

test("scenario 8: a wrong amount is shown as not confirmed, and settled by the gateway's next word", async (t) => {
  const shop = await counter(t, { scale: 0.1, policy: { review_check_first_ms: 60_000 } });
  await shop.fault("pay", "wrong_amount");
  const page = await begins(shop, await shop.machine(), "contradicted");
  await screen(page, "not-confirmed");
  const { trade_id } = await tradeOf(shop, "contradicted");
  await agree(shop, page, {
    ledger: [[1250, 0, 1]],
    screen: "not-confirmed",
    kind: "not-confirmed",
    rows: [[trade_id, true]],
  });
  assert.match(await page.textContent("#sentence"), /do not charge again/i);
  await reaches(shop, "contradicted", "paid");
  // The screen shows the outcome without a tap.
  await agree(shop, page, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" });
});

test("scenario 8: wrong ids, HTML, duplicate keys, answers that contradict: nothing moves back, and each is paid once", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const page = await (await shop.machine()).till();
  for (const fault of ["wrong_id", "html", "duplicate_keys", "contradict", "success_without_s", "unknown_status"]) {
    await shop.fault("pay", fault);
    const first = await page.evaluate(
      ([sale, code]) => ends(till.charge(sale, { code, walletId: "23" })),
      [sale(fault), await shop.code()],
    );
    const { trade_id } = await reaches(shop, fault, "paid");
    assert.ok(["paid", "unconfirmed"].includes(first.value?.status), `${fault}: ${JSON.stringify(first)}`);
    const last = await page.evaluate((id) => ends(till.resume(id)), trade_id);
    assert.equal(last.value?.status, "paid", `${fault}: ${JSON.stringify(last)}`);
    const seen = await page.evaluate(
      (id) =>
        log.filter(({ type, detail }) => type === "trade" && detail.tradeId === id).map(({ detail }) => detail.status),
      trade_id,
    );
    const paidAt = seen.indexOf("paid");
    assert.ok(
      paidAt < 0 || seen.slice(paidAt).every((status) => status === "paid"),
      `${fault}: nothing moves back: ${seen}`,
    );
  }
  assert.deepEqual(
    (await shop.ledger()).map((line) => [line.charged, line.refunded, line.calls.pay]),
    Array(6).fill([1250, 0, 1]),
  );
  await until("the journal is empty", async () => (await journal(page)).length === 0);
});

test("scenario 9: ten minutes of hanging, 5xx and 429, a laptop that sleeps, a wall clock a day off: bounded asking, no overlap, settled after", async (t) => {
  const scale = 0.03;
  const shop = await counter(t, { scale, policy: { read_timeout_ms: 40_000 } });
  const machine = await shop.machine();
  await shop.fault("pay", { pending_ms: 300 });
  await shop.fault("status", { hang_ms: 60_000 }, { times: 5 });
  await shop.fault("status", down, { times: 20 });
  await shop.fault("status", { status: 429 }, always);
  await shop.fault("cancel", down, always);
  const page = await begins(shop, machine, "storm", {
    prepare: (page) =>
      page.evaluate(() => {
        const real = Date;
        const day = 24 * 3_600_000;
        globalThis.Date = class extends real {
          constructor(...given) {
            super(...(given.length > 0 ? given : [real.now() + day]));
          }
          static now() {
            return real.now() + day;
          }
        };
      }),
  });
  await until("the payment has left", async () => (await shop.calls("pay")).length === 1);
  // The laptop sleeps for a while.
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await until("the backend asks on meanwhile", async () => (await shop.calls("status")).length >= 10);
  await session.send("Page.setWebLifecycleState", { state: "active" });
  const [pay] = await shop.calls("pay");
  const asked = await until(
    "ten minutes of it are over",
    async () => {
      const calls = await shop.calls("status");
      return calls.at(-1).at_ms - pay.at_ms >= 600_000 * scale && calls;
    },
    { ms: 60_000, every: 200 },
  );
  const { trade_id } = await reaches(shop, "storm", "needs_review");
  await agree(shop, page, {
    ledger: [[1250, 0, 1]],
    screen: "not-confirmed",
    kind: "not-confirmed",
    rows: [[trade_id, true]],
  });
  const hung = asked.slice(0, 6).map((entry) => entry.at_ms);
  for (const [at, from] of hung.slice(0, -1).entries())
    assert.ok(hung[at + 1] - from >= 1_000, `one question at a time: ${hung}`);
  // The backend checks every 2 s for 90 s, and for 90 s of the cancel; then the pauses grow.
  assert.ok(asked.length <= 45 + 45 + 30, `bounded: ${asked.length} questions in ten minutes`);
  await clear(shop);
  await reaches(shop, "storm", "paid");
  await agree(shop, page, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" });
});

test("scenario 10: token and journal both lost: the open trade comes back from the backend", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const lost = await begins(shop, machine, "wiped", { customer: "asks" });
  const trade = await reaches(shop, "wiped", "pending");
  await kill(lost);
  const bare = await machine.page();
  await bare.goto(`${shop.backend}/healthz`);
  const wiped = await bare.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name);
    for (const name of names) {
      await new Promise((done, failed) =>
        Object.assign(indexedDB.deleteDatabase(name), { onsuccess: done, onerror: failed }),
      );
    }
    return [names.length, (await indexedDB.databases()).length];
  });
  assert.deepEqual(wiped, [1, 0], "there was a journal, and it is gone");
  const page = await machine.terminal({ ref: "another-sale" });
  await confirm(shop, trade);
  await tapUnfinished(page);
  await agree(shop, page, { ledger: [[1250, 0, 1]], screen: "paid", kind: "paid" });
  const [line] = await shop.ledger();
  assert.equal(await page.getAttribute("#reference", "data-receipt"), line.gateway_ref);
});
