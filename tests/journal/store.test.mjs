// A backend that can't store a row refuses the call, sends nothing, and the cashier gets the reason. When the store is
// back, the sale is paid.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { charge, counter, journal, out, screen, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";
import { beginPaying, heldUp, letGo, open, paid, problems, saleOf } from "./till.mjs";

const WHY = /can't save/;

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

/** The backend's stores, each with functions that disable and restore it. */
const stores = {
  async "SQLite on a disk that is full"(t) {
    const disk = await smallDisk(t);
    const shop = await counter(t, { scale: 0.2, database: join(disk, "kaunter.db") });
    const filler = join(disk, "filler");
    return {
      shop,
      // Fills the disk to the last byte: a short write shows where it ends.
      breaks: () =>
        writeFile(filler, Buffer.alloc(64 * 1024 * 1024)).then(
          () => assert.fail("the disk is larger than this test knows"),
          (error) => assert.equal(error.code, "ENOSPC"),
        ),
      mends: () => rm(filler),
    };
  },
  async "PostgreSQL that is stopped"(t) {
    // The store's timeouts are not scaled, so the page's are not either.
    const shop = await counter(t, { scale: 0.2, policy: { call_timeout_ms: 50_000 }, databaseUrl: server.database() });
    let away = false;
    const turn = (to) => {
      if (away !== to) (to ? server.halt : server.start)();
      away = to;
    };
    t.after(() => turn(false));
    return { shop, breaks: () => turn(true), mends: () => turn(false) };
  },
};

/** A disk of a few megabytes. */
async function smallDisk(t) {
  const disk = await mkdtemp(join(tmpdir(), "kaunter-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], { encoding: "utf8" });
  if (mounted.status !== 0) t.skip(`no disk can be mounted here: ${mounted.stderr}`);
  t.after(async () => {
    spawnSync("umount", ["--lazy", disk]);
    await rm(disk, { recursive: true, force: true });
  });
  return disk;
}

for (const [which, make] of Object.entries(stores)) {
  test(`${which}: the sale is refused with a reason, and paid once the store is back`, async (t) => {
    const { shop, breaks, mends } = await make(t);
    const machine = await shop.machine();
    await machine.look(await shop.code());
    const page = await machine.terminal({ ref: "refused" });
    await breaks();
    await charge(page, { wallet: "23" });
    await screen(page, "declined", 40_000);
    assert.match(await page.textContent("#sentence"), WHY);
    await mkdir(out, { recursive: true });
    await page.screenshot({ path: join(out, "store-unavailable.png") });
    assert.deepEqual([await shop.calls("create"), await shop.calls("pay"), await journal(page)], [[], [], []]);
    await mends();
    await until("the backend is ready", async () => (await shop.call("GET", "/readyz")).status === 200);
    // "Try again"; the camera still shows the code.
    await charge(page, { wallet: "23" });
    await screen(page, "paid").catch(async (error) => {
      throw new Error(
        `${error.message}: ${JSON.stringify(await page.evaluate(() => [{ ...document.body.dataset }, document.getElementById("sentence").textContent]))}`,
      );
    });
    assert.deepEqual(
      (await shop.ledger()).map((line) => [line.charged, line.calls.pay]),
      [[1250, 1]],
    );
  });

  test(`${which}: it goes away before the code is stored: the cashier gets an error, and the code is handed over once it is back`, async (t) => {
    const { shop, breaks, mends } = await make(t);
    const machine = await shop.machine();
    const page = await machine.page();
    await open(page, shop, "till-1", { hold: ["before", "/code$"] });
    await beginPaying(page, saleOf("later"), await shop.code());
    await heldUp(page);
    await breaks();
    await letGo(page);
    await until("the cashier is told why", async () => (await problems(page)).includes("store_unavailable"), {
      ms: 40_000,
    });
    assert.deepEqual(await shop.calls("pay"), [], "nothing that is not stored is sent");
    await mends();
    const end = await paid(page);
    assert.equal(end.value?.status, "paid", JSON.stringify(end));
    assert.deepEqual(
      (await shop.ledger()).map((line) => [line.charged, line.calls.pay]),
      [[1250, 1]],
    );
    assert.deepEqual(await journal(page), []);
  });
}
