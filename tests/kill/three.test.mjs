// Three backends on one PostgreSQL behind a TCP load balancer. A random one is killed every second: each sale is paid
// once or not at all.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { counter, Program, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";

const seed = Number(process.env.KAUNTER_SEED ?? randomBytes(4).readUInt32LE());
const SALES = 60;
const TILLS = 6;

/** A small random generator. The same seed gives the same kills and the same customers. */
function random(state) {
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

/** Connects to any backend that accepts: without health checks, and without repeating what was written. */
async function balancer(t, ports) {
  let turn = 0;
  const balancing = createServer((near) => {
    const connectNext = (left) => {
      const far = connect(ports[turn++ % ports.length], "127.0.0.1");
      far.once("connect", () => {
        near.pipe(far);
        far.pipe(near);
      });
      far.once("error", () => (left > 0 && near.bytesRead === 0 ? connectNext(left - 1) : near.destroy()));
      near.once("error", () => far.destroy());
      near.once("close", () => far.destroy());
      far.once("close", () => far.bytesRead > 0 && near.destroy());
    };
    connectNext(ports.length);
  });
  await new Promise((done) => balancing.listen(0, "127.0.0.1", done));
  t.after(() => balancing.close());
  return `http://127.0.0.1:${balancing.address().port}`;
}

test(`three backends, one killed every second, ${SALES} sales: paid once or not at all (KAUNTER_SEED=${seed})`, async (t) => {
  const shop = await counter(t, { scale: 0.1, databaseUrl: server.database() });
  const chance = random(seed);
  const fleet = [];
  for (let nth = 0; nth < 3; nth++) {
    const config = join(shop.dir, `backend-${nth}.toml`);
    await writeFile(config, shop.toml("127.0.0.1:0"));
    const program = new Program("backend", ["--config", config], shop.environment, "error");
    const port = new URL(await program.address).port;
    await writeFile(config, shop.toml(`127.0.0.1:${port}`));
    fleet.push({ config, port: Number(port), program });
  }
  await shop.stopBackend();
  shop.backend = await balancer(
    t,
    fleet.map(({ port }) => port),
  );
  await shop.post("/_sim/shop", { backend: shop.backend, server_key: shop.keys.KAUNTER_SERVER_KEY });

  let over = false;
  let kills = 0;
  const killer = (async () => {
    while (!over) {
      await new Promise((done) => setTimeout(done, 1000));
      const victim = fleet[Math.floor(chance() * fleet.length)];
      await victim.program.stop("SIGKILL");
      kills++;
      victim.program = new Program("backend", ["--config", victim.config], shop.environment, "error");
      await victim.program.address;
    }
  })();
  t.after(async () => {
    for (const { program } of fleet) await program.stop("SIGKILL");
  });

  const customers = ["approves", "declines", { approves_after_ms: 800 }, { approves_after_ms: 3000 }, "ignores"];
  const plan = Array.from({ length: SALES }, (_, nth) => ({
    ref: `sale-${nth}`,
    customer: customers[Math.floor(chance() * customers.length)],
    fault: chance() < 0.3 ? ["cut", "reset", "reset_after", { status: 503 }][Math.floor(chance() * 4)] : null,
  }));
  const quietly = (promise) => promise.catch(() => null);
  const surely = (what, ask) => until(what, () => quietly(ask()), { ms: 60_000, every: 100 });
  const ends = {};
  await Promise.all(
    Array.from({ length: TILLS }, async (_, till) => {
      for (let sale = plan.shift(); sale; sale = plan.shift()) {
        const token = await surely("a token", () => shop.token(`till-${till}`));
        const call = (method, path, body) => quietly(shop.call(method, path, { token, body }));
        const body = {
          idempotency_key: randomBytes(16).toString("hex"),
          sale: { ref: sale.ref, amount: { minor: 1200, currency: "MYR" } },
          wallet_id: "23",
          mode: "consumer_presented",
        };
        const made = await surely("a creation", async () => {
          const answer = await call("POST", "/v1/trades", body);
          return answer?.status === 200 && answer.json;
        });
        const path = `/v1/trades/${made.trade_id}`;
        if (sale.fault) await shop.fault("pay", sale.fault, { trade_id: made.trade_id });
        const code = await shop.code(sale.customer);
        // As a till does: checks the status, and hands the code over while the trade awaits it.
        ends[sale.ref] = await until(
          `${sale.ref} rests`,
          async () => {
            const answer = await call("GET", path);
            const state = answer?.json?.status;
            if (state === "awaiting_code") await call("POST", `${path}/code`, { code });
            return ["paid", "declined", "cancelled"].includes(state) && state;
          },
          { ms: 90_000, every: 100 },
        );
      }
    }),
  );
  over = true;
  await killer;
  assert.ok(kills >= 5, `${kills} kills`);
  const ledger = await shop.ledger();
  const log = await shop.get("/_sim/log");
  for (const [ref, end] of Object.entries(ends)) {
    const record = await surely("the sale", () => shop.sale(ref));
    const names = record.trades.map((trade) => trade.trade_id);
    const lines = ledger.filter((line) => names.includes(line.trade_id));
    const kept = lines.reduce((sum, line) => sum + line.charged - line.refunded, 0);
    assert.equal(kept, end === "paid" ? 1200 : 0, `${ref} ended ${end}`);
    for (const name of names)
      assert.ok(
        log.filter((entry) => entry.call === "pay" && entry.trade_id === name).length <= 1,
        `${ref}: one payment`,
      );
  }
  assert.equal(Object.keys(ends).length, SALES);
  const count = {};
  for (const end of Object.values(ends)) count[end] = (count[end] ?? 0) + 1;
  t.diagnostic(`${kills} kills; ${JSON.stringify(count)}`);
});
