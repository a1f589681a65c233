"use client";
// @ts-check
// "kaunter/react": a till for the life of a component, and the element <kaunter-till> as a component.

import { createElement, useCallback, useEffect, useRef, useState } from "react";
import { CLOSED, ComponentTill } from "./component.js";

/** @type {typeof import("./react.d.ts").useTill} */
export function useTill(options) {
  const [view, setView] = useState(CLOSED);
  const [component] = useState(() => new ComponentTill(options, setView));
  useEffect(() => component.setOptions(options));
  useEffect(() => {
    component.setMounted(true);
    return () => component.setMounted(false);
  }, [component]);
  const preview = useCallback((video) => component.setVideo(video), [component]);
  return { ...view, preview };
}

/** @type {typeof import("./react.d.ts").KaunterTill} */
export function KaunterTill({ options, sale, onOutcome, onError }) {
  const element = useRef(/** @type {any} */ (null));
  const [caller] = useState(() => new Caller());
  useEffect(() => caller.follow(element.current), [caller]);
  useEffect(() => {
    Object.assign(caller, { onOutcome, onError });
    element.current.options = options;
    caller.charge(sale);
  });
  return createElement("kaunter-till", { ref: element });
}

/** Charges the sales of one <kaunter-till>, each once, and passes on what it tells. */
class Caller {
  /** @type {((outcome: any) => void) | undefined} */
  onOutcome;
  /** @type {((error: any) => void) | undefined} */
  onError;
  #element;
  /** The element is loaded only where it is used: `useTill` needs none of it. @type {Promise<unknown> | undefined} */
  #loading;
  /** The reference of the sale that was charged last. StrictMode and each render bring it again. */
  #ref;
  /** The last error: a charge that fails is told by an event and by its promise. */
  #error;

  follow(element) {
    this.#element = element;
    this.#loading ??= import("kaunter/element");
    this.#loading.catch((error) => this.#fail(error));
    const controller = new AbortController();
    const { signal } = controller;
    element.addEventListener("kaunter-outcome", ({ detail }) => this.onOutcome?.(detail), { signal });
    element.addEventListener("kaunter-error", ({ detail }) => this.#fail(detail), { signal });
    return () => {
      this.#element = null;
      controller.abort();
    };
  }

  charge(sale) {
    if (this.#ref === sale?.ref) return;
    this.#ref = sale?.ref;
    if (sale) this.#loading?.then(() => this.#element?.charge(sale)).catch((error) => this.#fail(error));
  }

  #fail(error) {
    // The charge of a component that has left the page ends with it.
    if (error === this.#error || !this.#element) return;
    this.#error = error;
    this.onError?.(error);
  }
}
