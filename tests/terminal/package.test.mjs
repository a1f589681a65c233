// The package on a developer's page, besides a sale: refused refunds, late money, rights, tokens, addresses, amounts,
// and whitespace around a code.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { counter, startTrade, until } from "./harness.mjs";

const sale = (ref, minor = 1250) => ({ ref, amount: { minor, currency: "MYR" } });

/** The gateway's answer, as JavaScript gets it. */
const asJson = (said) => (said ? { code: said.code ?? null, message: said.message } : null);

test("rule 20: a void that the gateway refuses ends as paid and says why; the next one gives the money back", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).till();
  const paid = await page.evaluate(({ sale, code }) => till.charge(sale, { code, walletId: "23" }), {
    sale: sale("void"),
    code: await shop.code(),
  });
  assert.deepEqual([paid.status, "voidRefused" in paid], ["paid", false], "a plain sale has no such field");
  await shop.fault("void", "void_fails", { trade_id: paid.tradeId });
  const refused = await page.evaluate((id) => till.void(id, { reason: "wrong item" }), paid.tradeId);
  assert.equal(refused.status, "paid");
  assert.deepEqual(Object.keys(refused.voidRefused).sort(), ["code", "message"]);
  assert.deepEqual(
    refused.voidRefused,
    asJson((await shop.sale("void")).trades[0].void_refused),
    "in the words that the backend keeps",
  );
  const trade = await page.evaluate((id) => till.checkStatus(id), paid.tradeId);
  assert.deepEqual([trade.status, trade.voidRefused], ["paid", refused.voidRefused]);
  assert.ok(
    await page.evaluate(
      (id) => log.some(({ type, detail }) => type === "trade" && detail.tradeId === id && detail.voidRefused),
      paid.tradeId,
    ),
    "the event says it too",
  );
  assert.equal(await shop.kept(), 1250);

  const back = await page.evaluate((id) => till.void(id, { reason: "wrong item" }), paid.tradeId);
  assert.equal(back.status, "voided");
  assert.equal(await shop.kept(), 0);
  assert.equal((await page.evaluate((id) => till.checkVoidStatus(id), paid.tradeId)).voidRefused, null);
});

test("rule 21: a payment that is declined carries the gateway's words", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).till();
  const end = await page.evaluate(({ sale, code }) => till.charge(sale, { code, walletId: "23" }), {
    sale: sale("declined", 1206),
    code: await shop.code("by_amount"),
  });
  assert.equal(end.status, "declined");
  assert.deepEqual(
    end.gatewayAnswer,
    asJson((await shop.sale("declined")).trades[0].gateway_answer),
    "those that the backend keeps",
  );
  const [trade] = await page.evaluate(async () => (await till.listTrades({ ref: "declined" })).trades);
  assert.deepEqual(trade.gatewayAnswer, end.gatewayAnswer);
});

/** Hides the page, as another window in front of it does, or shows it again. */
const hide = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);

/** A sale that is cancelled, and paid a little later. The page has got `cancelled` before. */
async function cancelled(shop, page, ref) {
  const code = await shop.code("by_amount");
  await page.evaluate(
    ({ sale, code }) => {
      globalThis.end = ends(till.charge(sale, { code, walletId: "23" }));
    },
    { sale: sale(ref, 1208), code },
  );
  const trade = await until("its code is there", async () =>
    (await shop.sale(ref))?.trades?.find(
      ({ status }) => status === "pending" || status === "paying" || status === "unknown",
    ),
  );
  await until(
    "it is cancelled",
    async () => (await page.evaluate((id) => ends(till.cancel(id)), trade.trade_id)).value?.status === "cancelled",
  );
  return trade;
}

const told = (page, trade, status) =>
  page.evaluate(
    ({ id, status }) =>
      log.some(({ type, detail }) => type === "trade" && detail.tradeId === id && detail.status === status),
    { id: trade.trade_id, status },
  );

