// A keyboard for tests: Chromium gets each key with its own time, so a busy machine does not change the pace.

/** Keys of a US keyboard for a text: how a scanner that was never set up sends it. */
export const us = (text) => [...text].map((key) => ({ key, ...place(key) }));

function place(key) {
  if (/[0-9]/.test(key)) return { code: `Digit${key}`, vk: key.charCodeAt(0) };
  if (/[a-z]/i.test(key))
    return { code: `Key${key.toUpperCase()}`, vk: key.toUpperCase().charCodeAt(0), shift: /[A-Z]/.test(key) };
  return { code: { "-": "Minus", " ": "Space", "/": "Slash", "=": "Equal" }[key] ?? "", vk: key === " " ? 32 : 0 };
}

export const ENTER = { key: "Enter", code: "Enter", vk: 13, text: "\r" };
export const TAB = { key: "Tab", code: "Tab", vk: 9, text: "" };

export class Keyboard {
  #cdp;
  #now = Date.now() / 1000;

  static async of(page) {
    const keyboard = new Keyboard();
    keyboard.#cdp = await page.context().newCDPSession(page);
    return keyboard;
  }

  /** Sends keys with so many ms between them by their events' times, and a second of silence before. */
  async press(keys, gapMs) {
    this.#now = Math.max(this.#now + 1, Date.now() / 1000);
    for (const { key, code, vk = 0, text = key, shift = false, composed } of keys) {
      const of = { key, code, windowsVirtualKeyCode: vk, modifiers: shift ? 8 : 0 };
      const send = (more) => this.#cdp.send("Input.dispatchKeyEvent", { ...of, timestamp: this.#now, ...more });
      await send({ type: text ? "keyDown" : "rawKeyDown", ...(text ? { text, unmodifiedText: text } : {}) });
      if (composed)
        await this.#cdp.send("Input.imeSetComposition", { text: composed, selectionStart: 1, selectionEnd: 1 });
      this.#now += 0.002;
      await send({ type: "keyUp" });
      this.#now += (gapMs - 2) / 1000;
    }
  }

  /** A hand scanner's pace. */
  scan = (text, end = [ENTER]) => this.press([...us(text), ...end], 12);
  /** A person's pace. */
  type = (text, end = []) => this.press([...us(text), ...end], 120);
}
