// Rule 11 of docs/rules.md: one gateway query at a time, for any number of tills and backend processes.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Program, until } from "../terminal/harness.mjs";
import { handOver, open, stores } from "./desk.mjs";

const { onPostgres } = stores();
const SCALE = 0.5;
const PROCESSES = 3;
const ASKERS = 24;
const QUESTIONS = 6;

test(`rule 11: ${ASKERS} tills check one trade at ${PROCESSES} backends: one gateway query every two seconds`, async (t) => {
  const shop = await onPostgres(t, { scale: SCALE });
  const backends = [shop.backend];
  for (let nth = 1; nth < PROCESSES; nth++) {
    const config = join(shop.dir, `backend-${nth}.toml`);
    await writeFile(config, shop.toml("127.0.0.1:0"));
    const program = new Program("backend", ["--config", config], shop.environment, "error");
    t.after(() => program.stop("SIGKILL"));
    backends.push(await program.address);
  }
  const trade = await open(shop, "asked");
  await handOver(shop, trade, await shop.code("ignores"));
  const headers = { authorization: `Bearer ${shop.keys.KAUNTER_SERVER_KEY}` };
  const questions = async () => (await shop.calls("status")).filter(({ trade_id }) => trade_id === trade.trade_id);
  let [over, asked] = [false, 0];
  const askers = Array.from({ length: ASKERS }, async (_, nth) => {
    while (!over) {
      const answer = await fetch(`${backends[nth % PROCESSES]}/v1/trades/${trade.trade_id}`, { headers });
      assert.equal((await answer.json()).status, "pending");
      asked++;
    }
  });
  const seen = await until(
    "some questions were asked",
    async () => {
      const all = await questions();
      return all.length >= QUESTIONS && all;
    },
    { every: 200 },
  );
  over = true;
  await Promise.all(askers);
  assert.ok(asked > 100 * QUESTIONS, `${asked} looks`);
  // Two seconds, plus or minus a tenth. A busy machine can only lengthen the time between the first and the last.
  const span_ms = seen.at(-1).at_ms - seen[0].at_ms;
  assert.ok(span_ms >= (seen.length - 1) * 1_800 * SCALE - 100, `${seen.length} questions within ${span_ms} ms`);
  t.diagnostic(`${asked} looks, ${seen.length} questions in ${span_ms} ms`);
});
