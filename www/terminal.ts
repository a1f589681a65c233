// The cashier's terminal: six screens on the published package, and its first customer.

import { KaunterError, Till, decode, type Outcome, type Sale, type Trade, type Wallet } from "kaunter";
import * as present from "./present";
import * as sounds from "./sound";
import { fill, languages, wordsOf, type Language } from "./words";

type Screen = "ready" | "scan" | "present" | "waiting" | "paid" | "declined" | "not-confirmed";
interface Settings { token_url: string; phone_url: string | null; simulated: boolean }

const $ = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const address = new URLSearchParams(location.search);
const terminal = address.get("terminal") ?? "till-1";
const HOLD_MS = 600;
const MOST_DIGITS = 9;

let words = wordsOf(language());
let settings: Settings;
let till: Till;
let currency = "MYR";
let minor = 0;
let ref = newRef();
let sale: Sale | null = null;
let tradeId: string | null = null;
let abort: AbortController | null = null;
let wake: WakeLockSentinel | null = null;
let onPrimary: () => void = () => {};
let onSecond: () => void = () => {};
let onThird: () => void = () => {};

function language(): Language {
  const kept = localStorage.getItem("kaunter.language") ?? navigator.language.slice(0, 2);
  return languages.find((known) => known === kept) ?? "en";
}

