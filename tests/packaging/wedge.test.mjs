// Tells a hand scanner's keys from a person's: the rule of the package and of the cashier's terminal, in Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf, Pace, textOf } from "../../pkg/wedge.js";

/** What the pace says about keys with these gaps before them: the numbers of those that belong to a burst. */
function burst(gaps, kinds = []) {
  const pace = new Pace();
  let at = 10_000;
  return gaps.flatMap((gap, key) => {
    at += gap;
    pace.take(kinds[key] ?? "sign", at);
    return pace.burst ? [key] : [];
  });
}

test("three quick keys are a burst, and a person's never are", () => {
  for (const gap of [0, 1, 12, 30, 50]) assert.deepEqual(burst([1000, gap, gap, gap]), [2, 3], `${gap} ms`);
  for (const gap of [51, 80, 120, 400]) assert.deepEqual(burst([1000, gap, gap, gap, gap]), [], `${gap} ms`);
  assert.deepEqual(burst([1000, 30, 90, 30, 90, 30]), [], "slips of two fingers");
});

test("a burst ends with its Enter, or 250 ms after its last quick pair", () => {
  assert.deepEqual(burst([1000, 10, 10, 250]), [2, 3], "a late key belongs to it");
  assert.deepEqual(burst([1000, 10, 10, 251]), [2], "a later one does not");
  assert.deepEqual(burst([1000, 10, 10, 10, 100], ["sign", "sign", "sign", "enter", "sign"]), [2, 3]);
  assert.deepEqual(burst([1000, 10, 10, 10], ["sign", "modifier", "sign", "sign"]), [3], "Shift types nothing");
});

test("a key's kind is what it types, in any layout", () => {
  const kinds = { a: "sign", é: "sign", Dead: "sign", Process: "sign", Unidentified: "sign", Enter: "enter" };
  for (const [key, kind] of Object.entries({
    ...kinds,
    Shift: "modifier",
    AltGraph: "modifier",
    Tab: "other",
    F5: "other",
  }))
    assert.equal(kindOf({ key }), kind, key);
});

/** Keys: what they type on the computer's layout, and their places. */
const strokes = (typed, places, shifted = "") =>
  places.map((code, at) => ({ key: typed[at], code, shiftKey: shifted.includes(code) }));

test("a scanner that is set to a US keyboard is understood on other layouts", () => {
  const digits = (text) => [...text].map((digit) => `Digit${digit}`);
  assert.equal(textOf(strokes("281", digits("281"))), "281");
  assert.equal(textOf(strokes("é_&", digits("281"))), "281", "French");
  assert.equal(textOf(strokes("ěě+", digits("221"))), "221", "Czech");
  assert.equal(textOf(strokes(["Process", "Process"], ["KeyA", "Digit4"], "KeyA")), "A4", "an input method");
  assert.equal(textOf(strokes(["a", "Dead", "B"], ["KeyA", "Equal", "KeyB"], "KeyB")), "a=B", "an accent");
  assert.equal(textOf(strokes(["Dead", "x"], ["", "KeyX"])), null, "a key that no US keyboard has");
  assert.equal(textOf(strokes("äöü", ["", "", ""])), "äöü", "a code may have such letters");
  assert.equal(
    textOf(
      strokes(
        "TNG-7Q2M",
        [..."TNG-7Q2M"].map(() => ""),
      ),
    ),
    "TNG-7Q2M",
    "without places",
  );
  assert.equal(textOf(strokes("42", ["Numpad4", "Numpad2"])), "42");
  assert.equal(textOf(strokes("Zy=", ["KeyY", "KeyZ", "Digit0"], "KeyYDigit0")), "Zy=", "German, and set to German");
});
