// Carries out what the model asks for: calls of the till, sounds, the wake lock and dialogs. No other module calls the
// till. Answers go back to the model with the number of their call.

import {
  type Camera,
  KaunterError,
  type Money,
  type Outcome,
  type Sale,
  type ShownCode,
  Till,
  type TillOptions,
  type Trade,
  type Wallet,
} from "kaunter";
import { faultOf } from "../pkg/screen/fault";
import * as awake from "./awake";
import { owed } from "./bill";
import * as connection from "./connection";
import * as countdown from "./countdown";
import { askSame, closeDialogs, pickWallet } from "./dialogs";
import { $ } from "./dom";
import { hostedCounter, hostSees, isHosted } from "./hosted";
import { current, dispatch } from "./loop";
import { askGiveBack, askManager, askOtherWay, showRefusal } from "./manager";
import type { Decision, Effect, Facts, Fault, Sentence, Sound } from "./model";
import { customerSees, isPractice, onPhone, openSandbox } from "./practice";
import {
  canRename,
  freshRef,
  hadOpenPayment,
  namedSale,
  noteOpenPayment,
  readSettings,
  readToken,
  reloadFor,
  type Settings,
  terminalName,
} from "./session";
import { askName } from "./setup";
import { ensureRight, ensureSignedIn, signedInToken } from "./sign_in";
import * as sounds from "./sound";
import { askTakeOver } from "./takeover";

/** As long as the till waits for one call. */
const LOOK_UP_MS = 10_000;

let till: Till | null = null;
let settings: Settings | null = null;
/** Aborts the newest scan, charge, display of a code or watch. It does not stop a refund or a verdict. */
let abort = new AbortController();
/** The amount of the newest charge: wallets that do not pay it can't be picked. */
let charged: Money | null = null;
/** Settles when that call has ended. */
let running: Promise<void> = Promise.resolve();
let deciding: { tradeId: string; call: Promise<Outcome>; take: () => void } | null = null;

const SOUNDS: Record<Sound, () => void> = {
  paid: sounds.paid,
  not_paid: sounds.notPaid,
  attention: sounds.attention,
  read: sounds.read,
};

export function facts(): Facts {
  return {
    unfinished: till?.unfinished ?? [],
    hadOpenPayment: hadOpenPayment(),
    freshRef: freshRef(),
    now: Date.now(),
  };
}

export function perform(effect: Effect): void {
  switch (effect.type) {
    case "open":
      return void open();
    case "charge":
      return charge(effect.run, effect.sale, effect.code);
    case "show_code":
      return instead(effect.run, (signal) => showCode(effect.run, effect.sale, signal));
    case "resume":
      return resume(effect.run, effect.tradeId);
    case "test_scanner":
      return void testScanner(effect.run);
    case "abort":
      return abort.abort();
    case "look_up":
      return void lookUp(effect.ref);
    case "cancel":
      return void cancel(effect.run, effect.tradeId);
    case "decide":
      return decide(effect.run, effect.tradeId, effect.decision);
    case "follow_decision":
      if (deciding) follow(effect.run, deciding.call);
      deciding = null;
      return;
    case "find_trade":
      return void findTrade(effect);
    case "read_trade":
      return void readTrade(effect);
    case "read_outcome":
      return void readOutcome(effect);
    case "await_correction":
      return void awaitCorrection(effect.tradeId);
    case "probe":
      return void probe(effect);
    case "sound":
      return SOUNDS[effect.sound]();
    case "keep_awake":
      return effect.isOn ? awake.stayAwake() : awake.letSleep();
    case "ask_same":
      return askSame(effect.trade);
    case "ask_other_way":
      return askOtherWay(effect);
    case "ask_manager":
      return askManager(effect);
    case "ask_take_over":
      return askTakeOver(takeOver);
    case "ask_give_back":
      return askGiveBack(effect);
    case "dialog_refused":
      return showRefusal(effect.dialog, effect.fault);
    case "enter_practice":
      return void reload(true);
    case "leave_practice":
      return void reload(false);
    case "phone":
      return onPhone(effect.action);
    case "note_open":
      return noteOpenPayment(effect.isOpen);
    case "close_dialogs":
      return closeDialogs(effect.dialogs);
  }
}

