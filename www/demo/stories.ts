// The script: what a customer, the gateway, the network or the till's tab does to one sale, and what a visitor sees of it.

import type { Plan } from "./world";

/** The screen of the till: the two words of its page. */
export interface Screen {
  readonly view: string;
  readonly kind: string;
}

/** What happens without the visitor, once the customer is asked. */
export type Act = "approve" | "decline" | "cut" | "plug_in" | "kill" | "reopen";

export interface Story {
  readonly id: string;
  readonly label: string;
  readonly minor: number;
  readonly plan: Plan;
  /** Each act, with its pause after the one before in milliseconds. */
  readonly acts: readonly (readonly [pauseMs: number, act: Act])[];
  /** What to do while the payment waits. */
  readonly waiting: string;
  /** How the till's page ends, and what the visitor has just seen then. */
  readonly end: string;
  readonly seen: string;
  /** What to do at another end that is not the last one. */
  readonly meanwhile?: Readonly<Record<string, string>>;
}

/** Long enough to read what the phone asks. */
const THINKS_MS = 1_800;
/** Long enough to see a till without its network, or without its tab. */
const AWAY_MS = 3_500;
const SOON_MS = 400;

export const STORIES: readonly Story[] = [
  {
    id: "pays",
    label: "Customer pays",
    minor: 1250,
    plan: "asks",
    acts: [[THINKS_MS, "approve"]],
    waiting: "The phone asks the customer, who is about to agree.",
    end: "paid",
    seen: "The camera read the code, one payment left, and the till said Paid only when the gateway did.",
  },
  {
    id: "declines",
    label: "Customer declines",
    minor: 1250,
    plan: "asks",
    acts: [[THINKS_MS, "decline"]],
    waiting: "The phone asks the customer, who is about to say no.",
    end: "declined",
    seen: "The customer said no. The till says so at once, and no money moved.",
  },
  {
    id: "lost",
    label: "Answer is lost",
    minor: 1250,
    plan: "answer_lost",
    acts: [[THINKS_MS, "approve"]],
    waiting: "The gateway has the payment, but its answer was lost. Watch the backend ask again.",
    end: "paid",
    seen: "An answer was lost, and nothing was paid again. The backend asked until it knew.",
  },
  {
    id: "silent",
    label: "Nobody answers",
    minor: 1250,
    plan: "asks",
    acts: [],
    waiting: "The customer looks away. Cancel on the till: a cancel leaves 15 s after the payment, never beside it.",
    end: "cancelled",
    seen: "You cancelled. The till said so only after the gateway had closed the payment.",
  },
  {
    id: "late",
    label: "Pays after a cancel",
    minor: 1208,
    plan: "pays_late",
    acts: [],
    waiting: "Cancel on the till. The cancel leaves 15 s after the payment, and this customer pays after it.",
    end: "late",
    seen: "The money came after the cancel. The till says so, and the cashier can give it back.",
    meanwhile: {
      cancelled: "Watch the ledger: the customer pays now. The till hears of it within a minute.",
    },
  },
  {
    id: "cable",
    label: "Cable pulled",
    minor: 1250,
    plan: "asks",
    acts: [
      [SOON_MS, "cut"],
      [THINKS_MS, "approve"],
      [AWAY_MS, "plug_in"],
    ],
    waiting: "The till's cable is out, and the customer pays meanwhile. Nothing to do: watch.",
    end: "paid",
    seen: "While the cable was out, the till claimed nothing. With the cable back, it found the payment.",
  },
  {
    id: "tab",
    label: "Tab killed",
    minor: 1250,
    plan: "asks",
    acts: [
      [SOON_MS, "kill"],
      [THINKS_MS, "approve"],
      [AWAY_MS, "reopen"],
    ],
    waiting: "The till's tab dies in the middle of the payment, and opens again. Nothing to do: watch.",
    end: "paid",
    seen: "The tab died without a word. The new one found the payment in its journal and ended it.",
  },
];

/** The story that a visitor may try after this one. */
export const after = (story: Story): Story | undefined => STORIES[STORIES.indexOf(story) + 1];

/** The next thing to do, or what there was to see. */
export function guide(
  story: Story,
  { view, kind }: Screen,
  { isReopened, wasAsked }: { isReopened: boolean; wasAsked: boolean },
): { isSeen: boolean; text: string } {
  const next = (text: string) => ({ isSeen: false, text });
  if (view === "away") return next("The till's tab is gone. Its journal and the backend are not.");
  if (view === "ready" && isReopened) return next("The till opens again, and looks for what it had not finished.");
  if (view === "ready") return next(kind === "ready" ? "Press Charge on the till." : "The till opens.");
  if (view === "scan")
    return next("Drag the phone into the middle of the camera's picture, or press Hold up the phone.");
  if (view === "present") return next("The till shows a code. Press Scan the till's code on the phone.");
  if (view === "waiting") return next(story.waiting);
  // A customer who pays too late is not asked. Of every other one it is known whether there was a question.
  const isStory = kind === story.end && (wasAsked || story.plan === "pays_late");
  if (isStory) return { isSeen: true, text: story.seen };
  const meanwhile = story.meanwhile?.[kind];
  if (meanwhile) return next(meanwhile);
  return { isSeen: true, text: "This sale ended in another way. Compare the till with the ledger." };
}
