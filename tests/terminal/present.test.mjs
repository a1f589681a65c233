// The till shows a code and the customer scans it: over HTTP on both stores, and in a real browser, where a screenshot
// of the code is read.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test as plain } from "node:test";
import { counter, out, screen, until } from "./harness.mjs";
import { postgres } from "./postgres.mjs";

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

/** The same test on SQLite and on PostgreSQL. */
function onBothStores(name, run) {
  plain(`SQLite: ${name}`, (t) => run(t, counter));
  plain(`PostgreSQL: ${name}`, (t) =>
    run(t, (t, options) => counter(t, { ...options, databaseUrl: server.database() })),
  );
}

const final = ["paid", "declined", "cancelled", "voided"];
const only = (list) => {
  assert.equal(list.length, 1);
  return list[0];
};

async function ask(
  shop,
  ref,
  { minor = 1250, mode = "merchant_presented", wallet_id = "23", terminal = "till-1" } = {},
) {
  const body = {
    idempotency_key: randomBytes(16).toString("hex"),
    sale: { ref, amount: { minor, currency: "MYR" } },
    wallet_id,
    mode,
  };
  return shop.call("POST", "/v1/trades", { token: await shop.token(terminal), body });
}

function reaches(shop, trade, statuses, ms = 60_000) {
  return until(
    `${trade.sale.ref} is ${statuses}`,
    async () => {
      const { json } = await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token: shop.keys.KAUNTER_SERVER_KEY });
      if (statuses.includes(json.status)) return json;
      throw new Error(`it is ${json.status}`);
    },
    { ms, every: 50 },
  );
}

/** A trade whose code is on display. */
async function shown(shop, ref, more) {
  const answer = await ask(shop, ref, more);
  assert.equal(answer.status, 200, answer.text);
  return reaches(shop, answer.json, ["awaiting_payer"]);
}

const scan = (shop, payload, customer = "approves", more = {}) =>
  shop.post("/_sim/scan", { payload, customer, ...more });
const lineOf = async (shop, trade) => (await shop.ledger()).find((line) => line.trade_id === trade.trade_id);

onBothStores(
  "rule 26: a code on display is what the gateway said, is paid once, and holds the sale until then",
  async (t, counter) => {
    const shop = await counter(t, { scale: 0.2 });
    const session = await shop.call("POST", "/v1/sessions", { token: await shop.token() });
    const modes = Object.fromEntries(session.json.wallets.map(({ name, modes }) => [name, modes]));
    assert.deepEqual(
      [modes.GrabPay, modes.Alipay],
      [["consumer_presented", "merchant_presented"], ["consumer_presented"]],
    );
    assert.equal((await ask(shop, "no-scanner", { wallet_id: "31" })).json.code, "mode_unsupported");

    const trade = await shown(shop, "present");
    assert.equal(trade.shown_code.payload, (await lineOf(shop, trade)).payload);
    assert.equal(trade.shown_code.expires_at, trade.deadline_at);
    for (const terminal of ["till-1", "till-2"]) {
      for (const mode of ["merchant_presented", "consumer_presented"]) {
        const busy = await ask(shop, "present", { terminal, mode });
        assert.deepEqual([busy.status, busy.json.code, busy.json.trade.trade_id], [409, "sale_busy", trade.trade_id]);
      }
    }
    const token = await shop.token();
    const code = await shop.call("POST", `/v1/trades/${trade.trade_id}/code`, {
      token,
      body: { code: await shop.code() },
    });
    assert.equal(code.json.code, "trade_closed", "it takes no code of a customer's");

    await scan(shop, trade.shown_code.payload);
    await assert.rejects(scan(shop, trade.shown_code.payload), /409/, "a second customer reads that it is spent");
    const paid = await reaches(shop, trade, ["paid"]);
    assert.equal(paid.shown_code, undefined);
    assert.equal((await ask(shop, "present")).json.code, "sale_paid");
    const { charged, refunded, calls } = await lineOf(shop, trade);
    assert.deepEqual([charged, refunded, calls.pay], [1250, 0, 0]);
  },
);

