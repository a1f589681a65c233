// Counters in React's StrictMode.

import { useTill } from "kaunter/react";
import { createElement as h, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { begin, options, seen } from "./world.js";

function Counter(counter) {
  const { till, state, trade, error, preview } = useTill(options(counter));
  seen.tills[counter.name] = till;
  return h(
    "section",
    { id: counter.name },
    counter.hasVideo && h("video", { ref: preview }),
    h("p", null, till ? state : "closed"),
    h("b", null, trade?.status),
    h("i", null, error?.code),
  );
}

const root = createRoot(document.body.appendChild(document.createElement("main")));
begin((counters) =>
  root.render(
    h(
      StrictMode,
      null,
      counters.map((counter) => h(Counter, { key: counter.name, ...counter })),
    ),
  ),
);
