// Checks a screen in each size and language, in light and dark mode. Saves pictures, and reports faults. axe checks
// contrast, names and roles by the rules of WCAG 2.2 AA.

import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { out } from "./harness.mjs";

export const sizes = [
  { width: 360, height: 640 },
  { width: 820, height: 1180 },
  { width: 1366, height: 768 },
];
const languages = ["en", "ms", "zh"];
const schemes = ["light", "dark"];
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Chooses a language as the drawer does. */
export async function speak(page, language) {
  await page.evaluate((language) => {
    const select = document.getElementById("language");
    select.value = language;
    select.dispatchEvent(new Event("change"));
  }, language);
}

/** The faults of the current screen. Runs in the page. */
function faults({ money }) {
  const box = (element) => element.getBoundingClientRect();
  const dialog = document.querySelector("dialog[open]");
  const inside = dialog
    ? [...dialog.querySelectorAll("*")].filter((element) => !element.closest(".trades"))
    : [...document.querySelectorAll("header *, main *, footer *")];
  const visible = inside.filter(
    (element) =>
      element.checkVisibility({ opacityProperty: true }) &&
      box(element).width > 1 &&
      !element.closest("svg") &&
      !element.matches("option, .frame"),
  );
  const name = (element) => `${element.tagName.toLowerCase()}#${element.id}.${element.className}`;
  // A list may be longer than the page, never wider.
  const wide = [...document.querySelectorAll(".trades *")].filter(
    (element) =>
      element.checkVisibility() &&
      (box(element).left < -0.5 ||
        box(element).right > innerWidth + 0.5 ||
        (element.scrollWidth > element.clientWidth + 1 && element.matches("button"))),
  );
  const outside = wide
    .concat(visible)
    .filter(
      (element) =>
        wide.includes(element) ||
        box(element).left < -0.5 ||
        box(element).top < -0.5 ||
        box(element).right > innerWidth + 0.5 ||
        box(element).bottom > innerHeight + 0.5,
    );
  // Texts and buttons must not overlap, and none may be cut off.
  const things = visible.filter((element) =>
    element.matches(
      "button, .button, .sentence, .amount, .title, .trouble, .hint, .small, .banner, .strip, dt, dd, h2, label, p, output, strong, .dial",
    ),
  );
  const overlaps = [];
  for (const [at, one] of things.entries()) {
    for (const other of things.slice(at + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const [a, b] = [box(one), box(other)];
      const [across, down] = [
        Math.min(a.right, b.right) - Math.max(a.left, b.left),
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
      ];
      if (across > 1 && down > 1) overlaps.push(`${name(one)} on ${name(other)}`);
    }
  }
  const covered = things.filter((element) => {
    const { left, top, width, height } = box(element);
    const at = document.elementFromPoint(left + width / 2, top + height / 2);
    return !(at && (element.contains(at) || at.contains(element)));
  });
  const cut = things.filter(
    (element) =>
      (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline") ||
      (element.matches("button, .button") && element.scrollHeight > element.clientHeight + 1),
  );
  const small = visible.filter(
    (element) =>
      element.matches("button, .button, select, input:not([type=file], [type=checkbox])") &&
      (box(element).height < 47.5 || box(element).width < 47.5),
  );
  const prominent = visible.filter((element) =>
    element.matches(dialog ? ".primary" : "footer .primary, footer[data-lone] .second"),
  );
  const place =
    dialog || prominent.length !== 1
      ? null
      : (({ left, width, bottom }) => [left, width, bottom].map(Math.round).join())(box(prominent[0]));
  const sentence = document.getElementById("sentence").textContent;
  const shown = document.getElementById("amount");
  return {
    faults: {
      outside: outside.map(name),
      overlaps,
      covered: covered.map(name),
      cut: cut.map(name),
      small: small.map(name),
      scrolls:
        document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight + 1,
      prominent: dialog ? Math.max(0, prominent.length - 1) : prominent.length - 1,
      sentences: dialog
        ? 0
        : Math.max(0, (sentence.match(/[.!?。！？](\s|$)/g) ?? []).length - 1) + Number(sentence.length < 4),
      amount:
        money && !dialog && !(shown.checkVisibility() && /RM\s?12\.(50|08)/.test(shown.textContent))
          ? shown.textContent
          : "",
    },
    place,
  };
}

const clean = {
  outside: [],
  overlaps: [],
  covered: [],
  cut: [],
  small: [],
  scrolls: false,
  prominent: 0,
  sentences: 0,
  amount: "",
};
/** The position of the main button by size. It is the same on every screen. */
const places = new Map();

/**
 * Checks the current screen in all ways, and collects faults in `page.faults`. `money`: the amount must be visible.
 * `small`: on a small phone only, where a screen has the least room.
 */
export async function look(page, name, { money = true, small = false } = {}) {
  await mkdir(out, { recursive: true });
  const before = page.viewportSize();
  page.faults ??= [];
  const wrong = page.faults;
  // A button that has just appeared can't be pressed yet, and has another colour.
  await page.waitForFunction(
    () =>
      document.querySelector("dialog[open]") ||
      !document.querySelector("footer[data-lone] .second:disabled, footer .second:disabled:not([hidden])") ||
      ["cancelling", "voiding"].includes(document.body.dataset.kind),
  );
  for (const size of small ? sizes.slice(0, 1) : sizes) {
    await page.setViewportSize(size);
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      for (const language of languages) {
        await speak(page, language);
        const which = `${name}-${size.width}x${size.height}${language === "en" ? "" : `-${language}`}${scheme === "light" ? "" : "-dark"}`;
        const seen = await page.evaluate(faults, { money });
        // Some pictures of each screen: all sizes in English, the small size in each language, dark mode in English.
        if (language === "en" || (scheme === "light" && size.width === 360))
          await page.screenshot({ path: join(out, `${which}.png`) });
        const found = Object.entries(seen.faults).filter(
          ([what, value]) => JSON.stringify(value) !== JSON.stringify(clean[what]),
        );
        for (const [what, value] of found) wrong.push(`${which}: ${what}: ${JSON.stringify(value)}`);
        const usual = places.get(size.width);
        if (seen.place && usual && seen.place !== usual)
          wrong.push(`${which}: the primary button is at ${seen.place}, not at ${usual}`);
        if (seen.place && !usual) places.set(size.width, seen.place);
      }
      await speak(page, "en");
      if (size.width === 360) wrong.push(...(await judged(page)).map((found) => `${name}, ${scheme}: axe: ${found}`));
    }
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
  await page.setViewportSize(before);
}

/** What axe finds on the page. */
export async function judged(page) {
  await page.evaluate(axe);
  return page.evaluate(async (tags) => {
    const { violations } = await axe.run(document, {
      runOnly: { type: "tag", values: tags },
      preload: false,
      resultTypes: ["violations"],
    });
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join("; ")}`,
    );
  }, WCAG);
}

/** Checks another page than the cashier's, in its current state and size. */
export async function glance(page, name) {
  await mkdir(out, { recursive: true });
  const { width, height } = page.viewportSize();
  await page.screenshot({ path: join(out, `${name}-${width}x${height}.png`) });
  const outside = await page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => element.checkVisibility() && !element.closest("svg"))
      .filter((element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        return left < -0.5 || top < -0.5 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5;
      })
      .map((element) => `${element.tagName}#${element.id}`),
  );
  if (outside.length) page.faults.push(`${name}: outside: ${outside}`);
  page.faults.push(...(await judged(page)).map((found) => `${name}: axe: ${found}`));
}
