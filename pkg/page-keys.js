// @ts-check
// What keys do in a page: which elements they write into or press, and how a key that was held is given back.

/** Types of `<input>` that are pressed, and keep no text. */
const PRESSED = ["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"];

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/**
 * True for an element whose value keys change.
 * @param {unknown} target
 * @returns {target is Field}
 */
export function isField(target) {
  if (target instanceof HTMLInputElement) return !PRESSED.includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/**
 * True for an element that may have a field inside, which no script can see: a closed shadow root.
 * @param {unknown} target
 */
export const isOpaque = (target) =>
  target instanceof HTMLElement && target.localName.includes("-") && target.shadowRoot === null;

/**
 * True for an element that Space presses.
 * @param {unknown} target
 */
export const isPressable = (target) =>
  target instanceof HTMLElement && target.closest("button, summary, input, [role=button]") !== null && !isField(target);

/** The values of fields, and the focus, from before a scanner's first keys. */
export class Values {
  /** @type {Map<Field, { value: string, start: number | null, end: number | null }>} */
  #before = new Map();
  /** @type {EventTarget | undefined} */
  #focused;

  forget() {
    this.#before.clear();
    this.#focused = undefined;
  }

  /**
   * Remembers a field before a key changes it.
   * @param {EventTarget | undefined} target
   */
  remember(target) {
    this.#focused ??= target;
    if (!isField(target) || this.#before.has(target)) return;
    const [start, end] = "selectionStart" in target ? [target.selectionStart, target.selectionEnd] : [null, null];
    this.#before.set(target, { value: target.value, start, end });
  }

  /** Puts back what has changed, as a person would: the page's listeners and frameworks hear of it. */
  restore() {
    for (const [field, { value, start, end }] of this.#before) {
      if (field.value === value && !field.validity.badInput) continue;
      // Frameworks put a setter of their own on the element.
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value")?.set?.call(field, value);
      if (start !== null && "setSelectionRange" in field) field.setSelectionRange(start, end);
      field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
      if (field instanceof HTMLSelectElement) field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const focused = this.#focused;
    const root = focused instanceof HTMLElement && focused.getRootNode();
    // A page may move the focus by itself after a character.
    if (root && "activeElement" in root && root.activeElement !== focused && isField(focused))
      focused.focus({ preventScroll: true });
  }
}

/**
 * Gives the page a key that was held, and does what the browser does with it.
 * @param {KeyboardEvent} event
 * @param {EventTarget} target
 */
export function replay(event, target) {
  if (!again("keydown", event, target) || !again("keypress", event, target)) return;
  if (!(target instanceof HTMLElement)) return;
  if (target.isContentEditable) document.execCommand("insertText", false, event.key);
  else if (event.key === " " && isPressable(target)) target.click();
}

/** False if the page prevented what the browser does. */
function again(type, event, target) {
  const { key, code, location, ctrlKey, shiftKey, altKey, metaKey, keyCode } = event;
  const more = { key, code, location, ctrlKey, shiftKey, altKey, metaKey, keyCode };
  const copy = new KeyboardEvent(type, { bubbles: true, cancelable: true, composed: true, view: window, ...more });
  return target.dispatchEvent(copy);
}
