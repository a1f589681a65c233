// Shows how a sale ended. An outcome is shown only if it is proven; otherwise the screen says "Not confirmed". Green is
// for the current sale only: an earlier one is grey, one of another amount amber.

import type { GatewayAnswer, Outcome, Sale, Trade } from "kaunter";
import { letSleep } from "./awake";
import * as connection from "./connection";
import { counter } from "./counter";
import { $, type Icon } from "./dom";
import { giveBack, manager } from "./manager";
import { formatted } from "./money";
import { wordsOf } from "./refused";
import { back, charge, check, nextSale } from "./sale";
import { current, type Kind, show, trouble } from "./screen";
import * as sounds from "./sound";
import { FINAL, keep, since, stage, till } from "./stage";
import { clockTime, dayTime, say, type Words } from "./words";

export function ended(outcome: Outcome): void {
  const ref = outcome.status === "paid" ? outcome.sale.ref : counter.sale?.ref;
  const own = ref === counter.ref;
  if (own && (outcome.status === "paid" || outcome.status === "unconfirmed")) counter.used = true;
  // A trade that had ended before it was opened makes no sound.
  const quiet = stage.looking !== null && FINAL.includes(stage.looking.status);
  switch (outcome.status) {
    case "paid":
      if (own && stage.asked) return anotherAmount(outcome.sale, stage.asked, true);
      return paid(outcome, { quiet, already: quiet && own });
    case "declined":
      return notPaid("declined", "titleDeclined", "cross", () => say(outcome.reason), {
        quiet,
        said: outcome.gatewayAnswer,
      });
    case "cancelled":
      return notPaid("cancelled", "titleCancelled", "cross", () => say(cancelled(outcome)), { quiet });
    case "voided":
      return notPaid("voided", "titleVoided", "back", () => say("voided"), { quiet: true });
    case "unconfirmed":
      return void unconfirmed(outcome.tradeId);
  }
}

function cancelled({ by, reason }: Extract<Outcome, { status: "cancelled" }>): keyof Words {
  if (by === "system") return reason === "deadline" ? "cancelledDeadline" : "cancelledSystem";
  return by === "customer" ? "cancelledCustomer" : "cancelledCashier";
}

const again = () => (stage.looking ? { word: say("backToSale"), act: back } : { word: say("newSale"), act: nextSale });
/** The gateway's own words are data, and shown as text. */
const says = (said: GatewayAnswer | null) =>
  (said ? [wordsOf(said)] : []).filter(Boolean).map((a) => say("gatewaySays", { a }));

type Paid = Extract<Outcome, { status: "paid" }>;

export function paid(outcome: Paid, { quiet = false, already = false } = {}): void {
  counter.tradeId = outcome.tradeId;
  counter.sale = outcome.sale;
  keep(() => paid(outcome, { quiet: true, already }));
  const { old } = stage;
  const refused = outcome.voidRefused ?? (old ? (stage.looking?.voidRefused ?? null) : null);
  const at = new Date(outcome.paidAt);
  if (refused && !old) sounds.notPaid();
  else if (!quiet) sounds.paid();
  letSleep();
  const reference = outcome.gatewayRef ?? outcome.tradeId;
  $("reference").textContent = reference;
  $("reference").dataset.receipt = reference;
  $("wallet").textContent = outcome.wallet.name;
  $("time").textContent = old ? dayTime(at) : clockTime(at);
  const sentence = () => {
    if (refused) return say("notBack");
    if (old) return say("oldPaid", { a: dayTime(at) });
    return already ? say("alreadyPaid") : say("paidWith", { a: outcome.wallet.name });
  };
  show(
    "paid",
    () => ({
      title: say("titlePaid"),
      icon: refused ? "alert" : "check",
      sentence: sentence(),
      details: says(refused),
      primary: again(),
      second: { word: say("giveBack"), act: giveBack },
    }),
    old ? "old" : refused ? "kept" : "paid",
  );
}

interface Told {
  quiet?: boolean;
  said?: GatewayAnswer | null;
}

