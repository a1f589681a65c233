// How a sale begins, and how an earlier one is opened.

import type { Sale, Trade } from "kaunter";
import { canBegin, type Facts, FINAL, isBusy, isContradicted, isUrgent, type Model } from "../model";
import { check, goHome, notConfirmed } from "./endings";
import {
  after,
  bind,
  closeOpened,
  dropRun,
  keep,
  newSale,
  type Step,
  same,
  show,
  startRun,
  useUp,
  wait,
  wanted,
} from "./step";

/** Charge: not while the sale, or one that looks the same, has a trade whose end is not known. */
export function chargePressed(model: Model, facts: Facts): Step {
  const { model: bound, sale } = wanted(model, facts);
  if (!sale || !canBegin(model)) return same(model);
  const own = model.unfinished.find((trade) => trade.sale.ref === sale.ref);
  if (own) return take(bound, own);
  const alike = model.unfinished.find(
    (trade) => trade.sale.amount.minor === sale.amount.minor && !FINAL.includes(trade.status),
  );
  return alike ? [bound, [{ type: "ask_same", trade: alike }]] : charge(bound, sale);
}

/** A person says that it is another customer, who owes the same amount. */
export function otherCustomer(model: Model, facts: Facts): Step {
  const { model: bound, sale } = wanted(model, facts);
  return sale && canBegin(model) ? charge(bound, sale) : same(model);
}

/** Scans and charges. The screen changes at once: a second tap must not find Charge still there. */
export function charge(model: Model, sale: Sale): Step {
  if (!model.isOnline) return same(model);
  const started = show(begin(model, sale), { screen: "scan", kind: "starting" });
  return [started, [{ type: "charge", run: started.run.number, sale, code: null }]];
}

function begin(model: Model, sale: Sale): Model {
  return startRun({ ...closeOpened(model), sale, tradeId: null }, "act");
}

/** Charges with a code that was typed or photographed, in place of the scan. */
export function codeGiven(model: Model, code: string): Step {
  const { sale, view } = model;
  if (!sale || view.screen !== "scan") return same(model);
  const started = wait(startRun(model, "act"), "paying");
  return [started, [{ type: "charge", run: started.run.number, sale, code }]];
}

/** The till shows a code, in place of a scan or at once. */
export function showCodePressed(model: Model, facts: Facts): Step {
  const isScan = model.view.screen === "scan" && model.sale !== null;
  if (!model.showsCodes || !model.isOnline || !(isScan || canBegin(model))) return same(model);
  const { model: bound, sale } = isScan ? { model, sale: model.sale } : wanted(model, facts);
  if (!sale) return same(model);
  const own = model.unfinished.find((trade) => trade.sale.ref === sale.ref);
  if (own) return take(bound, own);
  const started = begin(bound, sale);
  return [started, [{ type: "show_code", run: started.run.number, sale }]];
}

/** A trade of the current sale, as after a reload. What comes after it is a new sale. */
export function take(model: Model, trade: Trade): Step {
  const { ref, amount } = trade.sale;
  const { minor } = model.draft;
  const asked = minor > 0 && minor !== amount.minor ? { ref, amount: { ...amount, minor } } : null;
  return watch(bind(useUp({ ...model, opened: null, asked }), trade.sale), trade);
}

/** Opens a trade beside the current sale. A payment in progress keeps the screen. */
export function openTrade(model: Model, trade: Trade, isFromHistory: boolean): Step {
  if (isBusy(model)) return same(model);
  const isOld = isContradicted(trade) || (isFromHistory && FINAL.includes(trade.status));
  const contradicted = model.contradicted.filter(({ tradeId }) => tradeId !== trade.tradeId);
  const opened = { ...model, contradicted, opened: { trade, isOld } };
  if (!isOld) return watch(opened, trade);
  return watch(wait(opened, "lookup", { canCancel: false, canLeave: true }), trade);
}

function watch(model: Model, trade: Trade): Step {
  const shown = keep({ ...model, sale: trade.sale, tradeId: trade.tradeId }, trade);
  const isOpen = trade.status === "needs_review" || isUrgent(trade);
  const [before, effects] = isOpen ? notConfirmed(shown, trade) : same(shown);
  return after(effects, check(before, trade.tradeId));
}

/** Back to what was there before a trade was opened. */
export function back(model: Model): Step {
  if (!model.opened) return same(model);
  const dropped = closeOpened(dropRun(model));
  return !model.home && model.draft.isUsed ? same(newSale(dropped)) : goHome(dropped);
}

/** The sale on screen is over for the cashier: the next one, or what was there before. */
export const leaveSale = (model: Model): Step => (model.opened ? back(model) : same(newSale(model)));
