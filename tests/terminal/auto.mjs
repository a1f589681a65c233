// `cargo xtask demo --auto`: takes one payment without a person. Exits with 0 only if the camera read the code and the
// ledger has one charge.

import { join } from "node:path";
import { chromium } from "playwright-core";
import { flags, show } from "./camera.mjs";

const {
  KAUNTER_TERMINAL: terminal,
  KAUNTER_SANDBOX_URL: sandbox,
  KAUNTER_OUT: out,
  KAUNTER_FAULT: fault,
  CHROMIUM: executablePath,
} = process.env;
const post = (path, body) =>
  fetch(`${sandbox}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const get = async (path) => (await fetch(`${sandbox}${path}`)).json();

const began = performance.now();
const say = (what) => console.log(`${((performance.now() - began) / 1000).toFixed(2).padStart(7)} s  ${what}`);

const camera = join(out, "camera.y4m");
const { code } = await (await post("/_sim/codes", { wallet_id: "23", customer: "approves" })).json();
await show(camera, code);
if (fault) await post("/_sim/faults", { call: "pay", fault });

const browser = await chromium.launch({ executablePath, args: flags(camera) });
let failed = true;
try {
  const page = await browser.newPage({ permissions: ["camera"] });
  page.on("console", (message) => message.type() === "error" && say(`console: ${message.text()}`));
  await page.exposeFunction("sayState", (from, to) => say(`${from} -> ${to}`));
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      let last = "";
      const tell = () => {
        const now = `${document.body.dataset.view}/${document.body.dataset.kind}`;
        if (now !== last) globalThis.sayState(last || "start", now);
        last = now;
      };
      new MutationObserver(tell).observe(document.body, { attributes: true });
      tell();
    });
  });
  await page.goto(`${terminal}?amount=1250`);
  await page.waitForSelector('body[data-view="ready"][data-kind="ready"]');
  await page.click("#primary");
  const wallet = page
    .waitForSelector('[data-wallet="23"]')
    .then((button) => button.click())
    .catch(() => {});
  await page.waitForSelector('body[data-view="paid"]', { timeout: 60_000 });
  await wallet;
  const receipt = await page.getAttribute("[data-receipt]", "data-receipt");
  say(`receipt ${receipt}`);
  const ledger = await get("/_sim/ledger");
  const [line] = ledger;
  say(`ledger ${JSON.stringify(line)}`);
  const payments = (await get("/_sim/log")).filter((entry) => entry.call === "pay");
  const checks = {
    "one payment reached the gateway, with the code that only the camera has seen":
      payments.length === 1 && payments[0].code === code,
    "charged once": ledger.length === 1 && line.charged === 1250 && line.refunded === 0 && line.calls.pay === 1,
    "the receipt is the ledger's": receipt === line.gateway_ref,
  };
  for (const [what, good] of Object.entries(checks)) say(`${good ? "yes" : "NO "}  ${what}`);
  failed = Object.values(checks).includes(false);
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