export function notPaid(
  kind: Kind,
  title: keyof Words,
  icon: Icon,
  sentence: () => string,
  { quiet = false, said = null }: Told = {},
): void {
  const { sale, tradeId } = counter;
  keep(() => {
    Object.assign(counter, { sale, tradeId });
    const late = till().unfinished.find((trade) => trade.tradeId === tradeId && trade.status === "late_success");
    if (late) notConfirmed(late);
    else notPaid(kind, title, icon, sentence, { quiet: true, said });
  });
  const looking = stage.old ? stage.looking : null;
  if (!quiet) sounds.notPaid();
  letSleep();
  const retry = sale && !stage.looking && kind !== "voided";
  const when = () => (looking ? [say("oldSale", { a: dayTime(new Date(looking.createdAt)) })] : []);
  show(
    "declined",
    () => ({
      title: say(title),
      icon,
      sentence: sentence(),
      details: [...when(), ...says(said)],
      primary: retry ? { word: say("tryAgain"), act: () => charge(sale), off: !connection.online() } : again(),
      ...(retry && { second: { word: say("newSale"), act: nextSale } }),
    }),
    looking ? "old" : kind,
  );
}

/** The reference belongs to another amount: both amounts are shown, and neither as good news. */
export function anotherAmount(known: Sale, asked: Sale, wasPaid: boolean, quiet = false): void {
  counter.sale = asked;
  keep(() => anotherAmount(known, asked, wasPaid, true));
  letSleep();
  if (!quiet) sounds.notPaid();
  const amounts = { a: formatted(known.amount), b: formatted(asked.amount) };
  show(
    "declined",
    () => ({
      title: say("titleOther"),
      icon: "alert",
      sentence: say(wasPaid ? "otherPaid" : "otherBegun", amounts),
      primary: { word: say("newSale"), act: nextSale },
    }),
    "other",
  );
}

/** Not known yet, or paid late: the trade itself decides which of the two. */
export async function unconfirmed(id: string, sentence?: string): Promise<void> {
  const other = since();
  const repeated = current() === "not-confirmed" && counter.tradeId === id;
  counter.tradeId = id;
  const trade = await till()
    .checkStatus(id)
    .catch(() => null);
  if (other()) return;
  if (trade && FINAL.includes(trade.status)) return check(id);
  if (trade) counter.sale = trade.sale;
  notConfirmed(trade ?? { tradeId: id, status: "unknown" }, {
    ...(repeated && { checked: new Date() }),
    quiet: repeated || stage.looking !== null,
  });
  if (sentence) trouble(sentence);
}

type Open = Pick<Trade, "tradeId" | "status"> & Partial<Pick<Trade, "voidRefused">>;

export function notConfirmed(trade: Open, { checked, quiet = true }: { checked?: Date; quiet?: boolean } = {}): void {
  const { tradeId, status } = trade;
  const { sale } = counter;
  keep(() => {
    Object.assign(counter, { sale, tradeId });
    notConfirmed(trade, checked ? { checked } : {});
    void check(tradeId);
  });
  if (!quiet) sounds.notPaid();
  letSleep();
  counter.tradeId = tradeId;
  const late = status === "late_success";
  $("support").textContent = tradeId;
  $("copied").textContent = "";
  const decide = () => manager(late);
  show(
    "not-confirmed",
    () => ({
      title: say(late ? "titleLate" : "titleNotConfirmed"),
      icon: late ? "clock" : "alert",
      sentence: say(late ? "late" : "notConfirmed"),
      details: says(trade.voidRefused ?? null),
      ...(checked && !late && { note: say("checked", { a: clockTime(checked) }) }),
      primary: late ? { word: say("accept"), act: decide } : { word: say("checkNow"), act: () => void check(tradeId) },
      second: late ? { word: say("giveBack"), act: giveBack } : { word: say("manager"), act: decide },
      third: again(),
    }),
    late ? "late" : "not-confirmed",
  );
}
