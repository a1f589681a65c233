// A sale, from Charge to its end on the screen. An end is shown only where it is true; what is not known is Not confirmed.

import { KaunterError, type Outcome, type Sale, type Till, type Trade } from "kaunter";
import { letSleep, stayAwake } from "./awake";
import * as connection from "./connection";
import { counter, currency, newRef } from "./counter";
import { $, dialog, type Icon } from "./dom";
import { formatted } from "./money";
import { onCode, presentable, tells } from "./present";
import { current, redraw, show, trouble, type Kind } from "./screen";
import * as sounds from "./sound";
import { wait } from "./waiting";
import { clockTime, say, told, type Words } from "./words";

let abort: AbortController | null = null;
const FINAL: readonly string[] = ["paid", "declined", "cancelled", "voided"];
let runs = 0;
let running: Promise<void> = Promise.resolve();
/** An old trade was looked at: the typed amount is still there to come back to. */
let peeking = false;

export function till(): Till {
  if (!counter.till) throw new Error("the till is not open");
  return counter.till;
}

// ---- ready -----------------------------------------------------------------------------------------------------

export function ready(): void {
  counter.sale = null;
  counter.tradeId = null;
  peeking = false;
  letSleep();
  showReady();
  tellUnfinished();
}

export function showReady(): void {
  const sentence = () => (connection.online() ? (counter.minor === 0 ? "enterAmount" : "pressCharge") : "offlineCharge");
  show("ready", () => ({
    sentence: say(sentence()),
    primary: { word: say("charge"), act: press, off: counter.minor === 0 || !connection.online() },
  }));
  presentable(counter.minor > 0 && connection.online());
}

/** The next sale, under a reference of its own. */
export function nextSale(): void {
  runs++;
  counter.minor = 0;
  counter.ref = newRef();
  counter.used = false;
  ready();
}

/** Back to what was typed before an old trade was looked at. */
function back(): void {
  runs++;
  if (counter.used) nextSale();
  else ready();
}

export function tellUnfinished(): void {
  const [open] = counter.till?.unfinished ?? [];
  const banner = $("unfinished");
  banner.hidden = !open || current() !== "ready";
  if (open) banner.textContent = say(open.status === "late-success" ? "unfinishedLate" : "unfinished", { a: formatted(open.sale.amount) });
}

// ---- charging --------------------------------------------------------------------------------------------------

function press(): void {
  const wanted = { ref: counter.ref, amount: { minor: counter.minor, currency: currency() } };
  const { unfinished } = till();
  const own = unfinished.find(({ sale }) => sale.ref === wanted.ref);
  if (own) return void look(own);
  const same = unfinished.find(({ sale, status }) => sale.amount.minor === wanted.amount.minor && !FINAL.includes(status));
  if (same) return ask(same, wanted);
  charge(wanted);
}

/** The same amount is not confirmed yet: before another charge somebody says that it is another customer. */
function ask(same: Trade, wanted: Sale): void {
  $("same-word").textContent = say("sameTitle", { a: formatted(same.sale.amount) });
  $("same-look").onclick = () => { dialog("same").close(); void look(same); };
  $("same-other").onclick = () => { dialog("same").close(); charge(wanted); };
  dialog("same").showModal();
}

export function charge(wanted: Sale): void {
  if (!connection.online()) return redraw();
  counter.sale = wanted;
  counter.tradeId = null;
  peeking = false;
  // At once: a second tap must not find Charge still there.
  scanning("starting");
  void run(() => till().charge(wanted, signal()));
}

export async function payWith(code: string): Promise<void> {
  const wanted = counter.sale;
  if (!wanted) return;
  // The scan lets go of the sale first, and its end is nobody's news any more.
  runs++;
  abort?.abort();
  await running;
  wait("paying", cancelHeld);
  await run(() => till().pay(wanted, code, signal()));
}

/** Another way to collect, in place of whatever runs; a cashier who thinks better of it is back where the sale began. */
export async function instead(wanted: Sale, begin: (options: { signal: AbortSignal }) => Promise<Outcome>): Promise<void> {
  if (!connection.online()) return redraw();
  const own = till().unfinished.find(({ sale }) => sale.ref === wanted.ref);
  if (own) return look(own);
  runs++;
  abort?.abort();
  await running;
  counter.sale = wanted;
  counter.tradeId = null;
  peeking = false;
  await run(() => begin(signal()));
}

export function signal(): { signal: AbortSignal } {
  abort = new AbortController();
  return { signal: abort.signal };
}

export function stop(): void {
  abort?.abort();
}

