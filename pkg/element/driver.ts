// Carries out the effects: the only module of the element that calls the till. One event at a time goes through `step`.

import {
  type ChargeOptions,
  KaunterError,
  type Outcome,
  type SaleInput,
  type Scan,
  type ShownCode,
  Till,
  type TillOptions,
  type Wallet,
} from "kaunter";
import { faultOf } from "../screen/fault";
import { type Effect, type Event, INITIAL, isBusy, isPaying, type Job, type State, step } from "./step";

export type Options = Omit<TillOptions, "preview" | "chooseWallet">;

/** What the driver needs of the element. */
export interface Host {
  readonly video: HTMLVideoElement;
  changed(): void;
  tell(type: "kaunter-ready" | "kaunter-outcome" | "kaunter-error", detail: unknown): void;
}

interface Settle {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

export type Begin = Partial<Pick<ChargeOptions, "code" | "walletId" | "signal" | "scan">>;
type Doing<T> = Extract<Effect, { type: T }>;

export class Driver {
  state: State = INITIAL;
  readonly #host: Host;
  #till: Till | null = null;
  /** What the open till, or the one that opens, was made of. */
  #source: Options | Till | null = null;
  #wanted: Options | Till | null = null;
  #opening: Promise<void> | null = null;
  /** Counts the tills: one that opens too late is closed. */
  #era = 0;
  /** Ends the listeners of the till. */
  #listening = new AbortController();
  #abort = new AbortController();
  #settle: Settle | null = null;
  #choose: ((walletId: string | null) => void) | null = null;
  /** Codes stay here: the state is shown, and could be logged. */
  #given: Scan | string | null = null;
  #scanned: Scan | null = null;
  #limits: ChargeOptions["scan"];
  /** The page's signal of the sale. */
  #signal: AbortSignal | undefined;
  #error: { readonly call: number; readonly error: unknown } | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  dispatch(event: Event): void {
    const [state, effects] = step(this.state, event);
    this.state = state;
    for (const effect of effects) this.#run(effect);
    this.#host.changed();
    if (this.#source !== this.#wanted) this.#sync();
  }

  // ---- the till -------------------------------------------------------------------------------------------------

  /** Which till the element is for. Null: it is out of the page, or has none. */
  use(wanted: Options | Till | null): void {
    const isSame = this.#source !== null && backendOf(this.#source) === backendOf(wanted);
    // Newer options for the same backend serve the open till: `getToken` of the newest is called.
    if (isSame && !isTill(wanted)) this.#source = wanted;
    this.#wanted = wanted;
    if (this.#source === wanted) return;
    // A sale whose code was not used yet ends with its till; a payment is followed to its end first.
    if (this.state.job && !isPaying(this.state)) this.dispatch({ type: "sale_stopped" });
    this.#sync();
  }

  #sync(): void {
    if (this.#source === this.#wanted || isBusy(this.state)) return;
    const [source, till, wanted] = [this.#source, this.#till, this.#wanted];
    this.#source = wanted;
    this.#era += 1;
    this.#till = null;
    this.#listening.abort();
    this.#abort.abort();
    if (till && source !== till) till.close().catch(() => {});
    if (source) this.dispatch({ type: "till_closed" });
    if (isTill(wanted)) this.#adopt(wanted);
    else if (wanted) this.#opening = this.#open(wanted);
  }

  async #open(options: Options): Promise<void> {
    this.dispatch({ type: "opening_began" });
    const era = this.#era;
    const isOther = () => era !== this.#era;
    try {
      const till = await Till.open({
        ...options,
        ...(typeof options?.getToken === "function" && {
          getToken: (context) => this.#options(options).getToken(context),
        }),
        preview: this.#host.video,
        chooseWallet: (_scan, wallets) => this.#ask(wallets),
      });
      if (isOther()) return await till.close();
      this.#adopt(till);
    } catch (error) {
      if (isOther()) return;
      this.#error = { call: -1, error };
      this.dispatch({ type: "open_failed", fault: faultOf(error) });
      this.#host.tell("kaunter-error", error);
    }
  }

  /** The newest options. */
  #options(given: Options): Options {
    return this.#source && !isTill(this.#source) ? this.#source : given;
  }

  #adopt(till: Till): void {
    this.#till = till;
    this.#listening = new AbortController();
    this.#listen(till, { signal: this.#listening.signal });
    const { rights, sandbox } = till.session;
    this.dispatch({ type: "opened", session: { rights, sandbox }, unfinished: till.unfinished });
    const camera = till.camera.current;
    if (camera) this.dispatch({ type: "camera_changed", status: "live", camera });
    this.#host.tell("kaunter-ready", { till });
  }

