// <kaunter-till>: a cashier's screen for one sale after the other. `step.ts` decides, `driver.ts` calls the till, and
// `view.ts` draws.

import type { Outcome, SaleInput, Till } from "kaunter";
import { LitElement } from "lit";
import { codeOf } from "../screen/photo";
import type { VerdictOutcome } from "../screen/sentences";
import { type Begin, Driver, type Options } from "./driver";
import { styles } from "./styles";
import { render } from "./view";
import { Speech, type Texts, tagOf } from "./words";

/** Between two looks at the clock while seconds are shown. */
const TICK_MS = 1000;
/** A second tap comes within this time: the cashier's page waits as long. */
const FRESH_MS = 350;

export class KaunterTill extends LitElement {
  static override styles = styles;
  static override properties = {
    options: { attribute: false },
    till: { attribute: false },
    texts: { attribute: false },
  };
  static override get observedAttributes(): string[] {
    // biome-ignore lint/complexity/noThisInStatic: Lit makes the accessors of the class that `this` is
    return [...super.observedAttributes, "lang"];
  }

  declare options: Options | null;
  declare till: Till | null;
  declare texts: Texts | null;

  readonly #driver: Driver;
  readonly #video: HTMLVideoElement;
  readonly #page = new MutationObserver(() => this.requestUpdate());
  #verdict: VerdictOutcome | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  /** What was drawn last, and since when. */
  #screen = "idle";
  #began = 0;
  /** Whether the focus moves with the view: from within the element, or from nowhere, and never out of a field. */
  #focus: "within" | "nowhere" | null = null;

  constructor() {
    super();
    this.options = null;
    this.till = null;
    this.texts = null;
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true });
    video.part.add("video");
    video.setAttribute("aria-hidden", "true");
    this.#video = video;
    this.#driver = new Driver({
      video,
      changed: () => this.requestUpdate(),
      tell: (type, detail) => this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true })),
    });
  }

  async charge(sale: SaleInput, options?: Begin): Promise<Outcome> {
    this.#use();
    return this.#driver.begin("charge", sale, options);
  }

  async showCode(sale: SaleInput, options?: Pick<Begin, "walletId" | "signal">): Promise<Outcome> {
    this.#use();
    return this.#driver.begin("show", sale, options);
  }

  /** In the document the element has a till. Moved within it, in one task, it keeps its till. */
  #use(): void {
    this.#driver.use(this.isConnected ? (this.till ?? this.options) : null);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#page.observe(document.documentElement, { attributeFilter: ["lang"] });
    if (this.hasUpdated) this.#use();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#page.disconnect();
    queueMicrotask(() => this.#use());
  }

  override attributeChangedCallback(name: string, old: string | null, value: string | null): void {
    super.attributeChangedCallback(name, old, value);
    if (name === "lang") this.requestUpdate();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("options") || changed.has("till")) this.#use();
    const { view, ask } = this.#driver.state;
    if (ask !== "verdict") this.#verdict = null;
    const screen = [view.name, ask, "kind" in view && view.kind].filter(Boolean).join(" ");
    if (screen === this.#screen) return;
    this.#screen = screen;
    this.#began = performance.now();
    const { activeElement } = document;
    const isNowhere = activeElement === null || activeElement === document.body;
    const isSale = view.name !== "idle" && view.name !== "opening";
    this.#focus = this.matches(":focus-within") ? "within" : isNowhere && isSale ? "nowhere" : null;
  }

  protected override render() {
    const driver = this.#driver;
    return render({
      state: driver.state,
      speech: new Speech(tagOf(this), this.texts),
      video: this.#video,
      clock: { now: performance.now(), began: this.#began, date: Date.now() },
      isFresh: this.#isFresh(),
      verdict: this.#verdict,
      dispatch: (event) => driver.dispatch(event),
      press: (event) => () => driver.dispatch(event),
      give: (code) => driver.give(code),
      photo: (event) => void this.#read(event),
      choose: (verdict) => {
        this.#verdict = verdict;
        this.requestUpdate();
      },
    });
  }

  protected override firstUpdated(): void {
    this.renderRoot.addEventListener("keydown", (event) => this.#key(event as KeyboardEvent));
  }

  protected override updated(): void {
    const { name } = this.#driver.state.view;
    const counts = name === "waiting" || name === "code";
    if (counts && this.#ticker === undefined) this.#ticker = setInterval(() => this.requestUpdate(), TICK_MS);
    if (!counts) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    }
    if (this.#isFresh()) setTimeout(() => this.requestUpdate(), FRESH_MS);
    if (!this.#focus) return;
    // A page that a person reads elsewhere is not scrolled.
    const preventScroll = this.#focus === "nowhere";
    this.#focus = null;
    const places = [...this.renderRoot.querySelectorAll<HTMLElement>("[data-first], [data-focus]")];
    (places.find((place) => "first" in place.dataset) ?? places.at(-1))?.focus({ preventScroll });
  }

  #isFresh = () => this.#driver.state.ask !== null && performance.now() - this.#began < FRESH_MS;

  /** Escape leaves a question, or asks for the cancel. */
  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    const before = this.#driver.state;
    this.#driver.dispatch({ type: before.ask ? "ask_closed" : "cancel_pressed" });
    if (this.#driver.state !== before) event.preventDefault();
  }

  /** Reads the code in a picture that the cashier took. */
  async #read({ target }: Event): Promise<void> {
    const input = target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (!file) return;
    const photo = await codeOf(file).catch(() => ({ word: "noCode" }) as const);
    input.value = "";
    if ("code" in photo) this.#driver.give(photo.code);
    else this.#driver.dispatch({ type: "picture_failed", word: photo.word });
  }
}

// A server has no registry, and a second copy of the package finds the name taken.
const registry = globalThis.customElements as CustomElementRegistry | undefined;
if (registry && !registry.get("kaunter-till")) registry.define("kaunter-till", KaunterTill);
