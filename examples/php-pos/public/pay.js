// Takes a payment, or looks at one. The backend decides about the money, and this shop's server about the bill.

import { formatMoney, Till } from "kaunter";
import { bind, say, sentenceOf, show, showCode, step, walletId, wallets } from "./screen.js";

const { backend, ref, csrf, trade: lastTrade, state } = document.querySelector("main").dataset;
// A trade in another status than these may still change.
const ENDED = ["paid", "declined", "cancelled", "voided"];
const RETRY_MS = 2000;

let till;
/** The bill's last trade, as the backend last told it. */
let trade = null;
/** Stops the call that takes or watches a payment; null while there is none. */
let running = null;
let isOwnCall = false;
const isBillOpen = state === "open";
let checks = 0;

const post = (page, ref, signal) =>
  fetch(page, { method: "POST", body: new URLSearchParams({ ref, csrf }), redirect: "manual", signal });

/** The shop's server mints the token: for one bill, with the rights of the person who is signed in. */
async function getToken({ sale, signal }) {
  // The till also watches what other bills have left open, and asks for a token of theirs.
  const answer = await post("/token.php", sale?.ref ?? ref, signal);
  if (!answer.ok) throw new Error((await answer.text()) || "Sign in again.");
  return answer.json();
}

async function open() {
  step("token", "doing", "asking this shop's server");
  till = await Till.open({ backend, getToken, preview: document.querySelector("#camera") });
  const { cashier, terminal } = till.session;
  step("token", "done", `${cashier} at ${terminal}, ${till.wallets.length} wallets`);
  wallets(till.wallets);
  till.addEventListener("trade", ({ detail }) => detail.sale.ref === ref && told(detail));
  till.addEventListener("state", ({ detail }) => show("#camera", detail.to === "scanning"));
  till.addEventListener("progress", ({ detail }) => detail.tradeId === trade?.tradeId && checked(detail));
  till.addEventListener("warning", ({ detail }) => say(detail.message));
  say("Choose the wallet.");
  const open = till.unfinished.find(({ sale }) => sale.ref === ref);
  if (open) return watch(open.tradeId);
  if (lastTrade) await look(() => till.checkStatus(lastTrade));
  draw();
  if (trade?.status === "paid" && isBillOpen) await close("paid");
}

/** Shows how a trade stands. */
function told(news) {
  const isNews = news.tradeId !== trade?.tradeId || news.status !== trade.status;
  trade = news;
  const { status, wallet, sale, mode } = news;
  const type = mode === "merchant_presented" ? "our code" : "the customer's code";
  step("trade", "done", `${wallet.name}, ${formatMoney(sale.amount, "en-MY")}, ${type}`);
  if (status !== "awaiting_payer") showCode(null);
  if (status === "creating") step("trade", "doing", `${wallet.name}, ${type}`);
  else if (status === "awaiting_code" || status === "awaiting_payer") step("code", "doing", type);
  else {
    const isGood = status === "paid" || status === "voided";
    step("code", status === "cancelled" ? "failed" : "done", type);
    step("payment", isGood ? "done" : ENDED.includes(status) ? "failed" : "doing", status.replaceAll("_", " "));
  }
  if (isNews) say(sentenceOf(status));
  draw();
}

/** After the payment's own answer is late, the till asks every two seconds. */
function checked({ online, elapsedMs, deadlineMs }) {
  checks += 1;
  const left = Math.max(0, Math.round((deadlineMs - elapsedMs) / 1000));
  const what = online ? `check ${checks}, ${left} s left` : "no connection, the till asks again";
  show("#checks", `Checked every 2 seconds: ${what}`);
}

/** Follows a call to its end. `isOwn`: stopping it cancels; stopping a watch only ends the watch. */
async function follow(isOwn, call) {
  if (running) return;
  running = new AbortController();
  [isOwnCall, checks] = [isOwn, 0];
  draw();
  try {
    const outcome = await call(running.signal);
    running = null;
    await ended(outcome);
  } catch (error) {
    running = null;
    // Another window has the bill, or has collected it: this one watches the same trade, and charges nothing.
    if (error.tradeId && error.tradeId !== trade?.tradeId) return watch(error.tradeId);
    const isStopped = error.name === "AbortError";
    if (isStopped && trade && !ENDED.includes(trade.status)) return watch(trade.tradeId); // until the cancel has ended
    say(isStopped ? sentenceOf("cancelled") : error.message);
  }
  for (const id of ["#camera", "#checks"]) show(id, false);
  showCode(null);
  draw();
}

