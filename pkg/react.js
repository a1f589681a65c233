"use client";
// @ts-check
// "kaunter/react": a till for the life of a component.

import { useCallback, useEffect, useState } from "react";
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