  #listen(till: Till, options: { signal: AbortSignal }): void {
    const warn = (error: unknown) => this.dispatch({ type: "warned", fault: faultOf(error) });
    till.addEventListener(
      "state",
      ({ detail: { to, trade } }) => this.dispatch({ type: "state_changed", to, trade }),
      options,
    );
    till.addEventListener(
      "trade",
      ({ detail }) => {
        this.dispatch({ type: "trade_changed", trade: detail });
        // The till may send the event before it has updated its list.
        setTimeout(() => {
          if (this.#till === till) this.dispatch({ type: "unfinished_changed", unfinished: till.unfinished });
        });
      },
      options,
    );
    till.addEventListener(
      "progress",
      ({ detail }) => this.dispatch({ type: "progress_made", progress: { ...detail, at: performance.now() } }),
      options,
    );
    till.addEventListener("hint", ({ detail: { hint } }) => this.dispatch({ type: "hint_changed", hint }), options);
    till.addEventListener(
      "scan",
      ({ detail }) => {
        this.#scanned = detail;
      },
      options,
    );
    till.addEventListener("warning", ({ detail }) => warn(detail), options);
    till.addEventListener(
      "camera",
      ({ detail: { status, camera } }) => {
        this.dispatch({ type: "camera_changed", status, camera });
        if (status !== "live" || this.#hasStream()) return;
        till.camera.list().then(({ length }) => this.dispatch({ type: "cameras_counted", count: length }), warn);
      },
      options,
    );
  }

  /** The page's own stream has no other camera to switch to. */
  #hasStream = () => Boolean(this.#source && !isTill(this.#source) && this.#source.camera?.stream);

  // ---- a sale of the page ---------------------------------------------------------------------------------------

  async begin(mode: Job["mode"], given: SaleInput, options: Begin = {}): Promise<Outcome> {
    const { code = null, walletId = null, signal, scan } = options ?? {};
    const sale = { ...given };
    if (signal?.aborted) throw reasonOf(signal);
    const till = await this.#opened();
    if (signal?.aborted) throw reasonOf(signal);
    if (isBusy(this.state)) throw busy(this.state);
    this.#signal = signal;
    this.#given = code;
    this.#scanned = null;
    this.#limits = scan;
    const over = new AbortController();
    signal?.addEventListener("abort", () => this.dispatch({ type: "sale_stopped" }), { signal: over.signal });
    const promise = new Promise<Outcome>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const job: Job = { mode, sale, walletId };
    this.dispatch({ type: "sale_begun", job, hasCode: code !== null, wallets: till.wallets });
    // Meanwhile the element may have left the page.
    if (this.state.job !== job) this.#settle?.reject(gone());
    return promise.finally(() => over.abort());
  }

  async #opened(): Promise<Till> {
    if (!this.#source) throw misused("needs `options` or `till`, and a place in the document, before the first sale");
    if (this.state.view.name === "closed") this.dispatch({ type: "retry_pressed" });
    await this.#opening;
    if (this.#till) return this.#till;
    throw this.#error?.error ?? gone();
  }

  /** A code that a person typed, or that was in a picture. */
  give(code: string): void {
    this.#given = code;
    this.dispatch({ type: "code_given" });
  }

  /** The till's question for the wallet. */
  #ask(wallets: readonly Wallet[]): Promise<string | null> {
    return new Promise((resolve) => {
      this.#choose = resolve;
      this.dispatch({ type: "wallet_asked", call: this.state.calls, wallets });
    });
  }

  // ---- effects --------------------------------------------------------------------------------------------------

  #run(effect: Effect): void {
    switch (effect.type) {
      case "open":
        if (this.#source && !isTill(this.#source)) this.#opening = this.#open(this.#source);
        return;
      case "charge":
        return this.#charge(effect);
      case "show_code":
        return this.#show(effect);
      case "watch":
        return this.#watch(effect);
      case "void":
        return this.#follow(effect.call, (till) => till.void(effect.tradeId, { reason: effect.reason }));
      case "give_verdict": {
        const { call, tradeId, outcome, evidence } = effect;
        return this.#follow(call, (till) => till.giveVerdict(tradeId, { outcome, evidence }));
      }
      case "abort":
        return this.#abort.abort(this.#signal?.aborted ? reasonOf(this.#signal) : undefined);
      case "choose":
        this.#choose?.(effect.walletId);
        this.#choose = null;
        return;
      case "set_torch":
        return this.#adjust(async (till) => {
          await till.camera.adjust({ torch: effect.isLit });
          this.dispatch({ type: "torch_set", isLit: effect.isLit });
        });
      case "next_camera":
        return this.#adjust(nextCamera);
      case "resolve":
        this.#settle?.resolve(effect.outcome);
        return this.#forget();
      case "reject":
        this.#settle?.reject(this.#errorOf(effect.call));
        return this.#forget();
      case "tell_outcome":
        return this.#host.tell("kaunter-outcome", effect.outcome);
      case "tell_error":
        return this.#host.tell("kaunter-error", this.#errorOf(effect.call));
    }
  }

  #charge({ call, sale, walletId, code }: Doing<"charge">): void {
    const used = code === "given" ? this.#given : code === "scanned" ? (this.#scanned ?? this.#given) : null;
    this.#follow(call, (till, signal) =>
      till.charge(sale, {
        signal,
        ...(used !== null && { code: used }),
        ...(walletId !== null && { walletId }),
        ...(this.#limits && { scan: this.#limits }),
      }),
    );
  }

  #show({ call, sale, walletId }: Doing<"show_code">): void {
    this.#follow(call, (till, signal) => till.showCode(sale, { walletId, onCode: this.#onCode(call), signal }));
  }

  #watch({ call, tradeId }: Doing<"watch">): void {
    this.#follow(call, (till, signal) => till.resume(tradeId, { onCode: this.#onCode(call), signal }));
  }

  #onCode =
    (call: number) =>
    ({ svg, expiresAt }: ShownCode) =>
      this.dispatch({ type: "code_shown", call, svg, expiresAt: Date.parse(expiresAt) });

  #follow(call: number, begin: (till: Till, signal: AbortSignal) => Promise<Outcome>): void {
    const till = this.#till;
    this.#abort = new AbortController();
    const run = till ? begin(till, this.#abort.signal) : Promise.reject(gone());
    run.then(
      (outcome) => this.dispatch({ type: "ended", call, outcome, now: Date.now() }),
      (error: unknown) => {
        const fault = faultOf(error);
        const canAsk = fault.code === "wallet_required" && (this.#scanned ?? this.#given) !== null && till;
        const wallets = canAsk ? till.wallets.filter(({ modes }) => modes.includes("consumer_presented")) : null;
        this.#error = { call, error };
        this.dispatch({ type: "refused", call, fault, wallets, now: Date.now() });
      },
    );
  }

  #adjust(change: (till: Till) => Promise<void>): void {
    const till = this.#till;
    if (till) change(till).catch((error) => this.dispatch({ type: "warned", fault: faultOf(error) }));
  }

  #errorOf(call: number): unknown {
    if (this.#error?.call === call) return this.#error.error;
    return this.#signal?.aborted ? reasonOf(this.#signal) : gone();
  }

  /** The sale of the page is over: its code is not kept. */
  #forget(): void {
    this.#settle = null;
    this.#given = null;
    this.#scanned = null;
  }
}

