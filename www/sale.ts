// A sale, from Charge until the till answers: what is asked for, what the till tells meanwhile, and what it refuses.

import { KaunterError, type Outcome, type Sale, type Till, type Trade } from "kaunter";
import { letSleep } from "./awake";
import * as connection from "./connection";
import { bind, counter, renewRef, wanted } from "./counter";
import { $, dialog } from "./dom";
import { anotherAmount, ended, notConfirmed, notPaid, paid, unconfirmed } from "./ends";
import { formatted } from "./money";
import { onCode, presentable, tells } from "./present";
import { current, redraw, show, trouble } from "./screen";
import { cancelHeld, dismiss, FINAL, inHand, keep, letGo, run, signal, stage, stop, till } from "./stage";
import { tellUnfinished } from "./unfinished";
import { wait } from "./waiting";
import { say, told } from "./words";

/** Codes of a page or a browser that can't have a camera. */
const NO_CAMERA_HERE: readonly string[] = ["insecure_context", "browser_unsupported"];

// ---- ready -----------------------------------------------------------------------------------------------------

export function ready(): void {
  counter.sale = null;
  counter.tradeId = null;
  inHand();
  keep(null);
  letSleep();
  showReady();
  tellUnfinished();
}

export function showReady(): void {
  const sentence = () =>
    connection.online() ? (counter.minor === 0 ? "enterAmount" : "pressCharge") : "offlineCharge";
  show("ready", () => ({
    sentence: say(sentence()),
    primary: { word: say("charge"), act: press, off: counter.minor === 0 || !connection.online() },
  }));
  presentable(counter.minor > 0 && connection.online());
}

/** The next sale, under a reference of its own. */
export function nextSale(): void {
  letGo();
  counter.minor = 0;
  renewRef();
  ready();
}

/** Back to what was there before an old trade was looked at. */
export function back(): void {
  const { home } = stage;
  letGo();
  inHand();
  if (home) home();
  else if (counter.used) nextSale();
  else ready();
}

// ---- charging --------------------------------------------------------------------------------------------------

function press(): void {
  const sale = wanted();
  const { unfinished } = till();
  const own = unfinished.find(({ sale: { ref } }) => ref === sale.ref);
  if (own) return void take(own);
  const same = unfinished.find(
    (trade) => trade.sale.amount.minor === sale.amount.minor && !FINAL.includes(trade.status),
  );
  if (same) return ask(same, sale);
  charge(sale);
}

/** The same amount is not confirmed yet: before another charge somebody says that it is another customer. */
function ask(same: Trade, sale: Sale): void {
  $("same-word").textContent = say("sameTitle", { a: formatted(same.sale.amount) });
  $("same-look").onclick = () => {
    dialog("same").close();
    void look(same);
  };
  $("same-other").onclick = () => {
    dialog("same").close();
    charge(sale);
  };
  dialog("same").showModal();
}

export function charge(sale: Sale): void {
  if (!connection.online()) return redraw();
  begins(sale);
  // At once: a second tap must not find Charge still there.
  scanning("starting");
  void runSale(() => till().charge(sale, signal()));
}

function begins(sale: Sale): void {
  counter.sale = sale;
  counter.tradeId = null;
  inHand();
}

export async function payWith(code: string): Promise<void> {
  const { sale } = counter;
  if (!sale || current() !== "scan") return;
  // The scan lets go of the sale first.
  await dismiss();
  wait("paying", cancelHeld);
  await runSale(() => till().charge(sale, { code: code, ...signal() }));
}

/**
 * Another way to collect, in place of whatever runs; a cashier who thinks better of it is back where the sale began.
 */
export async function instead(
  sale: Sale,
  begin: (options: { signal: AbortSignal }) => Promise<Outcome>,
): Promise<void> {
  if (!connection.online()) return redraw();
  const own = till().unfinished.find(({ sale: { ref } }) => ref === sale.ref);
  if (own) return take(own);
  await dismiss();
  begins(sale);
  await runSale(() => begin(signal()));
}

const runSale = (begin: () => Promise<Outcome>) => run(begin, { ended, refused: rejected });

// ---- an old trade, or one that is not confirmed ----------------------------------------------------------------

/** Looks at a trade as it stands now. `old`: it comes from the history, where an end is no news. */
export async function look(trade: Trade, { old = false } = {}): Promise<void> {
  Object.assign(stage, { looking: trade, old: old && FINAL.includes(trade.status) });
  if (stage.old) wait("looking", undefined, back);
  await watch(trade);
}

/** A trade of the sale in hand, as after a reload: it has the stage, and what comes after it is a new sale. */
export async function take(trade: Trade): Promise<void> {
  const { ref, amount } = trade.sale;
  inHand();
  if (counter.minor > 0 && counter.minor !== amount.minor)
    stage.asked = { ref, amount: { ...amount, minor: counter.minor } };
  counter.used = true;
  bind(trade.sale);
  await watch(trade);
}

async function watch(trade: Trade): Promise<void> {
  counter.sale = trade.sale;
  counter.tradeId = trade.tradeId;
  if (trade.status === "needs_review" || trade.status === "late_success") notConfirmed(trade);
  await check(trade.tradeId);
}

export async function check(id: string): Promise<void> {
  const refused = (error: unknown) => {
    // Nothing was learned: what was not known is not known still.
    if (current() === "not-confirmed") trouble(told(error));
    else void unconfirmed(id, told(error));
  };
  await run(() => till().resume(id, { ...signal(), onCode }), { ended, refused, reading: true });
}

