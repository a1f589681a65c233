// Passes odd JavaScript values as each argument and option. Each call must give an answer or a rejection with a code,
// never a trap, and the next sale must work.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter } from "./harness.mjs";

/**
 * Values that a caller should not pass, made in the page. Some are of another window; some throw when they are read.
 */
const ODD = `() => {
  const thrower = () => {
    throw new Error("touched");
  };
  const frame = document.body.appendChild(document.createElement("iframe"));
  const other = frame.contentWindow;
  const detached = new Uint8Array(8);
  structuredClone(detached, { transfer: [detached.buffer] });
  const revoked = (target) => {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  };
  const traps = Object.fromEntries(
    ["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "apply"].map((name) => [name, thrower]),
  );
  const circular = {};
  circular.self = circular;
  return {
    undefined,
    null: null,
    true: true,
    false: false,
    zero: 0,
    minusZero: -0,
    one: 1,
    half: 0.5,
    negative: -7,
    NaN,
    Infinity,
    minusInfinity: -Infinity,
    unsafe: 2 ** 53,
    max: Number.MAX_VALUE,
    min: Number.MIN_VALUE,
    bigint: 23n,
    hugeBigint: 10n ** 400n,
    symbol: Symbol("s"),
    iterator: Symbol.iterator,
    empty: "",
    blank: " ",
    text: "x",
    number: "23",
    surrogate: "\\ud800",
    nul: "a\\0b",
    lines: "\\r\\n",
    long: "x".repeat(100_000),
    huge: "x".repeat(30_000_000),
    script: "<img src=x onerror=alert(1)>",
    array: [],
    nested: [[1, [2]]],
    sparse: new Array(5),
    object: {},
    bare: Object.create(null),
    frozen: Object.freeze({ wallet: 5, minor: "1" }),
    circular,
    toStringThrows: { toString: thrower },
    valueOfThrows: { valueOf: thrower },
    primitiveThrows: { [Symbol.toPrimitive]: thrower },
    tagThrows: {
      get [Symbol.toStringTag]() {
        return thrower();
      },
    },
    thenThrows: {
      get then() {
        return thrower();
      },
    },
    thenable: { then: (done) => done(5) },
    iteratorThrows: { [Symbol.iterator]: thrower },
    trapped: new Proxy({}, traps),
    trappedFunction: new Proxy(() => {}, traps),
    revoked: revoked({}),
    revokedFunction: revoked(() => {}),
    proxy: new Proxy({}, {}),
    arrow: () => {},
    thrower,
    async: async () => {},
    generator: function* () {},
    class: class {
      static get wallet() {
        return thrower();
      }
    },
    native: Math.max,
    date: new Date(0),
    invalidDate: new Date(NaN),
    regexp: /x/g,
    error: new Error("x"),
    map: new Map([["wallet", 1]]),
    set: new Set(),
    weakMap: new WeakMap(),
    promise: Promise.resolve(1),
    boxedText: new String("23"),
    boxedNumber: new Number(23),
    boxedFlag: new Boolean(false),
    bytes: new Uint8Array(3),
    detached,
    buffer: new ArrayBuffer(8),
    view: new DataView(new ArrayBuffer(8)),
    blob: new Blob(["x"]),
    element: document.createElement("video"),
    window,
    document,
    event: new Event("x"),
    url: new URL("https://pay.example/"),
    signal: new AbortController().signal,
    otherObject: new other.Object(),
    otherText: new other.String("23"),
    otherArray: new other.Array(),
    otherFunction: other.eval("() => {}"),
    otherBytes: new other.Uint8Array(4),
    otherSignal: new other.AbortController().signal,
    otherError: new other.Error("x"),
    otherProxy: new Proxy(new other.Object(), {}),
    heir: Object.create({ wallet: "23", getToken: thrower }),
  };
}`;

