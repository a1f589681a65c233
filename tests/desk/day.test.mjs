// The day's list: it is complete at any length, it is safe in a spreadsheet, and its day is that of the shop's offset.

import assert from "node:assert/strict";
import { handOver, newTrade, open, reaches, reconfigured, stores } from "./desk.mjs";

const { test } = stores();

const day = (ms) => new Date(ms).toISOString().slice(0, 10);
const HOUR = 3_600_000;

/** CSV as a spreadsheet reads it. */
function cells(text) {
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const row = rows.at(-1);
    if (text[at] === '"' && quoted && text[at + 1] === '"') row[row.length - 1] += text[++at];
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === "," && !quoted) row.push("");
    else if (text.startsWith("\r\n", at) && !quoted) {
      rows.push([""]);
      at++;
    } else row[row.length - 1] += text[at];
  }
  assert.deepEqual(rows.pop(), [""], "every line is ended");
  return rows;
}

test("as CSV: each column, and no cell is a formula", async (t, counter) => {
  const shop = await counter(t);
  const refs = [
    "plain-1",
    "=1+1",
    "+6012",
    "-2",
    "@sum(A1)",
    'a,"b"',
    '=HYPERLINK("http://x")',
    "x=1",
    "ＴＮＧ",
    "＝1+1",
  ];
  for (const ref of refs) await open(shop, ref, {}, "=till");
  const paid = await open(shop, "paid");
  await handOver(shop, paid, await shop.code());
  const { gateway_ref, since } = await reaches(shop, paid, ["paid"]);
  const token = shop.keys.KAUNTER_SERVER_KEY;
  const answer = await shop.call("GET", `/v1/trades?day=${day(Date.now())}`, {
    token,
    headers: { accept: "text/csv" },
  });
  assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
  assert.equal(answer.headers.get("content-disposition"), `attachment; filename="trades-${day(Date.now())}.csv"`);
  const [head, ...rows] = cells(answer.text);
  assert.deepEqual(head, [
    "created_at",
    "ref",
    "attempt",
    "amount",
    "currency",
    "wallet_id",
    "wallet",
    "terminal",
    "status",
    "since",
    "reason",
    "trade_id",
    "gateway_ref",
    "gateway_code",
    "gateway_message",
    "void_refused",
    "cashier",
    "decided_by",
    "single_person",
  ]);
  assert.equal(rows.length, refs.length + 1);
  for (const cell of rows.flat()) assert.doesNotMatch(cell, /^[=+\-@\t\r＝＋－＠]/, cell);
  assert.deepEqual(
    rows.map((row) => row[1].replace(/^'/, "")).sort(),
    [...refs, "paid"].sort(),
    "and nothing else is changed",
  );
  const row = Object.fromEntries(head.map((name, at) => [name, rows.find((row) => row[1] === "paid")[at]]));
  assert.deepEqual(row, {
    created_at: paid.created_at,
    ref: "paid",
    attempt: "1",
    amount: "12.00",
    currency: "MYR",
    wallet_id: "23",
    wallet: "Touch 'n Go",
    terminal: "till-1",
    status: "paid",
    since,
    reason: "",
    trade_id: paid.trade_id,
    gateway_ref,
    gateway_code: "S",
    gateway_message: "OK",
    void_refused: "",
    cashier: "cashier",
    decided_by: "gateway",
    single_person: "false",
  });
  const openOnes = cells(
    (await shop.call("GET", "/v1/trades?open=true", { token, headers: { accept: "text/csv" } })).text,
  );
  assert.equal(openOnes.length, refs.length + 1, "what is open, too");
});

test("a long day is written out in full, newest first, as JSON and as CSV", async (t, counter) => {
  const shop = await counter(t);
  const token = await shop.token();
  // More than one page of the store.
  const left = Array.from({ length: 230 }, (_, nth) => `long-${nth}`);
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let ref = left.shift(); ref; ref = left.shift())
        assert.equal((await shop.call("POST", "/v1/trades", { token, body: newTrade(ref) })).status, 200);
    }),
  );
  const pages = [];
  for (let cursor; cursor !== null; cursor = pages.at(-1).next_cursor ?? null) {
    const more = cursor ? `&cursor=${cursor}` : "";
    pages.push((await shop.call("GET", `/v1/trades?day=${day(Date.now())}${more}`, { token })).json);
  }
  assert.deepEqual(
    pages.map(({ trades }) => trades.length),
    [100, 100, 30],
  );
  const whole = pages.flatMap(({ trades }) => trades);
  const large = (await shop.call("GET", "/v1/trades?limit=500", { token })).json;
  assert.deepEqual([large.trades.length, large.next_cursor], [230, undefined], "today, where no day is named");
  const refs = whole.map(({ sale }) => sale.ref);
  assert.deepEqual([refs.length, new Set(refs).size], [230, 230]);
  const times = whole.map(({ created_at }) => Date.parse(created_at));
  assert.deepEqual(
    times,
    times.toSorted((one, other) => other - one),
  );
  const sheet = cells(
    (await shop.call("GET", `/v1/trades?day=${day(Date.now())}`, { token, headers: { accept: "text/csv" } })).text,
  );
  assert.equal(sheet.length, 231);
});

