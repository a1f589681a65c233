// What a view says, in the cashier's language, and what its buttons do.

import type { CodeInfo, GatewayAnswer } from "kaunter";
import type { Icon } from "../pkg/screen/icons";
import { NOT_CONFIRMED, wordsOf } from "../pkg/screen/sentences";
import { waits } from "./answer";
import {
  canBegin,
  canGiveUp,
  canTryAgain,
  type Event,
  type Model,
  type NotConfirmedView,
  type NotPaidView,
  type PaidView,
  settled,
} from "./model";
import { formatted } from "./money";
import { clockTime, dayTime, say, sentenceOf, type Words } from "./words";

export interface Button {
  word: string;
  event: Event;
  /** Held for a moment before it acts: money may have moved. */
  isHeld?: boolean;
  isOff?: boolean;
}

export interface Layout {
  title?: string;
  icon?: Icon;
  sentence: string;
  /** Said below the sentence: when it was, and what the gateway says. */
  details?: string[];
  note?: string;
  primary?: Button;
  second?: Button;
  third?: Button;
}

const KINDS: Record<CodeInfo["kind"], keyof Words> = {
  wechat_pay: "kWechat",
  alipay: "kAlipay",
  unionpay: "kUnionpay",
  emv_consumer: "kEmv",
  merchant: "kMerchant",
  opaque: "kOpaque",
};
const NOT_PAID: Record<NotPaidView["end"], { title: keyof Words; icon: Icon }> = {
  declined: { title: "titleDeclined", icon: "cross" },
  cancelled: { title: "titleCancelled", icon: "cross" },
  voided: { title: "titleVoided", icon: "back" },
};

export function layout(model: Model): Layout {
  const { view } = model;
  switch (view.screen) {
    case "ready":
      return ready(model, view.kind);
    case "scan":
      return scan(view);
    case "present": {
      const word = view.kind === "creating" ? "makingOurs" : "scanOurs";
      return { sentence: say(word), second: button("cancel", { type: "cancel_pressed" }) };
    }
    case "waiting":
      return {
        sentence: say(view.kind),
        icon: view.kind === "confirm" ? "phone" : "clock",
        second: canGiveUp(model)
          ? button("otherWay", { type: "other_way_pressed" })
          : {
              ...button("hold", { type: "cancel_pressed" }),
              isHeld: true,
              isOff: !(view.canCancel && model.canCancel),
            },
        ...(view.canLeave && { third: button("backToSale", { type: "back_pressed" }) }),
      };
    case "paid":
      return paid(model, view);
    case "declined":
      return view.kind === "other" ? otherAmount(model, view) : notPaid(model, view);
    case "not-confirmed":
      return notConfirmed(model, view);
  }
}

const button = (word: keyof Words, event: Event): Button => ({ word: say(word), event });

/** After an end: the next sale, or back to the one that was there. */
function leave({ opened }: Model): Button {
  return opened ? button("backToSale", { type: "back_pressed" }) : button("newSale", { type: "new_sale_pressed" });
}

const says = (answer: GatewayAnswer | null): string[] => {
  const words = answer && wordsOf(answer);
  return words ? [say("gatewaySays", { a: words })] : [];
};

/** What there is to know about a trade that a person has settled. */
function doubts(model: Model): string[] {
  const record = settled(model);
  const { proposal = null, verdictContradicted = false } = record ?? {};
  return [...(verdictContradicted ? [say("contradictedTag")] : []), ...(proposal ? [waits(proposal)] : [])];
}

/** A person may correct what another one decided. */
function correct(model: Model): Pick<Layout, "third"> {
  return settled(model) ? { third: button("correct", { type: "verdict_pressed" }) } : {};
}

function ready(model: Model, kind: Extract<Model["view"], { screen: "ready" }>["kind"]): Layout {
  const charge = button("charge", { type: "charge_pressed" });
  switch (kind) {
    case "opening":
      return { sentence: say("start"), primary: { ...charge, isOff: true } };
    case "closed":
      return { sentence: say("noStart"), primary: button("retry", { type: "open_pressed" }) };
    case "signed-out":
      return { sentence: say("signedOut"), primary: button("signIn", { type: "open_pressed" }) };
    case "ready": {
      const enter = model.isRegistered ? "enterReference" : "enterAmount";
      const word = !model.isOnline ? "offlineCharge" : model.draft.minor === 0 ? enter : "pressCharge";
      return { sentence: say(word), primary: { ...charge, isOff: !canBegin(model) } };
    }
  }
}