/** One call of the till, to its end on the screen; only the newest is shown. */
export function run(begin: () => Promise<Outcome>, refused: (error: unknown) => void = rejected): Promise<void> {
  const own = ++runs;
  stayAwake();
  trouble(null);
  $("unfinished").hidden = true;
  running = begin().then(
    (outcome) => {
      if (own !== runs) return;
      promised(outcome.status);
      ended(outcome);
    },
    (error: unknown) => {
      noteNetwork(error);
      if (own !== runs) return;
      promised(error instanceof KaunterError ? error.code : "aborted");
      refused(error);
    },
  );
  return running;
}

/** How the package's last promise ended: for whoever looks from outside. */
function promised(word: string): void {
  document.body.dataset["promise"] = word;
}

export function noteNetwork(error: unknown): void {
  if (error instanceof KaunterError && error.code === "network/failed") connection.heard(false);
}

/** A held button: the customer may be faster, so the wait goes on, and the truth is shown. */
export function cancelHeld(): void {
  if (abort && !abort.signal.aborted) return abort.abort();
  if (counter.tradeId) till().cancel(counter.tradeId).catch((error: unknown) => trouble(told(error)));
}

// ---- an old trade, or one that is not confirmed ----------------------------------------------------------------

/** Looks at a trade as it stands now. */
export async function look(trade: Trade): Promise<void> {
  peeking = true;
  counter.sale = trade.sale;
  counter.tradeId = trade.tradeId;
  if (trade.status === "needs-review" || trade.status === "late-success") notConfirmed(trade);
  await check(trade.tradeId);
}

async function check(id: string): Promise<void> {
  await run(() => till().resume(id, { ...signal(), onCode }), (error) => {
    // Nothing was learned: what was not known is not known still.
    if (current() === "not-confirmed") trouble(told(error));
    else void unresolved(id, told(error));
  });
}

// ---- ends ------------------------------------------------------------------------------------------------------

export function ended(outcome: Outcome): void {
  const quiet = peeking;
  if (!quiet && (outcome.status === "paid" || outcome.status === "unresolved")) counter.used = true;
  switch (outcome.status) {
    case "paid": return paid(outcome, quiet, quiet && outcome.sale.ref === counter.ref);
    case "declined": return notPaid("declined", "titleDeclined", "cross", () => say(outcome.reason), quiet);
    case "cancelled": return notPaid("cancelled", "titleCancelled", "cross", () => say(cancelled(outcome.by)), quiet);
    case "voided": return notPaid("voided", "titleVoided", "back", () => say("voided"), true);
    case "unresolved": return void unresolved(outcome.tradeId);
  }
}

function cancelled(by: "cashier" | "customer" | "deadline"): keyof Words {
  const words = { cashier: "cancelledCashier", customer: "cancelledCustomer", deadline: "cancelledDeadline" } as const;
  return words[by];
}

const again = () => (peeking ? { word: say("backToSale"), act: back } : { word: say("newSale"), act: nextSale });

export function paid(outcome: Extract<Outcome, { status: "paid" }>, quiet: boolean, already = false): void {
  counter.tradeId = outcome.tradeId;
  counter.sale = outcome.sale;
  if (!quiet) sounds.paid();
  letSleep();
  $("reference").textContent = outcome.reference;
  $("reference").dataset["receipt"] = outcome.reference;
  $("wallet").textContent = outcome.wallet.name;
  $("time").textContent = clockTime(new Date(outcome.paidAt));
  show("paid", () => ({
    title: say("titlePaid"), icon: "check", sentence: already ? say("alreadyPaid") : say("paidWith", { a: outcome.wallet.name }),
    primary: again(), second: { word: say("giveBack"), act: () => dialog("back").showModal() },
  }));
}

function notPaid(kind: Kind, title: keyof Words, icon: Icon, sentence: () => string, quiet: boolean): void {
  if (!quiet) sounds.notPaid();
  letSleep();
  const sale = counter.sale;
  const retry = sale && !peeking && kind !== "voided";
  show("declined", () => ({
    title: say(title), icon, sentence: sentence(),
    primary: retry ? { word: say("tryAgain"), act: () => charge(sale), off: !connection.online() } : again(),
    ...(retry && { second: { word: say("newSale"), act: nextSale } }),
  }), kind);
}

/** Nobody knows yet, or it came late: what the trade itself says decides which of the two. */
async function unresolved(id: string, sentence?: string): Promise<void> {
  const before = runs;
  const repeated = current() === "not-confirmed" && counter.tradeId === id;
  counter.tradeId = id;
  const trade = await till().status(id).catch(() => null);
  if (before !== runs) return;
  if (trade && FINAL.includes(trade.status)) return check(id);
  if (trade) counter.sale = trade.sale;
  notConfirmed(trade ?? { tradeId: id, status: "unknown" }, repeated ? new Date() : undefined, repeated || peeking);
  if (sentence) trouble(sentence);
}