test("a list is of a sale, of a terminal, or of open trades; an unknown parameter is refused", async (t, counter) => {
  const shop = await counter(t);
  const token = await shop.token();
  const first = await open(shop, "A");
  await shop.call("POST", `/v1/trades/${first.trade_id}/cancel`, { token });
  const second = await open(shop, "A");
  const other = await open(shop, "B", {}, "till-2");
  const list = async (query, as = token) => shop.call("GET", `/v1/trades?${query}`, { token: as });
  const ids = async (query, as) => (await list(query, as)).json.trades.map(({ trade_id }) => trade_id);
  const [one, two, three] = [first, second, other].map(({ trade_id }) => trade_id);
  assert.deepEqual(await ids("ref=A"), [one, two], "of a sale, oldest first");
  assert.deepEqual(await ids("ref=A&open=true"), [two]);
  assert.deepEqual(await ids("open=true"), [three, two]);
  assert.deepEqual(await ids("open=false"), [three, two, one], "as if it were not there");
  assert.deepEqual(await ids("terminal=till-2"), [three]);
  assert.deepEqual(await ids(`day=${day(Date.now())}&open=true&terminal=till-1`), [two]);
  const page = (await list("ref=A&limit=1")).json;
  assert.deepEqual(await ids(`ref=A&cursor=${page.next_cursor}`), [two]);
  const closed = (await list("ref=A")).json.trades[0];
  assert.deepEqual([closed.cancelled_by, closed.decided_by, closed.by], ["cashier", undefined, undefined]);
  // Without the right to list: its own terminal, and what is open there.
  const own = await shop.token("till-1", { rights: ["charge", "cancel"] });
  assert.deepEqual(await ids("open=true", own), [two]);
  for (const query of ["open=true&terminal=till-2", "terminal=till-1", ""])
    assert.equal((await list(query, own)).json.code, "token_forbidden", query);
  for (const [query, param] of [
    ["open=", "open"],
    ["open=1", "open"],
    ["day=2026-02-30", "day"],
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["cursor=x", "cursor"],
    [`ref=A&cursor=1-${one}`, "cursor"],
    ["status=paid", undefined],
    ["day=2026-11-24&day=2026-11-25", undefined],
  ]) {
    const { status, json } = await list(query);
    assert.deepEqual([status, json.code, json.param], [400, "bad_request", param], query);
  }
  const sheet = await shop.call("GET", "/v1/trades?limit=5", { token, headers: { accept: "text/csv" } });
  assert.deepEqual([sheet.status, sheet.json.param], [400, "limit"], "a sheet is never paged");
});

test("a day is in UTC unless the shop sets an offset; the answer has its range", async (t, counter) => {
  const shop = await counter(t);
  await open(shop, "now");
  const token = shop.keys.KAUNTER_SERVER_KEY;
  const list = async (date) => (await shop.call("GET", `/v1/trades?day=${date}`, { token })).json;
  const now = Date.now();
  const utc = await list(day(now));
  assert.deepEqual(
    [utc.from, utc.to, utc.trades.length],
    [`${day(now)}T00:00:00Z`, `${day(now + 24 * HOUR)}T00:00:00Z`, 1],
  );
  assert.deepEqual((await list(day(now - 24 * HOUR))).trades, []);
  // An offset with another date than UTC now.
  const hour = new Date(now).getUTCHours();
  const hours = hour >= 12 ? 24 - hour : -(hour + 1);
  const offset = `${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}:00`;
  await reconfigured(shop, (toml) => `utc_offset = "${offset}"\n${toml}`);
  const own = await list(day(now + hours * HOUR));
  assert.equal(own.trades.length, 1, `${offset}: the shop's day is ${day(now + hours * HOUR)}`);
  assert.ok(Date.parse(own.from) <= now && now < Date.parse(own.to));
  assert.deepEqual((await list(day(now))).trades, [], "and not UTC's");
});
