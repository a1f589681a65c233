// The demo: one sale at a time, on a till, a phone and a camera's picture, with what goes over the wire and the ledger.

import { $, element, setText } from "../dom";
import { Hand } from "./hand";
import { lineOf, lines } from "./ledger";
import { firstLines } from "./lines";
import { drawPhone, type PhoneState, wirePhone } from "./phone";
import { type Act, after, guide, STORIES, type Story } from "./stories";
import { TillFrame } from "./till_frame";
import { Wire } from "./wire";
import { drawWire } from "./wire_list";
import { type Asked, type Camera, type Entry, openWorld, type World } from "./world";

/** How often the page looks at the phone and the ledger. */
const LOOK_MS = 300;

/** The ledger's lines of earlier sales. */
const MAX_OTHERS = 3;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

class Demo {
  readonly #world: World;
  readonly #hand: Hand;
  readonly #frame: TillFrame;
  readonly #wire = new Wire(
    () => this.#draw(),
    () => void this.#codeTaken(),
  );
  #story = STORIES[0] as Story;
  #ref = "";
  /** The number of the present sale: what was planned for an earlier one does not happen. */
  #run = 0;
  #hasActed = false;
  #isReopened = false;
  /** The phone has asked its customer about this sale. */
  #wasAsked = false;
  #asked: Asked | null = null;
  #ledger: readonly Entry[] = [];
  /** Entries of earlier visits. */
  #old = 0;
  /** What the code on the till's display says. */
  #payload: string | null = null;

  constructor(world: World, camera: Camera) {
    this.#world = world;
    this.#hand = new Hand(camera);
    const host = () => ({
      backend: world.backend,
      stream: camera.cameraStream(),
      fetch: this.#wire.through((input, init) => world.fetch(input, init)),
      getToken: async (...context: Parameters<World["getToken"]>) => {
        this.#wire.mustConnect();
        return world.getToken(...context);
      },
      codeShown: (payload: string) => {
        this.#payload = payload;
      },
    });
    this.#frame = new TillFrame($("till"), world.terminal, host, () => this.#draw());
    wirePhone({
      answer: (asked, isYes) => void this.#world.answer(asked, isYes),
      scan: () => void (this.#payload && this.#world.scan(this.#payload)),
    });
    $("hold-up").onclick = () => this.#hand.holdUp();
  }

  async start(): Promise<void> {
    this.#old = (await this.#world.look()).ledger.length;
    await this.play(this.#story);
    for (;;) {
      await this.#look().catch((error: unknown) => console.warn("The world did not answer.", error));
      await sleep(LOOK_MS);
    }
  }

  /** Begins a sale whose payment goes as the story says. */
  async play(story: Story): Promise<void> {
    const run = ++this.#run;
    this.#story = story;
    this.#frame.kill();
    Object.assign(this.#wire, { isCut: false, exchanges: [] });
    this.#hand.putAside();
    for (const button of document.querySelectorAll<HTMLElement>("[data-story]"))
      button.ariaPressed = String(button.dataset.story === story.id);
    await this.#world.begin(story.plan);
    if (run !== this.#run) return;
    this.#ref = `BILL-${Date.now().toString(36).toUpperCase()}`;
    this.#asked = this.#payload = null;
    this.#hasActed = this.#isReopened = this.#wasAsked = false;
    this.#frame.open(this.#ref, story.minor);
  }

  async #look(): Promise<void> {
    const { asked, ledger } = await this.#world.look();
    this.#asked = asked;
    this.#wasAsked ||= asked !== null;
    this.#ledger = ledger;
    if (asked && this.#frame.screen.view === "waiting" && !this.#hasActed) void this.#act();
    this.#draw();
  }

  /** What happens by itself, once in each sale. */
  async #act(): Promise<void> {
    this.#hasActed = true;
    const run = this.#run;
    for (const [pauseMs, act] of this.#story.acts) {
      await sleep(pauseMs);
      if (run !== this.#run) return;
      await this.#do(act);
    }
  }

  async #do(act: Act): Promise<void> {
    switch (act) {
      case "approve":
      case "decline":
        return this.#asked ? this.#world.answer(this.#asked, act === "approve") : undefined;
      case "cut":
      case "plug_in":
        this.#wire.isCut = act === "cut";
        return this.#draw();
      case "kill":
        return this.#frame.kill();
      case "reopen":
        this.#isReopened = true;
        return this.#frame.open(this.#ref, this.#story.minor);
    }
  }

  /** The customer takes the phone back. */
  async #codeTaken(): Promise<void> {
    this.#hand.putAside();
    await this.#world.codeTaken();
  }

  #phone(): PhoneState {
    const { view, kind } = this.#frame.screen;
    if (this.#asked) return { is: "asks", asked: this.#asked };
    if (view === "present" && this.#payload) return { is: "scan" };
    const own = this.#ledger.filter(({ tradeId }) => this.#wire.refs.get(tradeId) === this.#ref);
    if (own.some(({ kind }) => kind === "refund")) return { is: "back" };
    if (own.length > 0) return { is: "paid" };
    return { is: view === "declined" && kind !== "old" ? "declined" : "code" };
  }

  #draw(): void {
    const { isSeen, text } = guide(this.#story, this.#frame.screen, {
      isReopened: this.#isReopened,
      wasAsked: this.#wasAsked,
    });
    setText("guide-word", isSeen ? "What you have just seen" : "Try this");
    setText("guide-text", text);
    $("guide").classList.toggle("seen", isSeen);
    const next = after(this.#story);
    setText("guide-next", isSeen && next ? `Next: ${next.label}.` : "");
    $("cable").hidden = !this.#wire.isCut;
    drawPhone(this.#phone());
    drawWire(this.#wire.exchanges);
    this.#drawLedger();
  }

  #drawLedger(): void {
    const { refs } = this.#wire;
    const known = this.#ledger.filter(({ tradeId }, at) => at >= this.#old || refs.has(tradeId));
    const all = lines(known, refs);
    const own = lineOf(this.#ref, all);
    setText("ledger-line", own.words);
    $("ledger").classList.toggle(
      "wrong",
      all.some(({ isRight }) => !isRight),
    );
    const others = all
      .filter(({ ref }) => ref !== this.#ref)
      .slice(0, MAX_OTHERS)
      .map(({ ref, words }) => `${ref}: ${words}`);
    const list = $("ledger-others");
    if ([...list.children].map(({ textContent }) => textContent).join() !== others.join())
      list.replaceChildren(...others.map((words) => element("li", "", words)));
  }
}

function showPicture({ canvas }: Camera): void {
  canvas.id = "picture";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "The phone before the till's camera. The arrow keys move it.");
  $("camera").prepend(canvas);
}

function showStories(demo: Demo): void {
  const buttons = STORIES.map((story) => {
    const button = element("button", "", story.label);
    button.dataset.story = story.id;
    button.onclick = () => void demo.play(story);
    return button;
  });
  $("stories").replaceChildren(...buttons);
}

async function start(): Promise<void> {
  const { world, camera } = await openWorld();
  setText("place", world.place);
  setText("code", firstLines);
  showPicture(camera);
  const demo = new Demo(world, camera);
  showStories(demo);
  await demo.start();
}

start().catch((error: unknown) => {
  console.error(error);
  setText("guide-word", "This browser can't run the demo");
  setText("guide-text", error instanceof Error ? error.message : String(error));
});
