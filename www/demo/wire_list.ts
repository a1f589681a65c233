// Draws what went over the wire: a line for each exchange, the newest first, with its masked bodies inside.

import { $, element } from "../dom";
import type { Exchange } from "./wire";
import { answered, asked } from "./words";

/** The drawn line of each exchange, so that one that is open stays open. */
let drawn = new Map<Exchange, HTMLElement>();

export function drawWire(exchanges: readonly Exchange[]): void {
  const lines = new Map(exchanges.map((exchange) => [exchange, drawn.get(exchange) ?? line(exchange)]));
  drawn = lines;
  $("wire-empty").hidden = lines.size > 0;
  const list = $("wire");
  const wanted = [...lines.values()];
  for (const old of [...list.children]) if (!wanted.includes(old as HTMLElement)) old.remove();
  wanted.forEach((item, at) => {
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  });
}

function line(exchange: Exchange): HTMLElement {
  const { at, method, path, request, status, answer, times } = exchange;
  const time = at.toLocaleTimeString("en-MY", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const count = times > 1 ? element("span", "times", `${times} times`) : "";
  const summary = element(
    "summary",
    "",
    element("span", "time", time),
    element("span", "asked", asked(exchange)),
    element("span", "answered", answered(exchange), " ", count),
  );
  const raw = [`${method} ${path}`, told(request), "", status === null ? "(no answer)" : String(status), told(answer)];
  const body = element("pre", "", raw.filter((part, index) => part !== "" || index === 2).join("\n"));
  body.tabIndex = 0;
  const item = element("li", status === null ? "unanswered" : "", element("details", "", summary, body));
  return item;
}

const told = (body: unknown) => (body === null ? "" : JSON.stringify(body, null, 2));