function scan(view: Extract<Model["view"], { screen: "scan" }>): Layout {
  const stop = button("cancel", { type: "stop_pressed" });
  switch (view.kind) {
    case "starting":
      return { sentence: say("starting"), icon: "scan", second: stop };
    case "scanning":
      return { sentence: say("showCode"), icon: "scan", second: stop };
    case "test":
      return { sentence: say("testShow"), icon: "scan", second: stop };
    case "no-camera":
      return {
        sentence: sentenceOf({ fault: view.fault }),
        icon: "alert",
        primary: button("useCamera", { type: "use_camera_pressed" }),
        second: button("cancel", { type: "leave_pressed" }),
      };
    case "tested":
      return {
        title: say("testTitle"),
        icon: "check",
        // Shows what kind of code it is. Its text is not shown: it is as good as money.
        sentence: say("testSaw", { a: say(KINDS[view.info.kind], { a: view.info.scheme ?? "EMV" }) }),
        primary: button("close", { type: "leave_pressed" }),
        second: button("testAgain", { type: "test_pressed" }),
      };
  }
}

function paid(model: Model, { kind, outcome, isAlready, refused }: PaidView): Layout {
  const { paidAt, wallet } = outcome;
  const sentence = () => {
    if (refused) return say("notBack");
    if (kind === "old") return say("oldPaid", { a: dayTime(new Date(paidAt)) });
    return isAlready ? say("alreadyPaid") : say("paidWith", { a: wallet.name });
  };
  return {
    title: say("titlePaid"),
    icon: refused ? "alert" : "check",
    sentence: sentence(),
    details: [...doubts(model), ...says(refused)],
    primary: leave(model),
    second: button("giveBack", { type: "give_back_pressed" }),
    ...correct(model),
  };
}

function notPaid(model: Model, { end, reason, answer, createdAt }: NotPaidView): Layout {
  const { title, icon } = NOT_PAID[end];
  const when = createdAt === null ? [] : [say("oldSale", { a: dayTime(new Date(createdAt)) })];
  const details = [...when, ...doubts(model), ...says(answer)];
  const said = { title: say(title), icon, sentence: sentenceOf(reason), details, ...correct(model) };
  if (!canTryAgain(model)) return { ...said, primary: leave(model) };
  return {
    ...said,
    primary: { ...button("tryAgain", { type: "try_again_pressed" }), isOff: !model.isOnline },
    second: button("newSale", { type: "new_sale_pressed" }),
  };
}

function otherAmount({ sale }: Model, { known, isPaid }: Extract<Model["view"], { kind: "other" }>): Layout {
  const amounts = { a: formatted(known.amount), b: sale ? formatted(sale.amount) : "" };
  return {
    title: say("titleOther"),
    icon: "alert",
    sentence: say(isPaid ? "otherPaid" : "otherBegun", amounts),
    primary: button("newSale", { type: "new_sale_pressed" }),
  };
}

function notConfirmed(model: Model, { kind, voidRefused, proposal, checkedAt }: NotConfirmedView): Layout {
  const isLate = kind === "late";
  const decide = { type: "verdict_pressed" } as const;
  const { title, sentence } = NOT_CONFIRMED[kind];
  return {
    title: say(title),
    icon: isLate ? "clock" : "alert",
    sentence: say(sentence),
    details: [...(proposal ? [waits(proposal)] : []), ...says(voidRefused)],
    // On a small phone there is room for one of the two lines, and the proposal is the news.
    ...(checkedAt !== null && !isLate && !proposal && { note: say("checked", { a: clockTime(new Date(checkedAt)) }) }),
    primary: isLate ? button("accept", decide) : button("checkNow", { type: "check_pressed" }),
    second: isLate ? button("giveBack", { type: "give_back_pressed" }) : button("manager", decide),
    third: leave(model),
  };
}