test("money that comes after a cancel is shown on an idle page, and is in the list of unfinished trades", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const page = await (await shop.machine()).till();
  const trade = await cancelled(shop, page, "late");
  await until("it is told", () => told(page, trade, "late_success"), { ms: 60_000 * 0.1 * 2 });
  assert.deepEqual(await page.evaluate(() => till.unfinished.map(({ tradeId, status }) => [tradeId, status])), [
    [trade.trade_id, "late_success"],
  ]);
  assert.equal(await page.evaluate(() => till.state), "idle");
  const times = await page.evaluate(
    (id) =>
      log.filter(({ type, detail }) => type === "trade" && detail.tradeId === id && detail.status === "late_success")
        .length,
    trade.trade_id,
  );
  assert.equal(times, 1, "once");
});

test("a hidden page does not ask; seen again, or online again, it asks at once; a closed till asks no more", async (t) => {
  // On this clock, the page polls only every half hour by itself.
  const shop = await counter(t, { scale: 0.1, policy: { heartbeat_ms: 18_000_000 } });
  const page = await (await shop.machine()).till({
    options:
      "fetch: (address, init) => { globalThis.calls ??= []; calls.push(new URL(address).pathname); return fetch(address, init); }",
  });
  const sessions = () => page.evaluate(() => calls.filter((path) => path === "/v1/sessions").length);
  await page.evaluate(() => {
    log.length = 0;
  });
  const trade = await cancelled(shop, page, "seen");
  await until("it is late", async () => (await shop.sale("seen")).trades[0].status === "late_success");
  assert.equal(await sessions(), 1);
  await hide(page, true);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.evaluate(() => till.checkStatus("NOBODYKNOWSTHIS00000").catch(() => {}));
  assert.equal(await sessions(), 1, "a hidden page waits until it is seen");
  await hide(page, false);
  await until("it is told", () => told(page, trade, "late_success"));
  assert.equal(await sessions(), 2);
  // Many reasons to poll at the same time make one call.
  for (let at = 0; at < 50; at++) await page.evaluate(() => dispatchEvent(new Event("online")));
  await until("one more question", async () => (await sessions()) >= 3);
  await page.evaluate(() => till.checkStatus("NOBODYKNOWSTHIS00000").catch(() => {}));
  assert.ok((await sessions()) < 10);
  await page.evaluate(() => till.close());
  const before = await sessions();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.evaluate(() => kaunter.Till.open({ backend: setting.backend, getToken }).then((till) => till.close()));
  assert.equal(await sessions(), before);
});

test("a list and a search ask for the right to list, once; a token without it gives an error", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).till({ open: false });
  const trade = await startTrade(shop, "listed", { code: await shop.code() });
  const said = await page.evaluate(async (day) => {
    // A backend that lists trades only for tokens with the right `list`.
    const guarded = async (address, init) => {
      const { rights } = JSON.parse(
        atob(init.headers.get("kaunter-token").split(".")[1].replaceAll("-", "+").replaceAll("_", "/")),
      );
      const lists = /trades[?](day|ref)=/.test(address);
      if (!lists || rights.includes("list")) return fetch(address, init);
      const problem = {
        type: "about:blank",
        title: "Forbidden",
        status: 403,
        code: "token_forbidden",
        detail: "This token may not list.",
        retry: "with_new_token",
      };
      return new Response(JSON.stringify(problem), {
        status: 403,
        headers: { "content-type": "application/problem+json" },
      });
    };
    const asked = [];
    const own = (context) => {
      asked.push([context.reason, context.right ?? null]);
      return getToken(context);
    };
    const till = await kaunter.Till.open({ backend: setting.backend, fetch: guarded, getToken: own });
    const found = (await till.listTrades({ ref: "listed" })).trades;
    const listed = (await till.listTrades({ day })).trades;
    const strict = await kaunter.Till.open({
      backend: setting.backend,
      fetch: guarded,
      getToken: ({ signal }) => getToken({ signal }),
    });
    return {
      asked,
      found: found.map(({ tradeId }) => tradeId),
      listed: listed.map(({ tradeId }) => tradeId),
      refused: (await ends(strict.listTrades({ ref: "listed" }))).error.code,
    };
  });
  assert.deepEqual(said, {
    asked: [
      ["start", null],
      ["forbidden", "list"],
      ["forbidden", "list"],
    ],
    found: [trade.trade_id],
    listed: [trade.trade_id],
    refused: "token_forbidden",
  });
});