// ---- what the till refuses -------------------------------------------------------------------------------------

/** The till refused: nothing ever began, or somebody else has the sale. */
export function rejected(error: unknown): void {
  // A cashier who cancelled before anything began knows that.
  if (!(error instanceof KaunterError)) return ready();
  const code: string = error.code;
  if (code === "sale_amount_mismatch") return void mismatched(error);
  if (error.code === "sale_paid" && error.tradeId) return void alreadyPaid(error.tradeId);
  if (error.code === "sale_busy" || error.code === "sale_paid" || error.moneyMoved === "maybe") return void busy(error);
  if (error.type === "camera" || NO_CAMERA_HERE.includes(error.code)) return noCamera(error);
  if (error.code === "worker_failed") return void readerFailed(error);
  notPaid("declined", "titleDeclined", "cross", () => told(error));
}

/** The reader comes from the shop's system too: where that is gone, the cashier is told of that. */
async function readerFailed(error: KaunterError): Promise<void> {
  const there = await connection.check();
  notPaid("declined", "titleDeclined", "cross", () => (there ? told(error) : say("noAnswer")));
}

/** The reference has a trade of another amount: what is typed was not charged. */
async function mismatched(error: KaunterError): Promise<void> {
  const { sale } = counter;
  const id = error.tradeId ?? (await holder());
  const trade = id
    ? await till()
        .checkStatus(id)
        .catch(() => null)
    : null;
  counter.used = true;
  if (!sale || !trade) return notPaid("declined", "titleDeclined", "cross", () => told(error));
  anotherAmount(trade.sale, sale, trade.status === "paid");
}

async function alreadyPaid(id: string): Promise<void> {
  const { sale } = counter;
  const outcome = await till()
    .resume(id)
    .catch(() => null);
  counter.used = true;
  if (outcome?.status !== "paid") return unconfirmed(id);
  const own = sale?.ref === outcome.sale.ref && sale.amount.minor === outcome.sale.amount.minor;
  if (!sale || own) return paid(outcome, { quiet: true, already: true });
  anotherAmount(outcome.sale, sale, true);
}

/** Another trade has the sale: it is looked at, and nothing new begins. */
async function busy(error: KaunterError): Promise<void> {
  counter.used = true;
  const found = error.tradeId ?? (await holder());
  if (found) return unconfirmed(found, error.code === "sale_busy" ? say("busy") : told(error));
  notPaid("declined", "titleDeclined", "cross", () => told(error));
}

async function holder(): Promise<string | null> {
  const list = await till()
    .listTrades({ ref: counter.sale?.ref ?? "" })
    .catch(() => null);
  return list?.trades.at(-1)?.tradeId ?? null;
}

/** A scan that paid nothing was stopped, or the camera failed. */
export function rejectedScan(error: unknown): void {
  ready();
  if (error instanceof KaunterError) trouble(told(error));
}

/** A way out of a camera that fails: a photo or a typed code. */
function noCamera(error: KaunterError): void {
  const { sale } = counter;
  document.body.dataset.state = "no-camera";
  show("scan", () => ({
    sentence: told(error),
    icon: "alert",
    primary: {
      word: say("useCamera"),
      act: () => {
        if (sale) charge(sale);
      },
    },
    second: { word: say("cancel"), act: ready },
  }));
}

// ---- what the till tells meanwhile -----------------------------------------------------------------------------

export function stateChanged(to: Till["state"], trade: Trade | null): void {
  document.body.dataset.state = to;
  if (trade) bind(trade.sale);
  if (!counter.sale) return;
  if (trade) counter.tradeId = trade.tradeId;
  if (tells(trade)) return;
  // Only somebody who looks, and does nothing, may go back while the till asks.
  const leave = stage.looking && trade?.status !== "voiding" ? back : undefined;
  if (to === "starting" || to === "scanning") return scanning(to);
  if (to === "scanned" || to === "paying") return wait("paying", cancelHeld, leave);
  if (to === "waiting" && stage.old) return wait("looking", undefined, leave);
  if (to === "waiting") return wait(trade?.status === "pending" ? "confirm" : "checking", cancelHeld, leave);
  if (to === "cancelling") return wait(trade?.status === "voiding" ? "voiding" : "cancelling");
}

function scanning(to: "starting" | "scanning"): void {
  show("scan", () => ({
    sentence: say(to === "starting" ? "starting" : "showCode"),
    icon: "scan",
    second: { word: say("cancel"), act: stop },
  }));
}

export function statusChanged(trade: Trade): void {
  bind(trade.sale);
  if (trade.tradeId === counter.tradeId) onScreenChanged(trade);
  tellUnfinished();
  // The till may tell of a trade before it has it on its list.
  setTimeout(tellUnfinished);
}

/** The trade on screen has changed by itself, while somebody looks at it. */
function onScreenChanged(trade: Trade): void {
  const watched = current() === "waiting" || (current() === "present" && !tells(trade));
  const leave = stage.looking ? back : undefined;
  if (watched && trade.status === "pending") wait("confirm", cancelHeld, leave);
  if (watched && trade.status === "unknown") wait("checking", cancelHeld, leave);
  if (current() === "not-confirmed" && FINAL.includes(trade.status)) void check(trade.tradeId);
  // What the screen says of the money is not true any more.
  if (trade.status === "late_success" && ["declined", "not-confirmed"].includes(current())) {
    if (trade.sale.ref === counter.ref) counter.used = true;
    dialog("manager").close();
    notConfirmed(trade, { quiet: document.body.dataset.kind === "late" });
  }
}
