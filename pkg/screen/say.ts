// What the cashier's page and the element say alike: in which language, and how times and errors are told.

import type { ErrorCode } from "kaunter";
import type { Fault } from "./fault";
import { en } from "./words/en";
import { ms as msErrors, zh as zhErrors } from "./words/errors";
import { ms } from "./words/ms";
import { zh } from "./words/zh";

export type Words = { readonly [K in keyof typeof en]: string };
export const WORDS = { en, ms, zh };
export type Language = keyof typeof WORDS;
const LANGUAGES = Object.keys(WORDS) as Language[];

/** Error messages in languages other than the till's own. */
const ERRORS: Readonly<Record<Language, Partial<Record<ErrorCode, string>>>> = { en: {}, ms: msErrors, zh: zhErrors };

/** The language of a tag such as `zh-Hans-MY`; English for an unknown one. */
export function languageOf(tag: string): Language {
  return LANGUAGES.find((known) => known === tag.slice(0, 2).toLowerCase()) ?? "en";
}

/** The language as `lang` and `Intl` take it. */
export function localeOf(language: Language): string {
  return language === "zh" ? "zh-Hans-MY" : `${language}-MY`;
}

/** A text with its values: `{a}` in it becomes `values.a`. */
export function filled(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** What went wrong, as the cashier reads it. Without a translation, in the till's own words. */
export function told({ code, message }: Fault, language: Language): string {
  return (code === null ? undefined : ERRORS[language][code]) ?? message;
}

/** A time of the day, with its seconds. */
export function clockTime(at: Date, locale: string): string {
  return at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** A time of another day, with its date. The weekday shows at a glance that it is not today. */
export function dayTime(at: Date, locale: string): string {
  return at.toLocaleString(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}