test("a list comes in pages, and the pages together have every trade once, newest first", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).till();
  const begun = [];
  for (const ref of ["page-1", "page-2", "page-3"]) begun.unshift((await startTrade(shop, ref)).trade_id);
  const read = await page.evaluate(
    async (day) => {
      const pages = [];
      let cursor;
      do {
        const { trades, nextCursor } = await till.listTrades({ day, limit: 2, cursor });
        pages.push(trades.map(({ tradeId }) => tradeId));
        cursor = nextCursor ?? undefined;
      } while (cursor);
      return { pages, today: (await till.listTrades()).trades.map(({ tradeId }) => tradeId) };
    },
    new Date().toISOString().slice(0, 10),
  );
  assert.deepEqual(read, { pages: [begun.slice(0, 2), begun.slice(2)], today: begun });
});

const AROUND = [
  "\r\n",
  "\n",
  "\t",
  "  ",
  "\u{A0}",
  "\u{3000}",
  "\u{FEFF}",
  "\u{200B}",
  "\u{2060}",
  "\u{85}",
  "\u{0}",
  "\u{1D}",
];

test("whitespace around a code is removed: typed, scanned, or over HTTP; whitespace in it stays", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till();
  const sent = async (ref) => (await shop.calls("pay")).find(({ trade_id }) => trade_id === ref);
  const paid = async (ref, text) => {
    const end = await page.evaluate(({ sale, text }) => ends(till.charge(sale, { code: text, walletId: "23" })), {
      sale: sale(ref),
      text,
    });
    assert.equal(end.value?.status, "paid", `${JSON.stringify(text)}: ${JSON.stringify(end)}`);
  };
  for (const [at, around] of AROUND.entries()) {
    const code = await shop.code();
    await paid(`around-${at}`, `${around}${code}${around}`);
    // The sandbox finds a code by its text, so it refuses a changed one.
    const trade = await startTrade(shop, `http-${at}`);
    const raw = await shop.code();
    const answer = await shop.call("POST", `/v1/trades/${trade.trade_id}/code`, {
      token: await shop.token(),
      body: { code: `${around}]Q3${raw}${around}` },
    });
    assert.equal(answer.status, 200, JSON.stringify(around));
    await until("it is paid", async () => (await shop.sale(`http-${at}`)).trades[0].status === "paid");
  }
  for (const modifier of [0, 1, 3, 6]) await paid(`aim-${modifier}`, `]Q${modifier}${await shop.code()}\r`);
  const wide = (text) => text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
  await paid("wide", wide(await shop.code()));
  const inner = await startTrade(shop, "inner");
  const code = await shop.code();
  const answer = await shop.call("POST", `/v1/trades/${inner.trade_id}/code`, {
    token: await shop.token(),
    body: { code: `${code.slice(0, 4)}\n${code.slice(4)}` },
  });
  assert.deepEqual([answer.status, answer.json.code], [400, "code_invalid"]);
  assert.equal(
    (
      await page.evaluate(({ sale }) => ends(till.charge(sale, { code: "]Q3\r\n", walletId: "23" })), {
        sale: sale("nothing"),
      })
    ).error.code,
    "code_invalid",
  );
  const kinds = await page.evaluate(
    (around) =>
      Promise.all(around.map(async (text) => (await kaunter.inspectCode(`${text}]Q3134503098230927349${text}`)).kind)),
    AROUND,
  );
  assert.deepEqual([...new Set(kinds)], ["wechat_pay"]);
  assert.equal(await sent(inner.trade_id), undefined);
  // The camera shows a code with a space and a line break around its text.
  await machine.look(` ${await shop.code()}\r\n`);
  const seen = await page.evaluate(
    (sale) => ends(till.charge(sale, { walletId: "23", scan: { timeoutMs: 20_000 } })),
    sale("seen"),
  );
  assert.equal(seen.value?.status, "paid", JSON.stringify(seen));
});

