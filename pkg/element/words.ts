// What only the element says, in three languages, and how it says everything: in the language of the page, with the
// shop's own texts before ours.

import { formatMoney, type Money } from "kaunter";
import type { KaunterTexts, KaunterWord } from "../element";
import type { Fault } from "../screen/fault";
import { dayTime, filled, type Language, languageOf, localeOf, told, WORDS } from "../screen/say";

const OWN = {
  en: {
    idle: "Ready for the next sale.",
    titleRefused: "Not charged",
    torch: "Light",
    nextCamera: "Other camera",
    muted: "The camera shows nothing: look at its cover and its switch.",
    nextCheck: "Next check in {a} s.",
    aside: "Leave it open for now",
    stop: "Cancel the payment",
  },
  ms: {
    idle: "Sedia untuk jualan seterusnya.",
    titleRefused: "Tidak dicaj",
    torch: "Lampu",
    nextCamera: "Kamera lain",
    muted: "Kamera tiada gambar: semak penutup dan suisnya.",
    nextCheck: "Semakan seterusnya dalam {a} s.",
    aside: "Biarkan dahulu",
    stop: "Batalkan bayaran",
  },
  zh: {
    idle: "可以开始下一笔。",
    titleRefused: "未收款",
    torch: "灯光",
    nextCamera: "换一个摄像头",
    muted: "摄像头没有画面：请检查遮挡和开关。",
    nextCheck: "{a} 秒后再查。",
    aside: "暂时搁置",
    stop: "取消付款",
  },
} satisfies Record<Language, Record<string, string>>;

export const TEXTS = {
  en: { ...WORDS.en, ...OWN.en },
  ms: { ...WORDS.ms, ...OWN.ms },
  zh: { ...WORDS.zh, ...OWN.zh },
};
export type Word = keyof (typeof TEXTS)["en"];
export type Texts = KaunterTexts;
type Same<A, B> = [A, B] extends [B, A] ? true : never;
/** The declarations list each text: one that is only here, or only there, does not compile. */
export const IS_DECLARED: Same<Word, KaunterWord> = true;

/** Says texts for one element. */
export class Speech {
  readonly locale: string;
  readonly #language: Language;
  readonly #own: Texts;

  constructor(tag: string, own: Texts | null) {
    this.#language = languageOf(tag);
    this.locale = localeOf(this.#language);
    this.#own = own ?? {};
  }

  say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
    return filled(this.#own[word] ?? TEXTS[this.#language][word], values);
  }

  /** What went wrong. The shop's own sentence comes first. */
  told(fault: Fault): string {
    if (fault.againAt !== undefined) return this.say("voidFrom", { a: dayTime(new Date(fault.againAt), this.locale) });
    return (fault.code && this.#own[fault.code]) || told(fault, this.#language);
  }

  /** An amount of the page may be wrong: then the till refuses it, and nothing is said here. */
  money(amount: Money | undefined): string {
    try {
      return amount ? formatMoney(amount, this.locale) : "";
    } catch {
      return "";
    }
  }
}

/** The language of the nearest element that has one, also outside of a shadow tree. */
export function tagOf(element: Element): string {
  const near = element.closest<HTMLElement>("[lang]");
  if (near?.lang) return near.lang;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? tagOf(root.host) : navigator.language;
}