/** A till of another copy of the package is one too. */
const isTill = (source: Options | Till | null): source is Till => source !== null && "charge" in Object(source);

const backendOf = (source: Options | Till | null) => (isTill(source) ? source : source && String(source.backend));

async function nextCamera({ camera }: Till): Promise<void> {
  const list = await camera.list();
  const at = list.findIndex(({ deviceId }) => deviceId === camera.current?.deviceId);
  const next = list[(at + 1) % list.length];
  if (next) await camera.use(next);
}

/** Chrome has `reason` from 98 on. */
const reasonOf = (signal: AbortSignal): unknown => signal.reason ?? gone();
const gone = () => new DOMException("The sale was stopped.", "AbortError");

function misused(what: string): KaunterError {
  const detail = `<kaunter-till> ${what}: tell the page's maker.`;
  return made("argument_invalid", detail, { type: "input", detail });
}

function busy({ tradeId }: State): KaunterError {
  const detail = "This <kaunter-till> collects another sale: await its promise first.";
  return made("sale_busy", "Another sale is under way here: finish it first.", { type: "conflict", detail, tradeId });
}

/** The declarations keep the constructor private: only the package makes its error. */
const made = (...facts: [code: string, message: string, facts: object]): KaunterError =>
  new (KaunterError as unknown as new (...all: typeof facts) => KaunterError)(...facts);