/** A web server that is not a backend. */
async function stranger(t, answer) {
  const server = createServer((request, response) => answer(request, response));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

test("a wrong address of the backend has its own error", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine({ camera: false })).till({ open: false });
  const open = (access, status, type, body) =>
    stranger(t, (request, response) =>
      response
        .writeHead(request.method === "OPTIONS" ? 204 : status, { "content-type": type, ...access })
        .end(request.method === "OPTIONS" ? "" : body),
    );
  const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
  const missing = await open(cors, 404, "text/html; charset=utf-8", "<h1>Not found</h1>");
  const page200 = await open(cors, 200, "text/html", "<!doctype html><p>shop");
  const json = await open(cors, 200, "application/json", '{"hello":1}');
  const error = await open(cors, 404, "application/json", '{"error":"no route"}');
  const proxy = await open(cors, 502, "text/html", "<h1>Bad gateway</h1>");
  const closed = await open({}, 200, "application/json", "{}");
  const ask = (backend) =>
    page.evaluate(
      (backend) =>
        kaunter.Till.open({ backend, getToken }).then(
          () => "open",
          ({ code, detail, retryable, cause }) => ({ code, detail, retryable, cause: String(cause ?? detail ?? "") }),
        ),
      backend,
    );
  for (const [backend, words] of [
    [missing, /404 text\/html/],
    [page200, /200 text\/html/],
    [json, /other fields/],
    [error, /404 application\/json/],
    [`${shop.backend}/pay`, /answered 40[45]/],
  ]) {
    const said = await ask(backend);
    assert.deepEqual([said.code, said.retryable], ["route_not_found", false], `${backend}: ${JSON.stringify(said)}`);
    assert.match(said.detail, words);
    assert.ok(said.detail.includes(backend));
  }
  for (const [backend, words] of [
    [proxy, /502/],
    [closed, /fetch/i],
    ["http://127.0.0.1:9", /fetch/i],
  ]) {
    const said = await ask(backend);
    assert.deepEqual([said.code, said.retryable], ["network_failed", true], `${backend}: ${JSON.stringify(said)}`);
    assert.match(said.cause, words);
    assert.ok(said.detail.includes(backend), said.detail);
  }
  for (const backend of [
    "pay.shop.example",
    "localhost:8787",
    "ws://127.0.0.1:8787",
    "https://me:hidden@pay.example",
    `${shop.backend}/?a=1`,
  ]) {
    const said = await ask(backend);
    assert.equal(said.code, "argument_invalid", backend);
    assert.match(said.detail, /`backend`/);
    assert.doesNotMatch(JSON.stringify(said), /hidden/);
  }
  assert.equal(await ask(`${shop.backend}/`), "open");
});

