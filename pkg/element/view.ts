// Draws the state: an icon, a title, the amount, one sentence, what the view needs, and its buttons.

import { html, nothing, svg } from "lit";
import { ICONS, type Icon } from "../screen/icons";
import { clockTime } from "../screen/say";
import {
  cancelledWord,
  HINTS,
  kindOf,
  limitOf,
  NOT_CONFIRMED,
  SAID,
  type VerdictOutcome,
  wordsOf,
} from "../screen/sentences";
import { ask } from "./asks";
import {
  canRefund,
  canSetAside,
  type Event as Happening,
  offeredVerdicts,
  others,
  type State,
  type View,
} from "./model";
import type { Speech, Word } from "./words";

/** What there is to draw, and what a person can do. */
export interface Scene {
  readonly state: State;
  readonly speech: Speech;
  readonly video: HTMLVideoElement;
  /** `performance.now()` and the start of the view on that clock; time of the day. */
  readonly clock: { readonly now: number; readonly began: number; readonly date: number };
  /** The question has just appeared: a second tap of the press before must not answer it. */
  readonly isFresh: boolean;
  /** The verdict that is chosen in the open question. */
  readonly verdict: VerdictOutcome | null;
  dispatch(event: Happening): void;
  /** A listener that dispatches this event. */
  press(event: Happening): () => void;
  give(code: string): void;
  photo(event: Event): void;
  choose(verdict: VerdictOutcome): void;
}

interface Look {
  readonly icon: Icon | null;
  readonly title: Word | null;
  readonly sentence: string;
  readonly details?: readonly string[];
  readonly look?: string;
}

/** What a view says. */
function look({ state, speech }: Scene): Look {
  const { view } = state;
  const say = speech.say.bind(speech);
  switch (view.name) {
    case "idle":
      return { icon: null, title: null, sentence: "" };
    case "opening":
      return { icon: null, title: null, sentence: say("start") };
    case "closed":
      return { icon: "alert", title: "noStart", sentence: speech.told(view.fault) };
    case "scan": {
      const word = view.status === "starting" ? "starting" : view.status === "muted" ? "muted" : "showCode";
      return { icon: null, title: null, sentence: say(word) };
    }
    case "no_camera":
      return { icon: "alert", title: null, sentence: speech.told(view.fault) };
    case "wallets":
      return { icon: null, title: "pickWallet", sentence: "" };
    case "code":
      return { icon: null, title: null, sentence: say(view.shown ? "scanOurs" : "makingOurs") };
    case "waiting":
      return { icon: view.work === "confirm" ? "phone" : "clock", title: null, sentence: say(view.work) };
    case "paid": {
      const { voidRefused, wallet } = view.outcome;
      const sentence = view.isAlready ? say("alreadyPaid") : say("paidWith", { a: wallet.name });
      if (!voidRefused) return { icon: "check", title: "titlePaid", sentence };
      const details = says(voidRefused, speech);
      return { icon: "alert", title: "titlePaid", sentence: say("notBack"), details, look: "is-kept" };
    }
    case "declined": {
      const { reason, gatewayAnswer } = view.outcome;
      return { icon: "cross", title: "titleDeclined", sentence: say(reason), details: says(gatewayAnswer, speech) };
    }
    case "cancelled":
      return { icon: "cross", title: "titleCancelled", sentence: say(cancelledWord(view.outcome)) };
    case "voided":
      return { icon: "back", title: "titleVoided", sentence: say("voided") };
    case "unconfirmed":
      return notConfirmed(view, speech);
    case "refused":
      return { icon: "cross", title: "titleRefused", sentence: speech.told(view.fault) };
  }
}

const says = (answer: Parameters<typeof wordsOf>[0] | null, speech: Speech): string[] => {
  const words = answer && wordsOf(answer);
  return words ? [speech.say("gatewaySays", { a: words })] : [];
};

function notConfirmed(view: Extract<View, { name: "unconfirmed" }>, speech: Speech): Look {
  const { title, sentence } = NOT_CONFIRMED[view.kind];
  const { proposal, checkedAt, tradeId } = view;
  const details = [
    ...(proposal ? [speech.say("proposed", { a: proposal.by, b: speech.say(SAID[proposal.outcome]) })] : []),
    ...(checkedAt === null ? [] : [speech.say("checked", { a: clockTime(new Date(checkedAt), speech.locale) })]),
    `${speech.say("support")}: ${tradeId}`,
  ];
  const icon = view.kind === "late" ? "clock" : "alert";
  return { icon, title, sentence: speech.say(sentence), details };
}

export const drawn = (name: Icon) =>
  svg`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]}></path></svg>`;

