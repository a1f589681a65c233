// React's <KaunterTill> in StrictMode.

import { KaunterTill } from "kaunter/react";
import { createElement as h, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { begin, options, seen } from "./world.js";

const root = createRoot(document.body.appendChild(document.createElement("main")));
seen.told = [];
begin((counter) =>
  root.render(
    h(
      StrictMode,
      null,
      counter &&
        h(KaunterTill, {
          options: options(counter),
          sale: counter.sale ?? null,
          onOutcome: ({ status, sale }) => seen.told.push(`${counter.round} ${status} ${sale.ref}`),
          onError: ({ code }) => seen.told.push(`${counter.round} ${code}`),
        }),
    ),
  ),
);