test("a page that can't reach the backend is told why: the address, the backend's list of origins, or its own policy", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine({ camera: false });
  const page = await machine.till({ open: false });
  const token = await shop.token();
  const sent = [];
  machine.context.on("request", (request) => {
    const { origin, pathname } = new URL(request.url());
    if (request.method() !== "OPTIONS" && origin === shop.backend) sent.push(`${request.method()} ${pathname}`);
  });
  const ask = (page, backend) =>
    page.evaluate(
      async ({ backend, token }) => {
        let asked = 0;
        const getToken = () => {
          asked++;
          return token;
        };
        const end = await kaunter.Till.open({ backend, getToken }).then(
          (till) => till.close(),
          ({ code, message, detail, retryable }) => ({ code, message, detail, retryable }),
        );
        return { ...end, asked };
      },
      { backend, token },
    );
  const { port } = new URL(shop.backend);

  // A token is for https, or for this machine.
  for (const backend of [
    "http://10.0.0.5:8787",
    "HTTP://pay.shop.example",
    "http://127.0.0.1.shop.example",
    "http://[::2]",
  ])
    assert.deepEqual(
      await ask(page, backend).then(({ code, retryable, asked }) => [code, retryable, asked]),
      ["backend_insecure", false, 0],
      backend,
    );
  for (const backend of ["https://", "http://127.0.0.256", "https://[::1", "https://pay.shop.example:99999"])
    assert.deepEqual(
      await ask(page, backend).then(({ code, detail, asked }) => [code, /`backend`/.test(detail), asked]),
      ["argument_invalid", true, 0],
      backend,
    );
  for (const backend of [
    `http://LOCALHOST:${port}`,
    `http://127.1:${port}`,
    "http://127.9.9.9:9",
    "http://[::1]:9",
    "/",
  ])
    assert.ok(!/insecure|argument/.test((await ask(page, backend)).code), backend);
  assert.equal((await ask(page, shop.backend)).code, undefined, "it opens");

  // The same page under another name of this machine is another origin.
  const stranger = await machine.page();
  const origin = shop.pages.replace("127.0.0.1", "localhost");
  await stranger.goto(`${origin}/`);
  await stranger.evaluate(`import("/pkg/index.js").then((all) => { globalThis.kaunter = all; })`);
  sent.length = 0;
  const refused = await ask(stranger, shop.backend);
  assert.deepEqual(
    [refused.code, refused.detail, refused.retryable, refused.asked],
    ["origin_refused", origin, false, 1],
    JSON.stringify(refused),
  );
  assert.ok(refused.message.includes(origin) && refused.message.includes("`origins`"), refused.message);
  assert.deepEqual(
    sent.filter((call) => call.endsWith("/healthz")),
    ["GET /healthz"],
    "it is asked once",
  );

  // A network that fails for a moment is not told as a wrong set-up, and an open till explains nothing.
  const said = await page.evaluate(async () => {
    const calls = [];
    let failing = 1;
    const flaky = (address, init) => {
      calls.push(`${new URL(address).pathname} ${init.headers?.has("Kaunter-Token") ?? false}`);
      return failing-- > 0 ? Promise.reject(new TypeError("the cable was out")) : fetch(address, init);
    };
    const till = await kaunter.Till.open({ backend: setting.backend, getToken, fetch: flaky });
    const opening = calls.splice(0);
    failing = Infinity;
    const { error } = await ends(till.checkStatus("NOBODYKNOWSTHIS00000"));
    failing = Infinity;
    const again = await ends(kaunter.Till.open({ backend: setting.backend, getToken, fetch: flaky }));
    return { opening, code: error.code, again: again.error.code, calls };
  });
  assert.deepEqual(said.opening, ["/v1/sessions true", "/healthz false", "/v1/sessions true"]);
  assert.deepEqual([said.code, said.again], ["network_failed", "network_failed"]);
  assert.deepEqual(
    said.calls.filter((call) => !call.startsWith("/v1/trades")),
    ["/v1/sessions true", "/healthz false"],
    "only the second opening asked",
  );

  // A page whose policy allows its own server only.
  await page.evaluate(() => {
    const policy = document.createElement("meta");
    policy.httpEquiv = "Content-Security-Policy";
    policy.content = "connect-src 'self'";
    document.head.append(policy);
  });
  sent.length = 0;
  const blocked = await ask(page, shop.backend);
  assert.deepEqual(
    [blocked.code, blocked.detail, blocked.retryable],
    ["connect_csp_blocked", shop.backend, false],
    JSON.stringify(blocked),
  );
  assert.ok(blocked.message.includes(shop.backend) && blocked.message.includes("connect-src"), blocked.message);
  assert.deepEqual(sent, []);
});