onBothStores("faults around a code on display: the ledger and the word agree, whatever is lost", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const questions = [
    "cut",
    "html",
    "garbage",
    "duplicate_keys",
    "reset",
    { status: 503 },
    "unknown_status",
    { hang_ms: 700 },
    "wrong_amount",
  ];
  const cancels = ["cut", "reset_after", "html", { hang_after_ms: 60_000 }];
  const cases = [
    ...questions.map((fault) => ["status", fault, "paid"]),
    ...cancels.map((fault) => ["cancel", fault, "cancelled"]),
  ];
  const ends = await Promise.allSettled(
    cases.map(async ([call, fault, end], at) => {
      const trade = await shown(shop, `fault-${at}`);
      await shop.fault(call, fault, { trade_id: trade.trade_id, times: call === "status" ? 3 : 1 });
      if (call === "status") await scan(shop, trade.shown_code.payload);
      else await shop.call("POST", `/v1/trades/${trade.trade_id}/cancel`, { token: await shop.token() });
      assert.equal((await reaches(shop, trade, final)).status, end, JSON.stringify(fault));
      const { charged, refunded } = await lineOf(shop, trade);
      assert.equal(charged - refunded, end === "paid" ? 1250 : 0, JSON.stringify(fault));
    }),
  );
  assert.deepEqual(
    ends.filter((end) => end.status === "rejected").map((end) => end.reason.message),
    [],
  );
  // A fault of a creation can't name its trade, so these run one by one.
  for (const [at, fault] of ["cut", "reset", "html", "wrong_amount", { status: 503 }].entries()) {
    await shop.fault("create", fault);
    const lost = (await ask(shop, `create-${at}`)).json;
    const closed = await reaches(shop, lost, final);
    assert.deepEqual(
      [closed.status, closed.reason, closed.shown_code],
      ["cancelled", "gateway_unavailable", undefined],
      JSON.stringify(fault),
    );
    assert.equal((await shown(shop, `create-${at}`)).attempt, 2, "nothing was shown, so the sale is free at once");
  }
});

onBothStores(
  "customers and amounts: each decides, and late money is given back where a second trade took the sale",
  async (t, counter) => {
    const shop = await counter(t, { scale: 0.1 });
    const cases = [
      ["00", "paid", 1],
      ["01", "declined", 0],
      ["02", "paid", 1],
      ["03", "paid", 1],
      ["04", "cancelled", 0],
      ["06", "declined", 0],
      ["50", "paid", 1],
    ];
    const ends = await Promise.allSettled(
      cases.map(async ([sen, end, charged]) => {
        const minor = Number(`12${sen}`);
        const trade = await shown(shop, `sen-${sen}`, { minor });
        await scan(shop, trade.shown_code.payload, "by_amount");
        assert.equal((await reaches(shop, trade, final)).status, end, sen);
        assert.equal((await lineOf(shop, trade)).charged, charged * minor, sen);
      }),
    );
    assert.deepEqual(
      ends.filter((end) => end.status === "rejected").map((end) => end.reason.message),
      [],
    );

    // .08: scanned, cancelled, and paid after all. Meanwhile the sale is paid by a second trade.
    const first = await shown(shop, "late", { minor: 1208 });
    await scan(shop, first.shown_code.payload, "by_amount");
    const token = await shop.token();
    await until(
      "a cancel is granted",
      async () => (await shop.call("POST", `/v1/trades/${first.trade_id}/cancel`, { token })).status === 200,
    );
    await reaches(shop, first, ["cancelled"]);
    const second = await shown(shop, "late", { minor: 1208 });
    await scan(shop, second.shown_code.payload);
    await reaches(shop, second, ["paid"]);
    await reaches(shop, first, ["voided"]);
    const lines = await Promise.all([first, second].map((trade) => lineOf(shop, trade)));
    assert.deepEqual(
      lines.map(({ charged, refunded, calls }) => [charged, refunded, calls.void]),
      [
        [1208, 1208, 1],
        [1208, 0, 0],
      ],
    );
    const record = await shop.sale("late");
    assert.deepEqual([record.decided_by, record.unconfirmed], ["gateway", false]);
  },
);

onBothStores(
  "nobody scans: it ends at the deadline on the gateway's word, and a late scan is refused there",
  async (t, counter) => {
    const shop = await counter(t, { scale: 0.05 });
    const trade = await shown(shop, "nobody");
    const closed = await reaches(shop, trade, final);
    assert.deepEqual(
      [closed.status, closed.cancelled_by, closed.reason, closed.shown_code],
      ["cancelled", "system", "deadline", undefined],
    );
    await assert.rejects(scan(shop, trade.shown_code.payload), /409/);
    assert.equal(await shop.kept(), 0);
  },
);

onBothStores(
  "the backend is killed while the code is on display: it asks, and shows the same code",
  async (t, counter) => {
    const shop = await counter(t, { scale: 0.5 });
    const trade = await shown(shop, "killed");
    await shop.stopBackend("SIGKILL");
    await scan(shop, trade.shown_code.payload, "asks");
    await shop.startBackend();
    await reaches(shop, trade, ["pending"]);
    await shop.post("/_sim/phone/answer", { trade_id: trade.trade_id, approve: true });
    await reaches(shop, trade, ["paid"]);
    const again = await shown(shop, "killed-2");
    await shop.stopBackend("SIGKILL");
    await shop.startBackend();
    assert.deepEqual((await reaches(shop, again, ["awaiting_payer"])).shown_code, again.shown_code);
    await scan(shop, again.shown_code.payload);
    await reaches(shop, again, ["paid"]);
    assert.equal(await shop.kept(), 2500);
  },
);

