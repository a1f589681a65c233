// The banner: payments of this till that are not confirmed, or came late. It stays until each is dealt with.

import type { Trade } from "kaunter";
import { counter } from "./counter";
import { $ } from "./dom";
import { formatted } from "./money";
import { look } from "./sale";
import { current } from "./screen";
import * as sounds from "./sound";
import { isBusy } from "./stage";
import { say, type Words } from "./words";

/** Late payments whose sound was played: once each. */
const sounded = new Set<string>();
const isLate = ({ status }: Trade) => status === "late_success";

/** What the banner is about: late money first, because a person has to decide about it. */
function open(): Trade[] {
  const all = (counter.till?.unfinished ?? []).filter(
    ({ tradeId }) => current() === "ready" || tradeId !== counter.tradeId,
  );
  return [...all.filter(isLate), ...all.filter((trade) => !isLate(trade))];
}

/** Says it at once, but never over a payment that runs: its end comes first. */
export function tellUnfinished(): void {
  const all = open();
  const [first] = all;
  const banner = $("unfinished");
  // Beside an end only what is new is worth a banner: what is not confirmed waits for the next sale.
  banner.hidden = !first || isBusy() || (current() !== "ready" && !isLate(first));
  if (!first || banner.hidden) return;
  const words: keyof Words = isLate(first) ? "unfinishedLate" : "unfinished";
  const more = all.length > 1 ? ` (+${all.length - 1})` : "";
  banner.textContent = say(words, { a: `${formatted(first.sale.amount)}${more}` });
  const news = all.filter((trade) => isLate(trade) && !sounded.has(trade.tradeId));
  for (const { tradeId } of news) sounded.add(tradeId);
  if (news.length > 0) sounds.attention();
}

export function banner(): void {
  $("unfinished").onclick = () => {
    const [first] = open();
    if (first && !isBusy()) void look(first);
  };
}
