// Shared by the tests of this folder: a till's calls over HTTP, and both stores.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test as plain } from "node:test";
import { counter as sqlite, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";

export const final = ["paid", "declined", "cancelled", "voided"];

/** One PostgreSQL for a test file; `test` runs the same test on SQLite and on it. */
export function stores() {
  let server;
  before(async () => {
    server = await postgres();
  });
  after(() => server?.stop());
  const onPostgres = (t, options) => sqlite(t, { ...options, databaseUrl: server.database() });
  return {
    test(name, run) {
      plain(`SQLite: ${name}`, (t) => run(t, sqlite));
      plain(`PostgreSQL: ${name}`, (t) => run(t, onPostgres));
    },
    onPostgres,
  };
}

/** The same counter with another configuration: `change` rewrites the file before the backend starts again. */
export async function reconfigured(shop, change) {
  await shop.stopBackend();
  const own = shop.toml.bind(shop);
  const owner = (toml) => ["shop", "base_url"].map((key) => toml.match(new RegExp(`^${key} = (.*)$`, "m"))?.[1]).join();
  const before = owner(own("127.0.0.1:0"));
  shop.toml = (listen) => change(own(listen));
  if (owner(shop.toml("127.0.0.1:0")) !== before) {
    // Another gateway: the store moves, as an operator would move it.
    const { status, said } = command(shop, ["store", "rebind", "--by", "a test"]);
    assert.equal(status, 0, said);
  }
  await shop.startBackend();
  return shop;
}

export const sale = (ref, minor = 1200) => ({ ref, amount: { minor, currency: "MYR" } });
export const newTrade = (ref, { minor, wallet_id = "23" } = {}) => ({
  idempotency_key: randomBytes(16).toString("hex"),
  sale: sale(ref, minor),
  wallet_id,
  mode: "consumer_presented",
});

/** A trade that awaits its code. */
export async function open(shop, ref, more = {}, terminal = "till-1") {
  const answer = await shop.call("POST", "/v1/trades", {
    token: await shop.token(terminal),
    body: newTrade(ref, more),
  });
  assert.equal(answer.status, 200, answer.text);
  // On a busy machine the gateway's answer may come after the call's.
  return answer.json.status === "creating" ? reaches(shop, answer.json, ["awaiting_code"]) : answer.json;
}

export async function handOver(shop, trade, code) {
  return shop.call("POST", `/v1/trades/${trade.trade_id}/code`, {
    token: await shop.token(trade.terminal),
    body: { code },
  });
}

/** Checks the status as a page does, until the trade has the expected one. */
export async function reaches(shop, trade, statuses, ms = 60_000) {
  const token = shop.keys.KAUNTER_SERVER_KEY;
  const seen = until(
    `${trade.sale.ref} is ${statuses}`,
    async () => {
      const { json } = await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token });
      if (statuses.includes(json.status)) return json;
      throw new Error(`it is ${json.status}`);
    },
    { ms, every: 100 },
  );
  try {
    return await seen;
  } catch (error) {
    const { json } = await shop.call("GET", "/v1/audit", { token });
    const moves = json.entries.filter((entry) => entry.trade_id === trade.trade_id);
    const told = moves.map(({ at, event, from, to }) => `${at} ${event}: ${from} -> ${to}`);
    throw new Error([error.message, ...told].join("\n"));
  }
}

/** The gateway's ledger entry of a trade. */
export async function line(shop, trade) {
  const entry = (await shop.ledger()).find((entry) => entry.trade_id === trade.trade_id);
  const sent = (await shop.calls("pay")).filter((call) => call.trade_id === trade.trade_id).length;
  return { charged: entry.charged, refunded: entry.refunded, sent };
}

/** Runs all at once, and reports each one that failed. */
export async function together(cases, run) {
  const ends = await Promise.allSettled(cases.map(run));
  const failed = ends
    .map((end, at) => end.status === "rejected" && `${JSON.stringify(cases[at])}: ${end.reason.message}`)
    .filter(Boolean);
  assert.deepEqual(failed, []);
}

/** A refusal with `Retry-After`. */
export function later(answer, status, code) {
  assert.deepEqual([answer.status, answer.json?.code, answer.json?.retry], [status, code, "later"], answer.text);
  assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
  assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/, "seconds");
}

export { quoted, sql } from "./sql.mjs";

/** Runs a command of the backend with the counter's configuration, which `change` may rewrite. */
export function command(shop, args, { change = (toml) => toml, env = {}, input = "" } = {}) {
  const file = join(shop.dir, "command.toml");
  writeFileSync(file, change(shop.toml("127.0.0.1:0")));
  const { status, stdout, stderr } = spawnSync(shop.backendProgram.child.spawnfile, ["--config", file, ...args], {
    env: { ...process.env, ...shop.environment, ...env },
    encoding: "utf8",
    input,
    timeout: 20_000,
  });
  return { status, stdout, said: stdout + stderr };
}

export const PIN = "481516";

/** The counter with people in its configuration: the lines that `people add` wrote. */
export async function staffed(shop, people = { Aina: { rights: "charge,cancel" } }) {
  let blocks = "";
  for (const [name, { rights, terminals, pin = PIN }] of Object.entries(people)) {
    const more = terminals ? ["--terminals", terminals] : [];
    const { status, said } = command(shop, ["people", "add", name, "--rights", rights, ...more], { input: `${pin}\n` });
    assert.equal(status, 0, said);
    blocks += `\n${readFileSync(join(shop.dir, "command.toml"), "utf8").split(/(?=\[\[people\]\])/)[1]}`;
  }
  await shop.stopBackend();
  const own = shop.toml.bind(shop);
  shop.toml = (listen) => own(listen) + blocks;
  await shop.startBackend();
  return shop;
}