export function render(scene: Scene) {
  const { state, speech, video } = scene;
  const { view, session } = state;
  const { icon, title, sentence, details = [], look: kept = "" } = look(scene);
  const amount = speech.money(state.sale?.amount);
  const trouble =
    state.trouble && ("word" in state.trouble ? speech.say(state.trouble.word) : speech.told(state.trouble));
  return html`
    <div class="screen is-${view.name} ${kept} ${state.ask ? "asks" : ""}" part="screen" lang=${speech.locale}
      data-view=${view.name}>
      ${session?.sandbox ? html`<p class="sandbox" part="sandbox">${speech.say("sandbox")}</p>` : nothing}
      ${banners(scene)}
      ${icon ? html`<div class="icon" part="icon">${drawn(icon)}</div>` : nothing}
      <h2 class=${title ? "title" : "unseen"} part="title" tabindex="-1" data-focus>
        ${title ? speech.say(title) : amount || speech.say("pay")}
      </h2>
      ${amount ? html`<p class="amount" part="amount">${amount}</p>` : nothing}
      <p class="sentence" part="sentence" role="status" ?hidden=${!sentence}>${sentence}</p>
      ${details.map((line) => html`<p class="small" part="detail">${line}</p>`)}
      ${alarm(trouble)}
      <div class="eye" part="eye" ?hidden=${view.name !== "scan"}>
        <slot name="video">${video}</slot><div class="frame" part="frame" aria-hidden="true"></div>
      </div>
      ${middle(scene)} ${state.ask ? ask(scene) : buttons(scene)}
    </div>`;
}

/** A line of trouble. It is there before the words are, so that a screen reader hears them. */
const alarm = (words: string | null) => html`<p class="trouble" part="trouble" role="alert" ?hidden=${!words}>
  ${words ? [drawn("alert"), words] : nothing}</p>`;

function banners(scene: Scene) {
  const { state, speech, press } = scene;
  return others(state).map((trade) => {
    const word = NOT_CONFIRMED[kindOf(trade.status)].banner;
    const open = press({ type: "unfinished_pressed", tradeId: trade.tradeId });
    return html`<button class="banner" part="banner" @click=${open}>
      ${drawn("alert")}${speech.say(word, { a: speech.money(trade.sale.amount) })}</button>`;
  });
}

/** What only this view has. */
function middle(scene: Scene) {
  const { state, speech } = scene;
  const { view } = state;
  switch (view.name) {
    case "idle":
      return html`<slot name="idle"><p class="sentence">${state.session ? speech.say("idle") : nothing}</p></slot>`;
    case "scan":
      return html`<p class="hint" part="hint" role="status">
        ${state.hint ? speech.say(HINTS[state.hint]) : nothing}</p>`;
    case "wallets":
      return html`<ul class="wallets" part="wallets">${view.wallets.map((wallet) => walletButton(scene, wallet))}</ul>`;
    case "code":
      return view.shown ? code(scene, view.shown) : nothing;
    case "waiting":
      return waiting(scene);
    case "paid":
      // A question needs the room.
      return state.ask ? nothing : html`<slot name="receipt">${receipt(view, speech)}</slot>`;
    default:
      return nothing;
  }
}

type Wallet = Extract<View, { name: "wallets" }>["wallets"][number];

function walletButton({ state, speech, press }: Scene, wallet: Wallet) {
  const amount = state.sale?.amount;
  const limit = amount ? limitOf(wallet, amount) : null;
  const { walletId, name, logo } = wallet;
  // A logo that is not there, or that the page's policy blocks, leaves the letter.
  const hide = ({ target }: Event) => (target as HTMLElement).replaceWith(letterOf(name));
  return html`<li><button part="wallet button" data-wallet=${walletId} ?disabled=${limit !== null}
      @click=${press({ type: "wallet_pressed", walletId })}>
    ${
      logo && /^(https:|data:image\/)/.test(logo)
        ? html`<img class="logo" part="logo" src=${logo} alt="" referrerpolicy="no-referrer" @error=${hide}>`
        : html`<span class="letter" part="logo" aria-hidden="true">${name.slice(0, 1)}</span>`
    }
    <span>${name}</span>
    ${limit ? html`<span class="small">${speech.say(limit.word, { a: speech.money(limit.limit) })}</span>` : nothing}
  </button></li>`;
}

function letterOf(name: string): HTMLElement {
  const letter = document.createElement("span");
  letter.className = "letter";
  letter.setAttribute("aria-hidden", "true");
  letter.textContent = name.slice(0, 1);
  return letter;
}

