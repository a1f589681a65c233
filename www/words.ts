// What the terminal says, in three languages.

import * as shared from "../pkg/screen/say";
import type { Fault, Sentence } from "./model";
import { en } from "./words/en";
import { ms } from "./words/ms";
import { zh } from "./words/zh";

export type Words = { readonly [K in keyof typeof en]: string };
const all = { en, ms, zh };
type Language = shared.Language;
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
export const locale = (): string => shared.localeOf(now);

/** A sentence in the chosen language. `{a}` in it becomes `values.a`. */
export function say(key: keyof Words, values: Record<string, string | number> = {}): string {
  return shared.filled(all[now][key], values);
}

/** What went wrong, as the cashier reads it. */
export function told(fault: Fault): string {
  return fault.againAt === undefined
    ? shared.told(fault, now)
    : say("voidFrom", { a: dayTime(new Date(fault.againAt)) });
}

export function sentenceOf(sentence: Sentence): string {
  return "fault" in sentence ? told(sentence.fault) : say(sentence.word, sentence.values);
}

export const clockTime = (at: Date): string => shared.clockTime(at, locale());
export const dayTime = (at: Date): string => shared.dayTime(at, locale());