/** Calls each function with each value. Reports results that are neither an answer nor a coded error. */
const CALL = `async (odd) => {
  const sale = (more) => ({ ref: "V-" + crypto.randomUUID(), amount: { minor: 1250, currency: "MYR" }, ...more });
  const open = (more) =>
    kaunter.Till.open({ backend: setting.backend, getToken, ...more }).then((till) => till.close());
  const camera = (name) => (value) => open({ camera: { [name]: value } });
  const stop = AbortSignal.abort(new DOMException("stopped", "AbortError"));
  // A scan without a camera, and a code of no wallet: each ends by itself.
  const soon = { timeoutMs: 1 };
  const code = "130123456789012345";
  const calls = {
    parseMoney: (value) => kaunter.parseMoney(value, "MYR"),
    "parseMoney, currency": (value) => kaunter.parseMoney("1.00", value),
    inspectCode: (value) => kaunter.inspectCode(value),
    formatMoney: (value) => kaunter.formatMoney(value),
    "formatMoney minor": (value) => kaunter.formatMoney({ minor: value, currency: "MYR" }),
    "formatMoney currency": (value) => kaunter.formatMoney({ minor: 1, currency: value }),
    "formatMoney, locale": (value) => kaunter.formatMoney({ minor: 1, currency: "MYR" }, value),
    decode: (value) => kaunter.decode(value),
    "decode, options": (value) => kaunter.decode(picture, value),
    "decode maxCodes": (maxCodes) => kaunter.decode(picture, { maxCodes }),
    "decode effort": (effort) => kaunter.decode(picture, { effort }),
    init: (value) => kaunter.init(value),
    "init till": (till) => kaunter.init({ till }),
    "init reader": (reader) => kaunter.init({ reader }),
    "init worker": (worker) => kaunter.init({ worker }),
    "Reader.load": (value) => kaunter.Reader.load(value),
    "Reader.load wasm": (wasm) => kaunter.Reader.load({ wasm }),
    read: (value) => reader.read(value),
    "read, data": (data) => reader.read({ data, width: 2, height: 2 }),
    "read, width": (width) => reader.read({ data: new Uint8Array(4), width, height: 2 }),
    "read, height": (height) => reader.read({ data: new Uint8Array(4), width: 2, height }),
    "read, options": (value) => reader.read({ data: new Uint8Array(4), width: 2, height: 2 }, value),
    "read maxCodes": (maxCodes) => reader.read({ data: new Uint8Array(4), width: 2, height: 2 }, { maxCodes }),
    "read effort": (effort) => reader.read({ data: new Uint8Array(4), width: 2, height: 2 }, { effort }),
    open: (value) => kaunter.Till.open(value),
    "open backend": (backend) => open({ backend }),
    "open getToken": (own) => open({ getToken: own }),
    "open chooseWallet": (chooseWallet) => open({ chooseWallet }),
    "open preview": (preview) => open({ preview }),
    "open messages": (messages) => open({ messages }),
    "open fetch": (fetch) => open({ fetch }),
    "open signal": (signal) => open({ signal }),
    "open camera": (value) => open({ camera: value }),
    "open handScanner": (handScanner) => open({ handScanner }),
    ...Object.fromEntries(
      ["keyboard", "suffix", "device"].map((name) => [
        "open handScanner " + name,
        (value) => open({ handScanner: { [name]: value } }),
      ]),
    ),
    ...Object.fromEntries(
      ["deviceId", "facing", "region", "maxScansPerSecond", "idleReleaseMs", "mirror"].map((name) => [
        "open camera " + name,
        camera(name),
      ]),
    ),
    ...Object.fromEntries(
      ["x", "y", "width", "height"].map((side) => [
        "open region " + side,
        (value) => open({ camera: { region: { [side]: value } } }),
      ]),
    ),
    "open token": (value) => open({ getToken: () => value }),
    "open { token }": (token) => open({ getToken: async () => ({ token }) }),
    "open answer": (value) => open({ fetch: () => value }),
    "open message": (value) => open({ getToken: () => "x y", messages: { "token_failed": value } }),
    charge: (value) => till.charge(value, soon),
    "charge ref": (ref) => till.charge(sale({ ref }), { signal: stop }),
    "charge amount": (amount) => till.charge(sale({ amount }), { signal: stop }),
    "charge minor": (minor) => till.charge(sale({ amount: { minor, currency: "MYR" } }), { signal: stop }),
    "charge currency": (currency) => till.charge(sale({ amount: { minor: 1, currency } }), { signal: stop }),
    "charge, options": (value) => till.charge(sale({ ref: "" }), value),
    "charge walletId": (walletId) => till.charge(sale(), { walletId, signal: stop }),
    "charge signal": (signal) => till.charge(sale(), { signal, scan: { timeoutMs: 1 } }),
    "charge timeoutMs": (timeoutMs) => till.charge(sale(), { signal: stop, scan: { timeoutMs } }),
    "charge sources": (sources) => till.charge(sale(), { scan: { sources, timeoutMs: 1 } }),
    "charge accept": (accept) => till.charge(sale(), { scan: { accept, timeoutMs: 1 } }),
    scan: (value) => till.scan(Object(value) === value ? Object.assign(Object.create(null), soon) : (value ?? soon)),
    "scan signal": (signal) => till.scan({ signal, timeoutMs: 1 }),
    "scan accept": (accept) => till.scan({ accept, timeoutMs: 1 }),
    "charge scan": (scan) => till.charge(sale(), { scan, signal: stop }),
    "charge code": (value) => till.charge(sale(), { code: value, signal: stop }),
    "charge code text": (text) => till.charge(sale(), { code: { text }, signal: stop }),
    showCode: (value) => till.showCode(value, { walletId: "23", onCode() {} }),
    "showCode, options": (value) => till.showCode(sale(), value),
    "showCode walletId": (walletId) => till.showCode(sale(), { walletId, onCode() {}, signal: stop }),
    "showCode onCode": (onCode) => till.showCode(sale(), { walletId: "23", onCode, signal: stop }),
    "showCode signal": (signal) => till.showCode(sale({ ref: "" }), { walletId: "23", onCode() {}, signal }),
    checkStatus: (value) => till.checkStatus(value),
    cancel: (value) => till.cancel(value),
    "void, options": (value) => till.void("NOBODYKNOWSTHIS00000", value),
    void: (value) => till.void(value, { reason: "why" }),
    "void, reason": (value) => till.void("NOBODYKNOWSTHIS00000", { reason: value }),
    checkVoidStatus: (value) => till.checkVoidStatus(value),
    resume: (value) => till.resume(value),
    "resume, options": (value) => till.resume("NOBODYKNOWSTHIS00000", value),
    "resume signal": (signal) => till.resume("NOBODYKNOWSTHIS00000", { signal }),
    "resume onCode": (onCode) => till.resume("NOBODYKNOWSTHIS00000", { onCode }),
    listTrades: (value) => till.listTrades(value),
    "listTrades ref": (ref) => till.listTrades({ ref }),
    "listTrades day": (day) => till.listTrades({ day }),
    "listTrades terminal": (terminal) => till.listTrades({ terminal }),
    "listTrades limit": (limit) => till.listTrades({ limit }),
    "listTrades cursor": (cursor) => till.listTrades({ cursor }),
    giveVerdict: (value) => till.giveVerdict(value, { outcome: "paid", evidence: "seen" }),
    "giveVerdict, verdict": (value) => till.giveVerdict("NOBODYKNOWSTHIS00000", value),
    "giveVerdict outcome": (outcome) => till.giveVerdict("NOBODYKNOWSTHIS00000", { outcome, evidence: "seen" }),
    "giveVerdict evidence": (evidence) => till.giveVerdict("NOBODYKNOWSTHIS00000", { outcome: "paid", evidence }),
    warmUp: (value) => till.camera.warmUp(value),
    permission: (value) => till.camera.permission(value),
    cameras: (value) => till.camera.list(value),
    release: (value) => till.camera.release(value),
    use: (value) => till.camera.use(value),
    "use deviceId": (deviceId) => till.camera.use({ deviceId }),
    adjust: (value) => till.camera.adjust(value),
    "adjust torch": (torch) => till.camera.adjust({ torch }),
    "adjust zoom": (zoom) => till.camera.adjust({ zoom }),
    "adjust focusAt": (focusAt) => till.camera.adjust({ focusAt }),
    "adjust x": (x) => till.camera.adjust({ focusAt: { x, y: 1 } }),
  };
  const sync = /^(parseMoney|formatMoney|read)\\b/;
  const wrong = [],
    tally = {};
  const within = (promise) =>
    Promise.race([promise, new Promise((done) => setTimeout(done, 20_000, new Error("does not end")))]);
  for (const [name, call] of Object.entries(calls)) {
    for (const [what, value] of Object.entries(odd)) {
      if (/^(charge|scan) accept$/.test(name) && what === "thrower") continue; // the callback's own error is the expected result
      const key = name + " <- " + what;
      let error = null,
        answer;
      try {
        const given = call(value);
        if (!sync.test(name) && typeof given?.then !== "function") wrong.push(key + ": no promise");
        answer = await within(
          Promise.resolve(given).catch((thrown) => {
            error = thrown;
          }),
        );
        if (answer instanceof Error && answer.message === "does not end") wrong.push(key + ": does not end");
      } catch (thrown) {
        error = thrown;
        if (!sync.test(name)) wrong.push(key + ": thrown, not rejected: " + thrown);
      }
      const stopped = error?.name === "AbortError";
      if (error && !stopped && !(error instanceof kaunter.KaunterError))
        wrong.push(key + ": " + error?.name + ": " + error?.message);
      if (error?.code === "argument_invalid" && !/\`[a-zA-Z.]+\`/.test(error.message))
        wrong.push(key + " names no argument: " + error.message);
      const end = error ? (error.code ?? error.name) : "answer";
      tally[end] = (tally[end] ?? 0) + 1;
      if (answer && name === "open") await answer.close?.();
    }
  }
  return { wrong, tally, calls: Object.keys(calls).length };
}`;