test("getToken gives the token's text or the backend's answer, and an error describes another value without its contents", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine({ camera: false })).till({ open: false });
  const said = await page.evaluate(async () => {
    const token = async () => getToken({});
    const open = (own) =>
      kaunter.Till.open({ backend: setting.backend, getToken: own }).then(
        (till) => till.close().then(() => "open"),
        ({ code, detail, cause, message }) => ({ code, detail, cause: String(cause), message }),
      );
    const good = await Promise.all(
      [
        token,
        async () => ({ token: await token() }),
        async () => ({ token: await token(), expires_at: "2026" }),
        async () => `${await token()}\n`,
        async () => JSON.stringify({ token: await token(), expires_at: "2026" }),
      ].map(open),
    );
    const bad = {
      text: "SECRET SECRET",
      html: "<!doctype html>SECRET",
      json: '{"error":"SECRET"}',
      object: { jwt: "SECRET" },
      number: 5,
      nothing: undefined,
      empty: "",
      list: ["SECRET"],
      nested: { token: { token: "SECRET" } },
      line: "SEC\nRET",
    };
    const refused = {};
    for (const [name, value] of Object.entries(bad)) refused[name] = await open(async () => value);
    refused.forged = await open(async () => "SECRET.SECRET.SECRET");
    refused.thrown = await open(async () => {
      throw new Error("the shop's server answered 401");
    });
    return { good, refused };
  });
  assert.deepEqual(said.good, Array(5).fill("open"));
  for (const [name, { code, detail, cause, message }] of Object.entries(said.refused)) {
    assert.equal(code, name === "forged" ? "token_invalid" : "token_failed", name);
    assert.doesNotMatch(`${detail}${cause}${message}`, /SEC/, name);
    if (name !== "thrown") assert.ok(detail, name);
  }
  const { refused } = said;
  assert.match(refused.html.detail, /HTML/);
  assert.match(refused.object.detail, /object without/);
  assert.match(refused.nothing.detail, /undefined/);
  assert.match(refused.forged.detail, /the backend answered 401: ./);
  assert.match(refused.thrown.cause, /answered 401/);
});

test("one table of decimals: what the page shows, what the module reads and what the gateway is asked for are one amount", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine({ camera: false })).till();
  const wrong = await page.evaluate(() => {
    const wrong = [];
    for (const currency of [...Intl.supportedValuesOf("currency"), "IDR", "HUF", "MMK", "UYW"]) {
      // The number of decimals that the module reads.
      const reads = [0, 1, 2, 3, 4]
        .filter((digits) => {
          try {
            kaunter.parseMoney(digits ? `1.${"1".repeat(digits)}` : "1", currency);
            return true;
          } catch {
            return false;
          }
        })
        .at(-1);
      const shown = kaunter.formatMoney({ minor: 1234567, currency }, "en");
      const digits = /\.(\d+)/.exec(shown)?.[1].length ?? 0;
      const back = kaunter.parseMoney(shown.replace(/[^\d.]/g, ""), currency).minor;
      if (digits !== reads || back !== 1234567) wrong.push([currency, reads, shown]);
    }
    return wrong;
  });
  assert.deepEqual(wrong, []);
  const shown = await page.evaluate(() =>
    [
      ["IDR", 500_000],
      ["MYR", 0],
      ["MYR", -5],
      ["JPY", 7],
      ["KWD", 7],
      ["MYR", Number.MAX_SAFE_INTEGER],
    ].map(([currency, minor]) => kaunter.formatMoney({ minor, currency }, "en").replace(/\s/g, " ")),
  );
  assert.deepEqual(shown, ["Rp 5,000.00", "RM 0.00", "-RM 0.05", "¥7", "KWD 0.007", "RM 90,071,992,547,409.91"]);

  // The backend with this currency sends the gateway the same amount, and the cashier's page shows it.
  for (const currency of ["IDR", "HUF", "MMK"]) {
    const own = await counter(t);
    await own.stopBackend();
    const plain = own.toml.bind(own);
    own.toml = (listen) => plain(listen).replace("[gateway]\n", `[gateway]\ncurrency = "${currency}"\n`);
    await own.startBackend();
    const machine = await own.machine({ camera: false });
    const screen = await machine.terminal({ amount: 500_000 });
    assert.match(await screen.textContent("#amount"), /5,000\.00/, currency);
    const body = {
      idempotency_key: `${"0".repeat(31)}1`,
      sale: { ref: currency, amount: { minor: 500_000, currency } },
      wallet_id: "23",
      mode: "consumer_presented",
    };
    const made = await own.call("POST", "/v1/trades", { token: await own.token(), body });
    assert.equal(made.status, 200, `${currency}: ${made.text}`);
    // The sandbox reads an amount with two decimals, and stores hundredths.
    assert.deepEqual(
      (await own.ledger()).map(({ amount }) => amount),
      [500_000],
      currency,
    );
  }
});