/** As a picture, not as markup: a page with Trusted Types refuses markup. */
function code({ speech, clock }: Scene, { svg, expiresAt }: { svg: string; expiresAt: number }) {
  const left = Math.max(0, Math.round((expiresAt - clock.date) / 1000));
  return html`<div class="code" part="code"><img alt="" src=${`data:image/svg+xml,${encodeURIComponent(svg)}`}></div>
    <p class="small tabular" part="countdown">${speech.say("leftOurs", { a: left })}</p>`;
}

function waiting({ state, speech, clock }: Scene) {
  const { progress } = state;
  const since = (from: number) => Math.max(0, clock.now - from);
  if (!progress) {
    const a = Math.floor(since(clock.began) / 1000);
    return html`<p class="small tabular" part="countdown">${speech.say("elapsedOnly", { a })}</p>`;
  }
  const gone = progress.elapsedMs + since(progress.at);
  const left = Math.max(0, progress.deadlineMs - gone);
  const next = Math.max(0, progress.nextCheckMs - since(progress.at));
  const seconds = { a: Math.floor(gone / 1000), b: Math.ceil(left / 1000) };
  return html`<progress part="progress" max=${progress.deadlineMs} value=${Math.min(gone, progress.deadlineMs)}
      aria-hidden="true"></progress>
    <p class="small tabular" part="countdown">${speech.say(left > 0 ? "elapsed" : "timeUp", seconds)}</p>
    <p class="small tabular" part="countdown">${speech.say("nextCheck", { a: Math.ceil(next / 1000) })}</p>
    ${alarm(progress.online ? null : speech.say("offline"))}`;
}

function receipt({ outcome }: Extract<View, { name: "paid" }>, speech: Speech) {
  const { wallet, paidAt, gatewayRef, tradeId } = outcome;
  return html`<dl class="receipt" part="receipt">
    <dt>${speech.say("wallet")}</dt><dd>${wallet.name}</dd>
    <dt>${speech.say("time")}</dt><dd>${clockTime(new Date(paidAt), speech.locale)}</dd>
    <dt>${speech.say("receipt")}</dt><dd>${gatewayRef ?? tradeId}</dd>
  </dl>`;
}

type Press = Extract<Happening, { type: `${string}_pressed` }>;

function buttons({ state, speech, press, photo }: Scene) {
  const { view, camera, cameras, isLit } = state;
  const button = (word: Word, event: Press, kind = "", more: { pressed?: boolean } = {}) => html`<button
    part="button ${kind}" class=${kind} aria-pressed=${more.pressed ?? nothing}
    @click=${press(event)}>${speech.say(word)}</button>`;
  const shot = () => html`<label class="button" part="button">
      <input class="unseen" type="file" accept="image/*" capture="environment"
    @change=${photo}>${speech.say("photo")}</label>`;
  const row = (...content: unknown[]) => html`<div class="row">${content}</div>`;
  switch (view.name) {
    case "closed":
      return row(button("retry", { type: "retry_pressed" }, "primary"));
    case "scan":
      return row(
        camera?.torch ? button("torch", { type: "torch_pressed" }, "", { pressed: isLit }) : nothing,
        cameras > 1 ? button("nextCamera", { type: "next_camera_pressed" }) : nothing,
        button("type", { type: "type_pressed" }),
        button("cancel", { type: "cancel_pressed" }),
      );
    case "no_camera":
      return row(
        button("cancel", { type: "cancel_pressed" }),
        shot(),
        button("type", { type: "type_pressed" }),
        button("useCamera", { type: "camera_pressed" }, "primary"),
      );
    case "wallets":
      return row(button("cancel", { type: "cancel_pressed" }));
    case "code":
      return row(button("stop", { type: "cancel_pressed" }));
    case "waiting": {
      if (state.call?.kind === "watch") return row(button("backToSale", { type: "cancel_pressed" }));
      const canStop = state.job !== null && ["paying", "confirm", "checking"].includes(view.work);
      return canStop && state.call?.stopped === "no" ? row(button("stop", { type: "cancel_pressed" })) : nothing;
    }
    case "paid":
    case "unconfirmed": {
      const isOpen = view.name === "unconfirmed";
      const canDecide = offeredVerdicts(state).length > 0;
      return row(
        canRefund(state) ? button("giveBack", { type: "refund_pressed" }) : nothing,
        canDecide
          ? button(isOpen && view.kind === "late" ? "accept" : "manager", { type: "verdict_pressed" })
          : nothing,
        canSetAside(state) ? button("aside", { type: "aside_pressed" }) : nothing,
        isOpen
          ? button("checkNow", { type: "check_pressed" }, "primary")
          : button("close", { type: "done_pressed" }, "primary"),
      );
    }
    case "declined":
    case "cancelled":
    case "voided":
    case "refused":
      return row(button("close", { type: "done_pressed" }, "primary"));
    case "idle":
    case "opening":
      return nothing;
  }
}