onBothStores(
  "the documented profile shows no code: its wallets say so, and a creation is refused before anything leaves",
  async (t, counter) => {
    const shop = await counter(t, { profile: "documented" });
    const session = await shop.call("POST", "/v1/sessions", { token: await shop.token() });
    assert.ok(
      session.json.wallets.length > 0 &&
        session.json.wallets.every(({ modes }) => modes.join() === "consumer_presented"),
    );
    const refused = await ask(shop, "plain");
    assert.deepEqual([refused.status, refused.json.code, refused.json.retry], [400, "mode_unsupported", "never"]);
    assert.match(refused.json.detail, /modes/);
    assert.deepEqual(await shop.calls("create"), []);
  },
);

// ---- a real browser --------------------------------------------------------------------------------------------

/** The cashier's page with the code on display, and the text that the package's reader reads from a screenshot. */
async function display(machine, ref, { wallet = "23" } = {}) {
  const page = await machine.terminal({ ref });
  await page.click(".of-ready .show-code");
  await page.click(`dialog[open] [data-wallet="${wallet}"]`);
  await screen(page, "present");
  await page.waitForSelector("#shown img");
  return page;
}

/** Reads a screenshot with `decode` in a developer's page. */
async function read(page, developer) {
  const picture = (await page.screenshot()).toString("base64");
  return developer.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return (await kaunter.decode(new Blob([bytes], { type: "image/png" }))).map(({ text }) => text);
  }, picture);
}

for (const viewport of [
  { width: 360, height: 640 },
  { width: 1366, height: 768 },
]) {
  plain(
    `the cashier shows a code at ${viewport.width}x${viewport.height}: its picture reads as the ledger's text, and it is paid`,
    async (t) => {
      await mkdir(out, { recursive: true });
      const shop = await counter(t);
      const machine = await shop.machine({ viewport });
      const page = await display(machine, "shown");
      await page.screenshot({ path: join(out, `7-present-${viewport.width}x${viewport.height}.png`) });
      const developer = await machine.till({ open: false });
      await developer.evaluate("kaunter.init()");
      const line = only(await shop.ledger());
      assert.deepEqual(await read(page, developer), [line.payload]);
      assert.match(await page.textContent("#sentence"), /scan/i);
      await until("the seconds that are left", async () => /^\d+ s left$/.test(await page.textContent("#shown-left")));
      const box = await (await page.$("#shown")).boundingBox();
      assert.ok(
        box.x >= 0 && box.x + box.width <= viewport.width && box.y + box.height <= viewport.height,
        JSON.stringify(box),
      );
      await scan(shop, line.payload);
      await screen(page, "paid");
      assert.equal(await page.getAttribute("#reference", "data-receipt"), line.gateway_ref);
      assert.deepEqual([only(await shop.ledger()).charged, page.problems], [1250, []]);
    },
  );
}

plain("the phone page scans what is on display, and its customer decides", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const phone = await machine.page(await machine.freshContext());
  await phone.goto(`${shop.sandbox}/_sim/phone`);
  const page = await machine.terminal({ ref: "phone", amount: 1234 });
  await page.click(".of-ready .show-code");
  await page.click('dialog[open] [data-wallet="21"]');
  await screen(page, "present");
  await phone.click("#shown button");
  await phone.waitForSelector("#ask:not([hidden])");
  await screen(page, "waiting");
  assert.match(await page.textContent("#sentence"), /confirm/i);
  await phone.click("#yes");
  await screen(page, "paid");
  assert.equal(only(await shop.ledger()).charged, 1234);
});

plain("declined, cancelled by the cashier, and at the deadline: the sale is free, nothing is kept", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const declined = await display(machine, "declined");
  await scan(shop, only(await shop.ledger()).payload, "declines");
  await screen(declined, "declined");

  const cancelled = await display(machine, "cancelled");
  await cancelled.keyboard.press("Escape");
  await screen(cancelled, "declined");
  assert.deepEqual(
    (await shop.sale("cancelled")).trades.map(({ status, cancelled_by, reason }) => [status, cancelled_by, reason]),
    [["cancelled", "cashier", "requested"]],
  );

  const late = await display(machine, "deadline");
  await screen(late, "declined");
  assert.deepEqual(
    (await shop.sale("deadline")).trades.map(({ status, cancelled_by, reason }) => [status, cancelled_by, reason]),
    [["cancelled", "system", "deadline"]],
  );
  assert.equal(await shop.kept(), 0);
  for (const page of [declined, cancelled, late]) assert.deepEqual(page.problems, []);
});