function opened(): Till {
  if (!till) throw new Error("the till is not open");
  return till;
}

// ---- opening ----------------------------------------------------------------------------------------------------

/** Opens the till, for practice or for real. */
export async function open(): Promise<void> {
  try {
    await till?.close();
    till = await Till.open({
      ...(isPractice ? await openSandbox() : isHosted ? hostedCounter() : await realCounter()),
      chooseWallet: (_scan, wallets) => (charged === null ? null : pickWallet(wallets, charged)),
      preview: $<HTMLVideoElement>("preview"),
    });
    if (isPractice || isHosted) showSession(till);
    listen(till);
    dispatch({ type: "opened", showsCodes: codeWallets().length > 0, ...namedSale() });
  } catch (error) {
    dispatch({ type: "open_failed", fault: faultOf(error) });
  }
}

/** Reads the settings, and asks for the terminal's name and for the cashier where nobody else says them. */
async function realCounter(): Promise<Pick<TillOptions, "backend" | "getToken">> {
  settings ??= await readSettings();
  const { currency, sales, can_cancel: canCancel } = settings;
  dispatch({ type: "settings_read", currency, isRegistered: sales === "registered", canCancel });
  if (!terminalName(settings)) await askName();
  showSettings(settings);
  const { token_url } = settings;
  if (token_url === null) await ensureSignedIn();
  return {
    backend: location.origin,
    getToken: (context) => (token_url === null ? signedInToken(context) : readToken(context, token_url)),
  };
}

/** Closes the till, so that the camera is off, and loads the page again. */
async function reload(practice: boolean): Promise<void> {
  await till?.close().catch(() => {});
  reloadFor(practice);
}

/** In practice and in the demo nobody signs in, and no shop has settings. */
function showSession({ session }: Till): void {
  $("sandbox").hidden = isPractice;
  $("terminal").textContent = session.terminal;
  dispatch({ type: "settings_read", currency: session.currency, isRegistered: false, canCancel: true });
}

function showSettings(settings: Settings): void {
  const { sandbox, phone_url } = settings;
  $("sandbox").hidden = !sandbox;
  $("terminal").textContent = terminalName();
  $("rename").hidden = !canRename(settings);
  const phone = $<HTMLAnchorElement>("phone");
  phone.hidden = !phone_url;
  if (phone_url) phone.href = phone_url;
}

/** Asks the backend what a bill asks for, with a token of its own. */
async function lookUp(ref: string): Promise<void> {
  const read = (minor: number | null, sentence: Sentence | null) =>
    dispatch({ type: "owed_read", ref, minor, sentence });
  try {
    const signal = AbortSignal.timeout(LOOK_UP_MS);
    const url = settings?.token_url ?? null;
    const token = await (url === null ? signedInToken({}) : readToken({ reason: "start", signal }, url));
    const minor = await owed(ref, token);
    read(minor, minor === null ? { word: "noBill" } : null);
  } catch {
    read(null, { word: "noAnswer" });
  }
}

function listen(till: Till): void {
  till.addEventListener("state", ({ detail: { to, trade } }) => {
    // The till watches the trade now, so the backend has accepted the refund or the verdict. It may still fail.
    if (deciding && trade?.tradeId === deciding.tradeId) deciding.take();
    dispatch({ type: "state_changed", to, trade });
  });
  till.addEventListener("trade", ({ detail }) => {
    dispatch({ type: "trade_changed", trade: detail });
    // The till may send a `trade` event before it has updated `unfinished`.
    setTimeout(() => dispatch({ type: "unfinished_changed" }));
  });
  till.addEventListener("progress", ({ detail }) => {
    countdown.polled(detail);
    dispatch({ type: "time_left", leftMs: detail.deadlineMs - detail.elapsedMs });
    connection.heard(detail.online);
  });
  till.addEventListener("scan", () => dispatch({ type: "code_read" }));
  till.addEventListener("warning", ({ detail }) => {
    const fault = faultOf(detail);
    dispatch(fault.code === "token_revoked" ? { type: "signed_out" } : { type: "warned", sentence: { fault } });
  });
  till.addEventListener("hint", ({ detail }) => dispatch({ type: "hint_changed", hint: detail.hint }));
}

