// @ts-check
// A hand scanner as a source of `scan()`: one that acts as a keyboard, or a device that the page has opened. The till
// loads this file only if it has the option `handScanner`.

import { Keyboard } from "./hand-keyboard.js";

/** @typedef {import("./hand-keyboard.js").Sink} Sink */

const SUFFIXES = ["any", "enter", "tab", "none"];
const ENDS = { enter: "Enter", tab: "Tab", none: "a pause" };

const LAYOUT =
  "The hand scanner and this computer have different keyboard layouts: set the scanner to the keyboard of the computer.";

/**
 * Reads the option `handScanner` of a till. The till's `tools` are not imported here: with two importers they would be a
 * file of their own, which every page would load.
 * @typedef {Pick<typeof import("./error.js"), "KaunterError" | "own" | "wrong">} Tools
 * @param {unknown} options
 * @param {Tools} tools
 */
export function handScanner(options, tools) {
  const { handScanner, messages } = tools.own(options);
  const read = readOptions(handScanner, tools);
  /**
   * Offers the scanner's codes to a till until it closes.
   * @param {import("./wasm/till.js").RawTill} till
   * @param {(type: string, detail: unknown) => void} emit
   */
  return (till, emit) => {
    const warn = (/** @type {string} */ detail) => emit("warning", unreadable(detail, messages, tools));
    const leave = listen(read, (code) => till.offer(code), warn);
    for (const name of /** @type {const} */ (["close", "signOut"])) {
      const end = till[name];
      till[name] = async () => {
        await end.call(till);
        leave();
      };
    }
  };
}

/**
 * @param {any} given
 * @param {Tools} tools
 */
function readOptions(given, { own, wrong }) {
  if (typeof given === "boolean") return { keyboard: given, suffix: "any", device: undefined };
  const { keyboard, suffix, device } = own(given, "handScanner");
  if (keyboard != null && typeof keyboard !== "boolean") throw wrong("handScanner.keyboard", "true or false");
  if (suffix != null && !SUFFIXES.includes(suffix))
    throw wrong("handScanner.suffix", 'one of "any", "enter", "tab" and "none"');
  if (device == null && keyboard === false) throw wrong("handScanner.device", "a scanner, if `keyboard` is false");
  if (device != null && !listens(device)) throw wrong("handScanner.device", "an object with `addEventListener`");
  return { keyboard: keyboard ?? true, suffix: suffix ?? "any", device: device ?? undefined };
}

function listens(device) {
  try {
    return typeof device.addEventListener === "function";
  } catch {
    return false; // a proxy that throws
  }
}

/** The keyboard of this page. Several tills share it, because a key that one has stopped reaches no other listener. */
const keyboard = new Keyboard();

/** The warning about a code that was scanned and not understood. */
function unreadable(detail, messages, { KaunterError }) {
  const wording = Object.hasOwn(messages ?? {}, "code_invalid") && messages.code_invalid;
  const message = wording || "The hand scanner sent no readable code: scan it again, or ask for help with the scanner.";
  return new KaunterError("code_invalid", message, { type: "input", detail });
}

/**
 * Listens until the returned function is called. `offer` says whether a scan wants codes; an empty text only asks.
 * @param {ReturnType<typeof readOptions>} options
 * @param {(code: string) => boolean} offer
 * @param {(detail: string) => void} warn
 */
function listen({ keyboard: types, suffix, device }, offer, warn) {
  let isOpen = true;
  device?.addEventListener("barcode", (event) => {
    if (isOpen && typeof event?.value === "string") offer(event.value);
  });
  /** @type {Sink} */
  const sink = {
    wants: () => offer(""),
    take(text, end) {
      if (text === null) warn(LAYOUT);
      else if (suffix !== "any" && suffix !== end)
        warn(`The hand scanner ended a code with ${ENDS[end]}: \`handScanner.suffix\` is "${suffix}".`);
      else offer(text);
    },
  };
  if (types) keyboard.add(sink);
  return () => {
    isOpen = false;
    keyboard.remove(sink);
  };
}