const watch = (tradeId) => follow(false, (signal) => till.resume(tradeId, { onCode: showCode, signal }));

function begin(type) {
  for (const name of ["trade", "code", "payment"]) step(name, "waiting", "waiting");
  say(sentenceOf("creating"));
  const sale = { ref }; // its amount is what this shop's server registered
  follow(true, (signal) =>
    type === "merchant_presented"
      ? till.showCode(sale, { walletId: walletId(), onCode: showCode, signal })
      : till.charge(sale, { walletId: walletId(), signal }),
  );
}

/** The three endings: paid, not paid, not known. */
async function ended(outcome) {
  const { status, voidRefused, message } = outcome;
  if (outcome.tradeId) await look(() => till.checkStatus(outcome.tradeId));
  if (status === "unconfirmed") return say(sentenceOf(status));
  if (voidRefused) return say(`Still paid. The refund was refused: ${voidRefused.message}`);
  if (status === "declined") return say(`Not paid. ${message}`);
  say(sentenceOf(status));
  if (status === "cancelled") return;
  await close(status === "paid" ? "paid" : "refunded");
}

/** Asks the shop's server to look at the backend, until it has answered. Its word closes the bill, not this page's. */
async function close(expected) {
  for (;;) {
    const answer = await post("/close.php", ref).catch(() => null);
    if (answer && !answer.ok) return say("Sign in again. The bill closes then.");
    const now = answer && (await answer.json()).state;
    if (now === expected) return location.replace(`/receipt.php?ref=${encodeURIComponent(ref)}`);
    if (now !== null) return say("The backend does not close this bill. Call a manager.");
    say("This shop's server does not answer. It is asked again.");
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

async function look(ask) {
  try {
    told(await ask());
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

/** Shows the buttons that make sense now. */
function draw() {
  const status = trade?.status;
  const isPaid = status === "paid";
  const isOpen = trade !== null && !ENDED.includes(status);
  show("#choice", isBillOpen && !running && !isOpen && !isPaid);
  show("#cancel", (running !== null && isOwnCall && !isPaid) || (isOpen && status !== "voiding"));
  show("#check", trade !== null);
  show("#void", isPaid && !running && till.session.rights.includes("void"));
  show("#check-void", ["paid", "voiding", "voided"].includes(status) && !isBillOpen);
}

async function checkStatus() {
  if (!(await look(() => till.refresh(trade.tradeId)))) return;
  const { status, tradeId } = trade;
  say(`Checked. ${sentenceOf(status)}`);
  if (status === "paid" && isBillOpen) return close("paid");
  if (!ENDED.includes(status)) watch(tradeId);
}

async function checkVoidStatus() {
  if (!(await look(() => till.checkVoidStatus(trade.tradeId)))) return;
  const { status, voidRefused } = trade;
  const refused = voidRefused ? ` The refund was refused: ${voidRefused.message}` : "";
  say(`Checked. ${sentenceOf(status)}${refused}`);
  if (status === "voided") await close("refunded");
}

async function cancel() {
  if (running && isOwnCall) return running.abort();
  await till.cancel(trade.tradeId).catch((error) => say(error.message));
}

/** Ends the wallet payment for ever, and books cash only then: the customer never pays twice. */
async function takeCash(form) {
  try {
    if (trade) await till.giveUp({ ref, tender: "cash" });
    form.submit();
  } catch (error) {
    say(error.message);
    if (error.code === "sale_paid") await look(() => till.checkStatus(error.tradeId ?? trade.tradeId));
  }
}

bind({ begin, cancel, checkStatus, checkVoidStatus, takeCash, giveBack });

function giveBack() {
  const { tradeId } = trade;
  follow(false, () => till.void(tradeId, { reason: "the customer returned the goods" }));
}

open().catch((error) => {
  step("token", "failed", "not signed in");
  say(error.message);
});
