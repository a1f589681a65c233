// How a sale ended. An outcome is shown only if it is proven; otherwise the screen says "Not confirmed". Green is for
// the current sale only: an earlier one is grey, one of another amount amber.

import type { GatewayAnswer, Outcome, Sale, Trade } from "kaunter";
import { cancelledWord } from "../../pkg/screen/sentences";
import {
  type Effect,
  type EndView,
  type Fault,
  FINAL,
  kindOf,
  type Model,
  type NotPaidView,
  type Paid,
  type Sentence,
  settled,
} from "../model";
import { after, ready, type Step, same, show, startRun, useUp } from "./step";

const NOT_PAID_SOUND: Effect = { type: "sound", sound: "not_paid" };
const unless = (isQuiet: boolean, effect: Effect): Effect[] => (isQuiet ? [] : [effect]);

/** Shows an end, and keeps it as the place where Back leads. */
function end(model: Model, view: EndView): Model {
  const { sale, tradeId } = model;
  return { ...show(model, view), home: model.opened ? model.home : { view, sale, tradeId } };
}

/** The outcome of the newest call. */
export function ended(model: Model, outcome: Outcome): Step {
  const record = settled(model);
  if (record?.proposal && record.status === outcome.status && !isRefused(outcome)) {
    // A correction that waits moves nothing. If it has its two names, the gateway's answer decides soon.
    return [model, [{ type: "await_correction", tradeId: record.tradeId }]];
  }
  const ref = outcome.status === "paid" ? outcome.sale.ref : model.sale?.ref;
  const isOwn = ref !== undefined && ref === model.draft.ref;
  const used = isOwn && (outcome.status === "paid" || outcome.status === "unconfirmed") ? useUp(model) : model;
  // A trade that had ended before it was opened makes no sound.
  const isQuiet = model.opened !== null && FINAL.includes(model.opened.trade.status);
  switch (outcome.status) {
    case "paid":
      if (isOwn && model.asked) return anotherAmount(used, outcome.sale, model.asked, true);
      return paid(used, outcome, { isQuiet, isAlready: isQuiet && isOwn });
    case "declined":
      return notPaid(used, "declined", { word: outcome.reason }, { isQuiet, answer: outcome.gatewayAnswer });
    case "cancelled":
      return notPaid(used, "cancelled", { word: cancelledWord(outcome) }, { isQuiet });
    case "voided":
      return notPaid(used, "voided", { word: "voided" }, { isQuiet: true });
    case "unconfirmed":
      return unconfirmed(used, outcome.tradeId, null);
  }
}

/** A refund that the gateway refused. */
const isRefused = (outcome: Outcome) => outcome.status === "paid" && Boolean(outcome.voidRefused);

export function paid(model: Model, outcome: Paid, { isQuiet = false, isAlready = false } = {}): Step {
  const old = model.opened?.isOld ? model.opened.trade : null;
  const refused = outcome.voidRefused ?? old?.voidRefused ?? null;
  const sounds = refused && !old ? [NOT_PAID_SOUND] : unless(isQuiet, { type: "sound", sound: "paid" });
  const shown = end(
    { ...model, sale: outcome.sale, tradeId: outcome.tradeId },
    { screen: "paid", kind: old ? "old" : refused ? "kept" : "paid", outcome, isAlready, refused },
  );
  return [shown, sounds];
}

interface HowNotPaid {
  isQuiet?: boolean;
  answer?: GatewayAnswer | null;
}

export function notPaid(
  model: Model,
  how: NotPaidView["end"],
  reason: Sentence,
  { isQuiet = false, answer = null }: HowNotPaid = {},
): Step {
  const old = model.opened?.isOld ? model.opened.trade : null;
  const shown = end(model, {
    screen: "declined",
    kind: old ? "old" : how,
    end: how,
    reason,
    answer,
    createdAt: old?.createdAt ?? null,
  });
  return [shown, unless(isQuiet, NOT_PAID_SOUND)];
}

/** The till refused, and nothing was paid. */
export const refusedFor = (model: Model, fault: Fault): Step => notPaid(model, "declined", { fault });

/** The reference belongs to another amount: both amounts are shown, and neither as good news. */
export function anotherAmount(model: Model, known: Sale, asked: Sale, isPaid: boolean): Step {
  return [end({ ...model, sale: asked }, { screen: "declined", kind: "other", known, isPaid }), [NOT_PAID_SOUND]];
}

/** Not known yet, or paid late: the trade itself decides which of the two, so it is read first. */
export function unconfirmed(model: Model, tradeId: string, trouble: Sentence | null): Step {
  const question = { type: "unconfirmed", trouble } as const;
  return [{ ...model, tradeId }, [{ type: "read_trade", run: model.run.number, tradeId, question }]];
}

/** The trade whose end was not known, as it stands now. Null: it could not be read. */
export function unconfirmedRead(
  model: Model,
  tradeId: string,
  trade: Trade | null,
  trouble: Sentence | null,
  now: number,
): Step {
  if (trade && FINAL.includes(trade.status)) return check(model, tradeId);
  const { view } = model;
  const isRepeated = view.screen === "not-confirmed" && view.tradeId === tradeId;
  const isQuiet = isRepeated || model.opened !== null;
  const [shown, effects] = notConfirmed(
    { ...model, sale: trade?.sale ?? model.sale, record: trade ?? model.record },
    trade ?? { tradeId, status: "unknown" },
    { checkedAt: isRepeated ? now : null, isQuiet },
  );
  return [trouble ? { ...shown, trouble } : shown, effects];
}

type OpenTrade = Pick<Trade, "tradeId" | "status"> & Partial<Pick<Trade, "voidRefused" | "proposal">>;

export function notConfirmed(
  model: Model,
  { tradeId, status, voidRefused = null, proposal = null }: OpenTrade,
  { checkedAt = null, isQuiet = true }: { checkedAt?: number | null; isQuiet?: boolean } = {},
): Step {
  const shown = end(
    { ...model, tradeId },
    {
      screen: "not-confirmed",
      kind: kindOf(status),
      tradeId,
      voidRefused,
      proposal,
      checkedAt,
    },
  );
  return [shown, unless(isQuiet, NOT_PAID_SOUND)];
}

/** Asks how a trade stands, until its end. */
export function check(model: Model, tradeId: string): Step {
  const started = startRun(model, "watch");
  return [started, [{ type: "resume", run: started.run.number, tradeId }]];
}

/** Shows the current sale again: its end as it was, or what is true by now. */
export function goHome(model: Model): Step {
  const { home } = model;
  if (!home) return same(ready(model));
  const back = { ...model, sale: home.sale, tradeId: home.tradeId };
  const late = model.unfinished.find((trade) => trade.tradeId === home.tradeId && trade.status === "late_success");
  if (late && home.view.screen === "declined" && home.view.kind !== "other") return notConfirmed(back, late);
  const shown = show(back, home.view);
  if (home.view.screen !== "not-confirmed") return same(shown);
  return after([], check(shown, home.view.tradeId));
}