plain("the answers are lost at the moment of payment: asked on, paid once", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await display(machine, "lost");
  await shop.fault("status", "cut", { times: 3 });
  await scan(shop, only(await shop.ledger()).payload);
  await screen(page, "paid");
  assert.equal(only(await shop.ledger()).charged, 1250);
});

plain("the page is reloaded while the code is on display: it is shown again, and paid", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const page = await display(machine, "reloaded");
  const { payload } = only(await shop.ledger());
  await page.reload();
  await screen(page, "present");
  await page.waitForSelector("#shown img");
  const developer = await machine.till({ open: false });
  await developer.evaluate("kaunter.init()");
  assert.deepEqual(await read(page, developer), [payload]);
  await scan(shop, payload);
  await screen(page, "paid");
  assert.deepEqual([only(await shop.ledger()).charged, await shop.kept()], [1250, 1250]);
});

plain("onCode, resume, abort and two tills, as a developer meets them", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const page = await machine.till();
  const sale = (ref) => ({ ref, amount: { minor: 1250, currency: "MYR" } });
  await page.evaluate(() => {
    globalThis.codes = [];
    globalThis.begin = (sale, wallet = "23", more = {}) => {
      globalThis.end = ends(till.showCode(sale, { walletId: wallet, onCode: (code) => codes.push(code), ...more }));
    };
  });
  const awaited = (name) => until(name, async () => (await page.evaluate("codes.length")) > 0);
  const ended = () => page.evaluate("end");

  // Shown once, watched from a second page without a picture, paid in both.
  await page.evaluate((sale) => begin(sale), sale("api"));
  await awaited("onCode is called");
  const [{ svg, payload, expiresAt }] = await page.evaluate("codes");
  const trade = only((await shop.sale("api")).trades);
  assert.match(svg, /^<svg /);
  assert.deepEqual([payload, expiresAt], [trade.shown_code.payload, trade.shown_code.expires_at]);
  assert.equal(await page.evaluate("till.state"), "waiting");
  const watcher = await machine.till({ terminal: "till-1", context: await machine.freshContext() });
  const watched = watcher.evaluate((id) => ends(till.resume(id)), trade.trade_id);
  const rival = await machine.till({ terminal: "till-2", context: await machine.freshContext() });
  const busy = await rival.evaluate(
    (sale) => ends(till.showCode(sale, { walletId: "23", onCode: () => {} })),
    sale("api"),
  );
  assert.deepEqual(
    [busy.error.code, busy.error.tradeId, busy.error.moneyMoved],
    ["sale_busy", trade.trade_id, "maybe"],
  );
  await scan(shop, payload);
  assert.deepEqual([(await ended()).value.status, (await watched).value.status], ["paid", "paid"]);
  assert.equal(await page.evaluate("codes.length"), 1);

  // An abort after the code was shown asks to cancel; the gateway's answer ends the trade.
  await page.evaluate((sale) => {
    codes = [];
    globalThis.abort = new AbortController();
    begin(sale, "23", { signal: abort.signal });
  }, sale("abort"));
  await awaited("shown again");
  await page.evaluate("abort.abort()");
  assert.deepEqual((await ended()).value, {
    status: "cancelled",
    tradeId: only((await shop.sale("abort")).trades).trade_id,
    sale: sale("abort"),
    by: "cashier",
    reason: "requested",
  });

  // If `onCode` throws, the trade is cancelled. A wallet without this mode and a missing `onCode` are errors.
  const thrown = page.evaluate(
    (sale) =>
      ends(
        till.showCode(sale, {
          walletId: "23",
          onCode: () => {
            throw new Error("no display");
          },
        }),
      ),
    sale("throws"),
  );
  assert.equal((await thrown).value.status, "cancelled");
  const told = await page.evaluate(
    (sale) =>
      Promise.all([
        ends(till.showCode(sale, { walletId: "31", onCode: () => {} })),
        ends(till.showCode(sale, { walletId: "23" })),
        ends(till.showCode(sale, { onCode: () => {} })),
      ]),
    sale("none"),
  );
  assert.deepEqual(
    told.map(({ error }) => error.code ?? error.name),
    ["mode_unsupported", "argument_invalid", "wallet_required"],
  );
  assert.deepEqual((await shop.sale("none")).trades ?? [], []);
  assert.equal(await shop.kept(), 1250);
});
