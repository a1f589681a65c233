// What the terminal says, in three languages.

import type { Fault, Sentence } from "./model";
import { en } from "./words/en";
import { ms as msErrors, zh as zhErrors } from "./words/errors";
import { ms } from "./words/ms";
import { zh } from "./words/zh";

export type Words = { readonly [K in keyof typeof en]: string };
const all = { en, ms, zh };
const errors = { ms: msErrors, zh: zhErrors };
export type Language = keyof typeof all;
const languages = Object.keys(all) as Language[];
const KEPT = "kaunter.language";

let now: Language = start();

function start(): Language {
  const wanted = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
  return languages.find((known) => known === wanted) ?? "en";
}

export function language(): Language {
  return now;
}

export function speak(wanted: string): void {
  now = languages.find((known) => known === wanted) ?? now;
  localStorage.setItem(KEPT, now);
}

/** The language as `lang` and `Intl` take it. */
export function locale(): string {
  return now === "zh" ? "zh-Hans-MY" : `${now}-MY`;
}

/** A sentence in the chosen language. `{a}` in it becomes `values.a`. */
export function say(key: keyof Words, values: Record<string, string | number> = {}): string {
  return all[now][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** What went wrong, as the cashier reads it. Without a translation, in the till's own words. */
export function told({ code, message, againAt }: Fault): string {
  if (againAt !== undefined) return say("voidFrom", { a: dayTime(new Date(againAt)) });
  const own = now === "en" || code === null ? undefined : errors[now][code];
  return own ?? message;
}

export function sentenceOf(sentence: Sentence): string {
  return "fault" in sentence ? told(sentence.fault) : say(sentence.word, sentence.values);
}

/** A time of the day, with its seconds. */
export function clockTime(at: Date): string {
  return at.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** A time of another day, with its date. The weekday shows at a glance that it is not today. */
export function dayTime(at: Date): string {
  return at.toLocaleString(locale(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}