/** Ends every token of this terminal. */
export async function signOut(): Promise<void> {
  try {
    await opened().signOut();
    dispatch({ type: "signed_out" });
  } catch (error) {
    dispatch({ type: "warned", sentence: { fault: faultOf(error) } });
  }
}

/** Makes this device act for its terminal. Gives what went wrong, or null. */
async function takeOver(reason: string): Promise<Fault | null> {
  try {
    await opened().takeOver({ reason });
    return null;
  } catch (error) {
    return faultOf(error);
  }
}

// ---- calls that end with an outcome -----------------------------------------------------------------------------

/** Tells the model how a call ends. */
function follow(run: number, call: Promise<Outcome>): void {
  running = call.then(
    (outcome) => dispatch({ type: "ended", run, outcome }),
    (error: unknown) => dispatch({ type: "refused", run, fault: refusal(error) }),
  );
}

/** Aborts the call in progress, waits until it has ended and released the sale's lock, and begins another call. */
function instead(run: number, begin: (signal: AbortSignal) => Promise<Outcome>): void {
  abort.abort();
  const before = running;
  const own = new AbortController();
  abort = own;
  const call = async () => {
    await before;
    own.signal.throwIfAborted();
    return begin(own.signal);
  };
  follow(run, call());
}

function charge(run: number, sale: Sale, code: string | null): void {
  charged = sale.amount;
  if (code !== null) return instead(run, (signal) => opened().charge(sale, { code, signal }));
  abort = new AbortController();
  follow(run, opened().charge(sale, { signal: abort.signal }));
}

/** Watches a trade. An abort only ends the watch, so that the next call need not wait for it; it cancels nothing. */
function resume(run: number, tradeId: string): void {
  abort = new AbortController();
  follow(run, opened().resume(tradeId, { onCode: onCode(run), signal: abort.signal }));
}

/** The wallets whose app scans a code that the till shows. */
function codeWallets(): Wallet[] {
  return (till?.wallets ?? []).filter(({ modes }) => modes.includes("merchant_presented"));
}

async function showCode(run: number, sale: Sale, signal: AbortSignal): Promise<Outcome> {
  const wallets = codeWallets();
  const [only, ...others] = wallets;
  const { walletId } = only && others.length === 0 ? only : await pickWallet(wallets, sale.amount);
  dispatch({ type: "wallet_chosen", run });
  return opened().showCode(sale, { walletId, onCode: onCode(run), signal });
}

function onCode(run: number) {
  return (code: ShownCode): void => {
    if (isPractice) customerSees(code);
    if (isHosted) hostSees(code);
    dispatch({ type: "code_shown", run, svg: code.svg, leftMs: Date.parse(code.expiresAt) - Date.now() });
  };
}

async function testScanner(run: number): Promise<void> {
  abort = new AbortController();
  try {
    const { info } = await opened().scan({ signal: abort.signal });
    dispatch({ type: "test_ended", run, info });
  } catch (error) {
    dispatch({ type: "refused", run, fault: faultOf(error) });
  }
}

async function cancel(run: number, tradeId: string): Promise<void> {
  try {
    await opened().cancel(tradeId);
  } catch (error) {
    dispatch({ type: "cancel_refused", run, fault: faultOf(error) });
  }
}

/** The customer pays another way: the till stops collecting, or refuses. */
function giveUp(run: number, { ref, tender }: Extract<Decision, { type: "give_up" }>): void {
  opened()
    .giveUp({ ref, tender })
    .then(
      () => dispatch({ type: "given_up", run }),
      (error: unknown) => dispatch({ type: "decision_refused", run, dialog: "give_up", fault: refusal(error) }),
    );
}