test("odd values in every argument and option: an answer or a coded rejection, and then a sale", {
  timeout: 600_000,
}, async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till();
  const trapped = [];
  page.on("pageerror", (error) => trapped.push(String(error)));
  const made = await page.evaluate(`(async () => {
    globalThis.odd = (${ODD})();
    globalThis.reader = await kaunter.Reader.load();
    globalThis.picture = new ImageData(8, 8);
    return Object.keys(odd).length;
  })()`);
  assert.ok(made >= 60, `${made} values`);
  const { wrong, tally, calls } = await page.evaluate(`(${CALL})(odd)`);
  t.diagnostic(`${calls} places, ${made} values: ${JSON.stringify(tally)}`);
  assert.deepEqual(wrong, []);
  assert.ok(tally.argument_invalid > 1_000);
  assert.deepEqual(
    trapped.filter((error) => /unreachable|memory access|RuntimeError|BorrowMut|null pointer/.test(error)),
    [],
  );
  const code = await shop.code();
  const end = await page.evaluate(
    (code) => ends(till.charge({ ref: "after", amount: { minor: 1250, currency: "MYR" } }, { code, walletId: "23" })),
    code,
  );
  assert.equal(end.value?.status, "paid", JSON.stringify(end));
  assert.equal(await shop.kept(), 1250);
});