/** A reference of our own where no point of sale names one: unique for ever. */
function newRef(): string {
  return `${terminal}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}

function formatted(value: number): string {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(value / 100);
}

// ---- the screen ------------------------------------------------------------------------------------------------

interface Look { sentence: string; primary: string; second?: string; third?: string }

function show(screen: Screen, look: Look): void {
  document.body.dataset["screen"] = screen;
  $("amount").textContent = formatted(sale?.amount.minor ?? minor);
  $("sentence").textContent = look.sentence;
  label("primary", look.primary, "Enter");
  label("second", look.second, screen === "scan" || screen === "present" || screen === "waiting" ? "Esc" : undefined);
  label("third", look.third);
  $("primary").hidden = look.primary === "";
}

function label(id: string, word: string | undefined, key?: string): void {
  const button = $<HTMLButtonElement>(id);
  button.hidden = !word;
  button.disabled = false;
  button.replaceChildren(word ?? "");
  if (word && key && matchMedia("(hover: hover)").matches) {
    const hint = document.createElement("kbd");
    hint.textContent = key;
    button.append(hint);
  }
}

function trouble(sentence: string | null): void {
  $("trouble").hidden = sentence === null;
  $("trouble").textContent = sentence ?? "";
}

function banner(sentence: string | null): void {
  $("banner").hidden = sentence === null;
  $("banner").textContent = sentence ?? "";
}

function ready(): void {
  sale = null;
  tradeId = null;
  trouble(null);
  showReady();
  tellUnfinished();
  void letSleep();
}

function showReady(): void {
  show("ready", { sentence: minor === 0 ? words.enterAmount : words.pressCharge, primary: words.charge });
  $<HTMLButtonElement>("primary").disabled = minor === 0;
  onPrimary = () => { if (minor > 0) void charge({ ref, amount: { minor, currency } }); };
}

function digit(key: string): void {
  if (document.body.dataset["screen"] !== "ready") return;
  if (key === "⌫") minor = Math.floor(minor / 10);
  else if (key === "C") minor = 0;
  else if (String(minor).length + key.length <= MOST_DIGITS) minor = Number(`${minor}${key}`);
  showReady();
}

function tellUnfinished(): void {
  const open = till.unfinished[0];
  $("unfinished").hidden = !open || document.body.dataset["screen"] !== "ready";
  if (open) $("unfinished").textContent = fill(words.unfinished, { a: formatted(open.sale.amount.minor) });
}

// ---- a sale ----------------------------------------------------------------------------------------------------

async function charge(wanted: Sale): Promise<void> {
  onPrimary = () => {}; // a double tap is one tap
  sounds.unlock();
  void stayAwake();
  sale = wanted;
  await run(() => till.charge(wanted, signal()));
}

async function payWith(code: string): Promise<void> {
  const wanted = sale;
  if (!wanted) return;
  // The scan lets go of the sale first, and its end is nobody's news any more.
  runs++;
  abort?.abort();
  await running;
  await run(() => till.pay(wanted, code, signal()));
}

/** A code of ours in place of whatever runs; a cashier who picks no wallet is back where the sale began. */
async function instead(begin: (sale: Sale, signal: AbortSignal) => Promise<Outcome>): Promise<void> {
  const wanted = sale ?? (minor > 0 ? { ref, amount: { minor, currency } } : null);
  if (!wanted) return;
  sounds.unlock();
  void stayAwake();
  runs++;
  abort?.abort();
  await running;
  sale = wanted;
  await run(() => begin(wanted, signal().signal));
}

function signal(): { signal: AbortSignal } {
  abort = new AbortController();
  return { signal: abort.signal };
}

let runs = 0;
let running: Promise<void> = Promise.resolve();

/** One call of the till, to its end on the screen; only the newest is shown. */
function run(begin: () => Promise<Outcome>): Promise<void> {
  running = see(++runs, begin);
  return running;
}

async function see(own: number, begin: () => Promise<Outcome>): Promise<void> {
  trouble(null);
  present.over();
  $("unfinished").hidden = true;
  try {
    const outcome = await begin();
    if (own !== runs) return;
    promised(outcome.status);
    ended(outcome);
  } catch (error) {
    if (own !== runs) return;
    promised(error instanceof KaunterError ? error.code : "aborted");
    await rejected(error);
  }
}

/** How the last promise of the package ended: for whoever looks from outside. */
function promised(word: string): void {
  document.body.dataset["promise"] = word;
}

function ended(outcome: Outcome): void {
  tradeId = outcome.tradeId;
  switch (outcome.status) {
    case "paid": return paid(outcome);
    case "declined": return notPaid(outcome.message);
    case "cancelled": return notPaid(words.cancelled);
    case "voided": return notPaid(words.voided);
    case "unresolved": return notConfirmed();
  }
}

function paid(outcome: Extract<Outcome, { status: "paid" }>, note?: string): void {
  sale = outcome.sale;
  sounds.paid();
  $("reference").textContent = outcome.reference;
  $("reference").dataset["receipt"] = outcome.reference;
  $("wallet").textContent = outcome.wallet.name;
  $("time").textContent = new Date(outcome.paidAt).toLocaleTimeString(document.documentElement.lang);
  show("paid", { sentence: note ?? words.paid, primary: words.newSale, second: words.giveBack });
  onPrimary = nextSale;
  onSecond = () => giveBack(outcome.tradeId);
  void letSleep();
}

function giveBack(id: string): void {
  show("paid", { sentence: fill(words.voidAsk, { a: formatted(sale?.amount.minor ?? 0) }), primary: words.close, second: words.yes });
  onPrimary = () => void run(() => till.resume(id));
  onSecond = () => {
    waiting(words.cancelling);
    void run(() => till.void(id, "asked for at the counter"));
  };
}

function notPaid(sentence: string): void {
  sounds.notPaid();
  show("declined", { sentence, primary: words.tryAgain, second: words.newSale });
  const again = sale;
  onPrimary = () => (again ? void charge(again) : ready());
  onSecond = nextSale;
}

function notConfirmed(sentence = words.notConfirmed): void {
  sounds.notPaid();
  $("support").textContent = tradeId ?? "";
  show("not-confirmed", { sentence, primary: words.checkNow, second: words.manager, third: words.newSale });
  onPrimary = () => {
    const id = tradeId;
    if (id) void run(() => till.resume(id));
  };
  onSecond = () => $<HTMLDialogElement>("manager").showModal();
  onThird = nextSale;
}

function nextSale(): void {
  runs++;
  minor = 0;
  ref = newRef();
  ready();
}

async function rejected(error: unknown): Promise<void> {
  if (!(error instanceof KaunterError)) return ready(); // the cashier cancelled before anything began
  if (error.code === "sale/paid" && error.tradeId) {
    const outcome = await till.resume(error.tradeId).catch(() => null);
    if (outcome?.status === "paid") {
      tradeId = outcome.tradeId;
      return paid(outcome, words.alreadyPaid);
    }
  }
  if (error.code === "sale/busy" || error.moneyMoved === "maybe") {
    tradeId = error.tradeId;
    return notConfirmed(error.message);
  }
  if (error.code.startsWith("camera/") || error.code.startsWith("env/")) return noCamera(error.message);
  notPaid(error.message);
}

/** A way out of a camera that fails: a photo or a typed code. */
function noCamera(message: string): void {
  document.body.dataset["state"] = "no-camera";
  show("scan", { sentence: message, primary: words.useCamera, second: words.cancel });
  const again = sale;
  onPrimary = () => { if (again) void charge(again); };
  onSecond = ready;
}

// ---- while it runs ---------------------------------------------------------------------------------------------

function waiting(sentence: string): void {
  show("waiting", { sentence, primary: "", second: words.hold });
  onSecond = () => {};
}

function stateChanged(to: Till["state"], trade: Trade | null): void {
  document.body.dataset["state"] = to;
  if (trade) tradeId = trade.tradeId;
  if (!sale || present.tells(trade)) return;
  switch (to) {
    case "starting":
    case "scanning":
      show("scan", { sentence: to === "starting" ? words.starting : words.showCode, primary: "", second: words.cancel });
      onSecond = () => abort?.abort();
      return;
    case "scanned":
    case "paying": return waiting(words.paying);
    case "waiting": return waiting(trade?.status === "pending" ? words.confirm : words.checking);
    case "cancelling": return waiting(words.cancelling);
    case "idle":
    case "review": return;
  }
}

function statusChanged(trade: Trade): void {
  tellUnfinished();
  if (document.body.dataset["screen"] === "present" && trade.tradeId === tradeId && !present.tells(trade)) waiting(words.checking);
  if (document.body.dataset["screen"] !== "waiting" || trade.tradeId !== tradeId) return;
  if (trade.status === "pending") $("sentence").textContent = words.confirm;
  if (trade.status === "unknown") $("sentence").textContent = words.checking;
}

function polled(detail: { elapsedMs: number; deadlineMs: number; online: boolean }): void {
  const seconds = (ms: number) => Math.round(ms / 1000);
  $("seconds").textContent = fill(words.elapsed, { a: seconds(detail.elapsedMs), b: seconds(detail.deadlineMs) });
  $("dial").style.strokeDashoffset = String(Math.min(100, (100 * detail.elapsedMs) / detail.deadlineMs));
  banner(detail.online ? null : words.offline);
}

async function pick(wallets: readonly Wallet[]): Promise<string> {
  const dialog = $<HTMLDialogElement>("pick");
  const list = $("wallets");
  const chosen = new Promise<string>((resolve, reject) => {
    list.replaceChildren(...wallets.map((wallet) => {
      const button = document.createElement("button");
      button.textContent = wallet.name;
      button.dataset["wallet"] = wallet.id;
      button.onclick = () => { resolve(wallet.id); dialog.close(); };
      return button;
    }));
    dialog.onclose = () => reject(new DOMException("No wallet was chosen.", "AbortError"));
  });
  dialog.showModal();
  return chosen;
}

async function stayAwake(): Promise<void> {
  wake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
}

async function letSleep(): Promise<void> {
  await wake?.release();
  wake = null;
}

// ---- hands -----------------------------------------------------------------------------------------------------

function hands(): void {
  for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "C", "0", "⌫"]) {
    const button = document.createElement("button");
    button.textContent = key;
    button.onclick = () => digit(key);
    $("pad").append(button);
  }
  $("primary").onclick = () => onPrimary();
  $("third").onclick = () => onThird();
  holdable($<HTMLButtonElement>("second"));
  document.addEventListener("keydown", keyed);
  $("unfinished").onclick = () => {
    const open = till.unfinished[0];
    if (!open) return;
    sale = open.sale;
    tradeId = open.tradeId;
    waiting(words.checking);
    void run(() => till.resume(open.tradeId, { onCode: present.onCode }));
  };
  $<HTMLInputElement>("photo").onchange = () => void photographed();
  $("type").onclick = () => $<HTMLDialogElement>("typed").showModal();
  $("typed-form").addEventListener("submit", typed);
  $("manager-form").addEventListener("submit", settled);
  $("settings").onclick = () => $<HTMLDialogElement>("drawer").showModal();
  for (const id of ["drawer", "pick", "typed", "manager"]) {
    $(`${id}-close`).onclick = () => $<HTMLDialogElement>(id).close();
  }
  $<HTMLSelectElement>("language").value = language();
  $<HTMLSelectElement>("language").onchange = (event) => {
    localStorage.setItem("kaunter.language", (event.target as HTMLSelectElement).value);
    speak();
    if (document.body.dataset["screen"] === "ready") showReady();
  };
  $<HTMLInputElement>("sound").onchange = (event) => { sounds.sound.on = (event.target as HTMLInputElement).checked; };
  addEventListener("offline", () => banner(words.offline));
  addEventListener("online", () => banner(null));
}

/** Once money may have moved, a cancel is held for a moment: no elbow cancels a payment. */
function holdable(button: HTMLButtonElement): void {
  let held: ReturnType<typeof setTimeout> | undefined;
  const release = () => {
    clearTimeout(held);
    button.classList.remove("holding");
  };
  button.onclick = () => { if (document.body.dataset["screen"] !== "waiting") onSecond(); };
  button.onpointerdown = () => {
    if (document.body.dataset["screen"] !== "waiting") return;
    button.classList.add("holding");
    held = setTimeout(() => { release(); cancelHeld(); }, HOLD_MS);
  };
  button.onpointerup = button.onpointerleave = button.onpointercancel = release;
}

function cancelHeld(): void {
  if (abort && !abort.signal.aborted) return abort.abort();
  const id = tradeId;
  if (id) void run(() => till.cancel(id));
}

let escapeHeld: ReturnType<typeof setTimeout> | undefined;

function keyed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const onButton = event.target instanceof HTMLButtonElement && event.target.id !== "primary";
  if (/^[0-9]$/.test(event.key)) digit(event.key);
  else if (event.key === "Backspace") digit("⌫");
  else if (event.key === "Enter" && !onButton && !event.repeat) {
    event.preventDefault();
    const button = $<HTMLButtonElement>("primary");
    if (!button.hidden && !button.disabled) onPrimary();
  } else if (event.key === "Escape" && !event.repeat) {
    if (["scan", "present"].includes(document.body.dataset["screen"] ?? "")) onSecond();
    if (document.body.dataset["screen"] === "waiting") {
      escapeHeld = setTimeout(cancelHeld, HOLD_MS);
      document.addEventListener("keyup", () => clearTimeout(escapeHeld), { once: true });
    }
  }
}

async function photographed(): Promise<void> {
  const input = $<HTMLInputElement>("photo");
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  try {
    const [code] = await decode(file, { max: 1 });
    if (code) await payWith(code.text);
    else trouble(words.noCode);
  } catch (error) {
    trouble(error instanceof Error ? error.message : String(error));
  }
}

function typed(): void {
  const input = $<HTMLInputElement>("code");
  const code = input.value.trim();
  input.value = "";
  if (code) void payWith(code);
}

function settled(event: SubmitEvent): void {
  const outcome = (event.submitter as HTMLButtonElement).value as "paid" | "declined" | "voided";
  const evidence = $<HTMLInputElement>("evidence").value.trim();
  const id = tradeId;
  if (!id) return;
  void run(() => till.settle(id, { outcome, evidence }));
}

function speak(): void {
  words = wordsOf(language());
  document.documentElement.lang = language() === "zh" ? "zh-Hans-MY" : `${language()}-MY`;
  const texts: Record<string, string> = {
    settings: words.settings, simulated: words.simulated, "photo-word": words.photo, type: words.type, "receipt-word": words.receipt,
    "wallet-word": words.wallet, "time-word": words.time, "support-word": words.support, "drawer-word": words.settings,
    "language-word": words.language, "sound-word": words.sound, phone: words.phone, "drawer-close": words.close, "pick-word": words.pickWallet,
    "pick-close": words.cancel, "typed-word": words.typeCode, "typed-close": words.cancel, "typed-pay": words.pay, "manager-word": words.manager,
    "manager-help": words.managerHelp, "evidence-word": words.evidence, "manager-paid": words.wasPaid, "manager-declined": words.wasNotPaid,
    "manager-voided": words.wasReturned, "manager-close": words.cancel,
  };
  for (const [id, text] of Object.entries(texts)) $(id).textContent = text;
  present.speak();
}

// ---- the start -------------------------------------------------------------------------------------------------

async function open(): Promise<void> {
  show("ready", { sentence: words.start, primary: words.charge });
  $<HTMLButtonElement>("primary").disabled = true;
  settings ??= await (await fetch("/terminal.json")).json();
  $("simulated").hidden = !settings.simulated;
  $("shop").textContent = `Kaunter · ${terminal}`;
  const phone = $<HTMLAnchorElement>("phone");
  phone.hidden = !settings.phone_url;
  if (settings.phone_url) phone.href = settings.phone_url;
  till = await Till.open({
    backend: location.origin,
    getToken: async ({ sale: wanted, may, signal: end }) => {
      const body = { terminal, ...(wanted ? { sale: wanted } : {}), ...(may ? { may: ["charge", "cancel", may] } : {}) };
      const answer = await fetch(settings.token_url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: end });
      if (!answer.ok) throw new Error(`the shop's server answered ${answer.status}`);
      return (await answer.json()).token;
    },
    onWallet: (_scan, wallets) => pick(wallets),
    preview: $<HTMLVideoElement>("preview"),
  });
  present.opened(till);
  till.addEventListener("state", ({ detail }) => stateChanged(detail.to, detail.trade));
  till.addEventListener("trade", ({ detail }) => statusChanged(detail));
  till.addEventListener("poll", ({ detail }) => polled(detail));
  till.addEventListener("scan", ({ detail }) => { document.body.dataset["source"] = detail.source; });
  till.addEventListener("problem", ({ detail }) => trouble(detail.message));
}

async function begin(): Promise<void> {
  try {
    await open();
  } catch (error) {
    trouble(error instanceof Error ? error.message : String(error));
    show("ready", { sentence: words.noStart, primary: words.retry });
    onPrimary = () => void begin();
    return;
  }
  document.body.dataset["busy"] = "false";
  const named = address.get("ref");
  if (named) ref = named;
  const amount = Number(address.get("amount") ?? 0);
  if (Number.isSafeInteger(amount) && amount > 0) minor = amount;
  ready();
}

present.install({
  till: () => till,
  language,
  pick,
  instead,
  screen: (sentence) => {
    show("present", { sentence, primary: "", second: words.cancel });
    onSecond = () => (abort && !abort.signal.aborted ? abort.abort() : cancelHeld());
  },
});
speak();
hands();
void begin();