/** A refund or a verdict: refused at once, or taken and then followed like any other call. */
function decide(run: number, tradeId: string, decision: Decision): void {
  if (decision.type === "give_up") return giveUp(run, decision);
  const { type } = decision;
  const send = () =>
    type === "void"
      ? opened().void(tradeId, { reason: decision.reason })
      : opened().giveVerdict(tradeId, { outcome: decision.outcome, evidence: decision.evidence });
  const call = ensureRight(type === "void" ? "void" : "review").then(send);
  let isTaken = false;
  const take = () => {
    if (!isTaken) dispatch({ type: "decision_taken", run });
    isTaken = true;
  };
  deciding = { tradeId, call, take };
  call.then(take, (error: unknown) => {
    if (isTaken) return;
    deciding = null;
    dispatch({ type: "decision_refused", run, dialog: type, fault: refusal(error) });
  });
}

/** Converts an error to a `Fault`. After `network_failed`, the page shows that it is offline. */
function refusal(error: unknown) {
  if (error instanceof KaunterError && error.code === "network_failed") connection.heard(false);
  return faultOf(error);
}

// ---- look-ups ---------------------------------------------------------------------------------------------------

async function findTrade({ run, ref, question }: Extract<Effect, { type: "find_trade" }>): Promise<void> {
  const list = await opened()
    .listTrades({ ref, limit: PAGE_ROWS })
    .catch(() => null);
  dispatch({ type: "trade_found", run, tradeId: list?.trades.at(-1)?.tradeId ?? null, question });
}

async function readTrade({ run, tradeId, question }: Extract<Effect, { type: "read_trade" }>): Promise<void> {
  const trade = await opened()
    .checkStatus(tradeId)
    .catch(() => null);
  dispatch({ type: "trade_read", run, tradeId, trade, question });
}

/** How often a correction is looked up, and how long apart: the gateway mostly answers within seconds. */
const CORRECTION_LOOKS = 5;
const CORRECTION_PAUSE_MS = 2_000;

async function awaitCorrection(tradeId: string): Promise<void> {
  for (let look = 0; look < CORRECTION_LOOKS && current().tradeId === tradeId; look++) {
    const trade = await opened()
      .checkStatus(tradeId)
      .catch(() => null);
    if (trade) dispatch({ type: "trade_changed", trade });
    if (trade && !trade.proposal) return;
    await new Promise((done) => setTimeout(done, CORRECTION_PAUSE_MS));
  }
}

async function readOutcome({ run, tradeId }: Extract<Effect, { type: "read_outcome" }>): Promise<void> {
  const outcome = await opened()
    .resume(tradeId)
    .catch(() => null);
  dispatch({ type: "outcome_read", run, tradeId, outcome });
}

async function probe({ run, fault }: Extract<Effect, { type: "probe" }>): Promise<void> {
  dispatch({ type: "probed", run, isThere: await connection.check(), fault });
}

/** The maximum number of trades on a page of a list. */
const PAGE_ROWS = 500;

/** The shop's trades of a day on its own clock, as `YYYY-MM-DD`; `null` is its today. */
export async function listTrades(day: string | null): Promise<readonly Trade[]> {
  await ensureRight("list");
  const trades: Trade[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await opened().listTrades({
      ...(day === null ? {} : { day }),
      ...(cursor === undefined ? {} : { cursor }),
      limit: PAGE_ROWS,
    });
    trades.push(...page.trades);
    cursor = page.nextCursor;
  }
  return trades;
}

export async function listCameras(): Promise<Camera[]> {
  return till ? till.camera.list().catch(() => []) : [];
}

export async function chooseCamera(camera: Camera): Promise<void> {
  try {
    await opened().camera.use(camera);
  } catch (error) {
    dispatch({ type: "warned", sentence: { fault: faultOf(error) } });
  }
}