test("a wallet is its id as text or as a number, or the wallet itself; a trade is its id as text", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).till({
    options: "chooseWallet: (scan, wallets) => globalThis.picked(wallets)",
  });
  const pay = async (ref, options) =>
    page.evaluate(
      `ends(till.charge({ ref: ${JSON.stringify(ref)}, amount: { minor: 1250, currency: "MYR" } }, { code: ${JSON.stringify(await shop.code())}, ...${options} }))`,
    );
  const picks = (wallet) => page.evaluate(`globalThis.picked = (wallets) => ${wallet}; null`);
  for (const wallet of ["({ walletId: '23' })", "till.wallets.find(({ walletId }) => walletId === '23')"])
    assert.equal((await pay(wallet, wallet)).value?.status, "paid", wallet);
  for (const wallet of ["({ walletId: 23 })", "({ walletId: till.wallets[0] })"])
    assert.equal((await pay(wallet, wallet)).error?.code, "argument_invalid", wallet);
  for (const picked of ["wallets.find(({ walletId }) => walletId === '23')", "23", "'23'", "Promise.resolve(23)"]) {
    await picks(picked);
    assert.equal((await pay(`picked ${picked}`, "undefined")).value?.status, "paid", picked);
  }
  await picks("null");
  assert.equal((await pay("picked null", "undefined")).value?.status, "cancelled", "the cashier thought better of it");
  for (const [picked, code] of [
    ["undefined", "wallet_required"],
    ["({})", "wallet_unknown"],
    ["4711", "wallet_unknown"],
  ]) {
    await picks(picked);
    assert.equal((await pay(`picked ${picked}`, "undefined")).error?.code, code, picked);
  }
  const said = await page.evaluate(() =>
    Promise.all(
      [
        till.resume(12345),
        till.checkStatus(12345),
        till.void({ tradeId: "T" }, { reason: "why" }),
        kaunter.Till.open({ backend: setting.backend, getToken, camera: { deviceId: 0 } }),
      ].map(ends),
    ),
  );
  assert.deepEqual(
    said.map(({ error }) => error.code),
    Array(4).fill("argument_invalid"),
  );
  assert.match(said[0].error.message, /tradeId/);
  assert.match(said[3].error.message, /camera\.deviceId/);
});

