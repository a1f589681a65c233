// A till in a developer's page. The test can hold its calls to the backend.

import { developer, until } from "../terminal/harness.mjs";

/**
 * `poll_ms`: the interval of this page's polls; it replaces the backend's.
 * `hold`: ["before" or "after", a pattern of "METHOD /path"]: the call does not leave, or its answer does not arrive,
 * until [`letGo`].
 */
export async function open(page, shop, terminal, { hold = null, poll_ms = null } = {}) {
  await page.goto(`${shop.pages}/`);
  await page.evaluate(developer(shop, { terminal, open: false }));
  await page.evaluate(
    async ([hold, poll_ms]) => {
      globalThis.held = [];
      globalThis.hold = hold;
      globalThis.heldFetch = async (address, init) => {
        const call = `${init.method} ${new URL(address).pathname}`;
        const mine = (when) => globalThis.hold?.[0] === when && new RegExp(globalThis.hold[1]).test(call);
        const stop = () =>
          new Promise((go) => {
            held.push(call);
            globalThis.go = go;
          });
        if (mine("before")) await stop();
        const answer = await fetch(address, init);
        if (mine("after")) await stop();
        if (!poll_ms || !call.endsWith("/v1/sessions") || !answer.ok) return answer;
        const session = await answer.json();
        return Response.json({ ...session, policy: { ...session.policy, poll_ms } });
      };
      await openTill({ fetch: heldFetch });
    },
    [hold, poll_ms],
  );
}

export const heldUp = (page) => until("the call is held up", () => page.evaluate(() => held.length > 0));
export const letGo = (page) =>
  page.evaluate(() => {
    globalThis.hold = null;
    go();
  });

/** Starts a charge; the page keeps its promise as `paying`. */
export const beginPaying = (page, sale, code) =>
  page.evaluate(
    ([sale, code]) => {
      globalThis.paying = ends(till.charge(sale, { code, walletId: "23" }));
    },
    [sale, code],
  );
export const paid = (page) => page.evaluate(() => paying);
export async function pay(page, sale, code) {
  await beginPaying(page, sale, code);
  return paid(page);
}

/** The codes of the till's warnings, in their order. */
export const problems = (page) =>
  page.evaluate(() => log.filter(({ type }) => type === "warning").map(({ detail }) => detail.code));
export const unfinished = (page) =>
  page.evaluate(() => till.unfinished.map(({ tradeId, status }) => [tradeId, status]));
export const resume = (page, id) => page.evaluate((id) => ends(till.resume(id)), id);

export const saleOf = (ref) => ({ ref, amount: { minor: 1250, currency: "MYR" } });
export const confirm = (shop, trade_id) => shop.post("/_sim/phone/answer", { trade_id, approve: true });

/** Waits until the sale's newest trade is there, and gives it. */
export const reaches = (shop, ref, status) =>
  until(`${ref} is ${status}`, async () => {
    const trade = (await shop.sale(ref))?.trades?.at(-1);
    return trade?.status === status && trade;
  });