function notConfirmed({ tradeId, status }: Pick<Trade, "tradeId" | "status">, checked?: Date, quiet = true): void {
  if (!quiet) sounds.notPaid();
  letSleep();
  counter.tradeId = tradeId;
  const late = status === "late-success";
  $("support").textContent = tradeId;
  $("copied").textContent = "";
  $("manager-declined").hidden = late;
  const manager = () => dialog("manager").showModal();
  show("not-confirmed", () => ({
    title: say(late ? "titleLate" : "titleNotConfirmed"), icon: late ? "clock" : "alert",
    sentence: say(late ? "late" : "notConfirmed"), ...(checked && !late && { note: say("checked", { a: clockTime(checked) }) }),
    primary: late ? { word: say("accept"), act: manager } : { word: say("checkNow"), act: () => void check(tradeId) },
    second: late ? { word: say("giveBack"), act: () => dialog("back").showModal() } : { word: say("manager"), act: manager },
    third: again(),
  }), late ? "late" : "not-confirmed");
}

/** The till refused: nothing ever began, or somebody else has the sale. */
function rejected(error: unknown): void {
  // A cashier who cancelled before anything began knows that.
  if (!(error instanceof KaunterError)) return ready();
  if (error.code === "sale/paid" && error.tradeId) return void alreadyPaid(error.tradeId);
  if (error.code === "sale/busy" || error.code === "sale/paid" || error.moneyMoved === "maybe") return void busy(error);
  if (error.code.startsWith("camera/") || error.code.startsWith("env/")) return noCamera(error);
  if (error.code === "worker/failed") return void readerFailed(error);
  notPaid("declined", "titleDeclined", "cross", () => told(error), false);
}

/** The reader comes from the shop's system too: where that is gone, the cashier is told of that. */
async function readerFailed(error: KaunterError): Promise<void> {
  const there = await connection.check();
  notPaid("declined", "titleDeclined", "cross", () => (there ? told(error) : say("noAnswer")), false);
}

async function alreadyPaid(id: string): Promise<void> {
  const outcome = await till().resume(id).catch(() => null);
  counter.used = true;
  if (outcome?.status === "paid") return paid(outcome, true, true);
  return unresolved(id);
}

/** Another attempt has the sale: it is looked at, and nothing new begins. */
async function busy(error: KaunterError): Promise<void> {
  counter.used = true;
  const found = error.tradeId ?? (await holder());
  if (found) return unresolved(found, error.code === "sale/busy" ? say("busy") : told(error));
  notPaid("declined", "titleDeclined", "cross", () => told(error), false);
}

async function holder(): Promise<string | null> {
  const attempts = await till().find(counter.sale?.ref ?? "").catch(() => []);
  return attempts.at(-1)?.tradeId ?? null;
}

/** A scan that paid nothing was stopped, or the camera failed. */
export function rejectedScan(error: unknown): void {
  ready();
  if (error instanceof KaunterError) trouble(told(error));
}

/** A way out of a camera that fails: a photo or a typed code. */
function noCamera(error: KaunterError): void {
  const sale = counter.sale;
  document.body.dataset["state"] = "no-camera";
  show("scan", () => ({
    sentence: told(error), icon: "alert",
    primary: { word: say("useCamera"), act: () => { if (sale) charge(sale); } }, second: { word: say("cancel"), act: ready },
  }));
}

// ---- what the till tells meanwhile -----------------------------------------------------------------------------

export function stateChanged(to: Till["state"], trade: Trade | null): void {
  document.body.dataset["state"] = to;
  if (!counter.sale) return;
  if (trade) counter.tradeId = trade.tradeId;
  if (tells(trade)) return;
  if (to === "starting" || to === "scanning") return scanning(to);
  if (to === "scanned" || to === "paying") return wait("paying", cancelHeld);
  if (to === "waiting") return wait(trade?.status === "pending" ? "confirm" : "checking", cancelHeld);
  if (to === "cancelling") return wait(trade?.status === "voiding" ? "voiding" : "cancelling");
}

function scanning(to: "starting" | "scanning"): void {
  show("scan", () => ({ sentence: say(to === "starting" ? "starting" : "showCode"), icon: "scan", second: { word: say("cancel"), act: stop } }));
}

export function statusChanged(trade: Trade): void {
  tellUnfinished();
  if (trade.tradeId !== counter.tradeId) return;
  const watched = current() === "waiting" || (current() === "present" && !tells(trade));
  if (watched && trade.status === "pending") wait("confirm", cancelHeld);
  if (watched && trade.status === "unknown") wait("checking", cancelHeld);
  // What was not confirmed has found its end by itself, while somebody looks at it.
  if (current() === "not-confirmed" && FINAL.includes(trade.status)) void check(trade.tradeId);
}