test("only own fields of options are read: a changed Object.prototype has no effect, and gets no token", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine({ camera: false })).till({ open: false });
  const heard = await page.evaluate(async () => {
    const heard = [];
    const spy =
      (name) =>
      (...given) => {
        heard.push(name);
        return globalThis[name]?.(...given);
      };
    const names = {
      fetch: spy("fetch"),
      getToken: spy("getToken"),
      chooseWallet: spy("chooseWallet"),
      worker: spy("worker"),
      accept: spy("accept"),
      till: "/nothing.wasm",
      reader: "/nothing.wasm",
      moneyMoved: "maybe",
      tradeId: "T",
      retryable: true,
      messages: { token_failed: "no" },
      wallet: "99",
      timeoutMs: 1,
      signal: AbortSignal.abort(),
      backend: "https://elsewhere.example",
      camera: { deviceId: "x" },
      minor: 5,
      currency: "MYR",
      token: "x",
      settled: true,
      void_refused: { message: "no" },
    };
    Object.assign(Object.prototype, names);
    try {
      await kaunter.init({});
      const till = await kaunter.Till.open({ backend: setting.backend, getToken });
      const failed = await kaunter.Till.open({ backend: setting.backend, getToken: async () => "x" }).catch(
        (error) => error,
      );
      heard.push(failed.message, String(failed.moneyMoved), String(failed.retryable), String(failed.tradeId));
      heard.push(
        ...(await Promise.all(
          [
            kaunter.Till.open({ getToken }),
            kaunter.Till.open({ backend: setting.backend }),
            kaunter.Till.open({ backend: setting.backend, getToken: async () => ({}) }),
            till.charge({ ref: "R", amount: {} }),
          ].map((promise) =>
            promise.then(
              () => "answer",
              (error) => error.code,
            ),
          ),
        )),
      );
      const warm = await till.scan({}).catch((error) => error.code);
      heard.push(String(warm));
      heard.push(String(new kaunter.KaunterError("x", "y").moneyMoved));
      await till.close();
    } finally {
      for (const name of Object.keys(names)) delete Object.prototype[name];
    }
    return heard;
  });
  assert.deepEqual(heard, [
    "The till's sign-in is not accepted: sign in to the shop again.",
    "no",
    "true",
    "null",
    "argument_invalid",
    "argument_invalid",
    "token_failed",
    "amount_invalid",
    "camera_denied",
    "no",
  ]);
});
