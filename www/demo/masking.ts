// Lists the fields of requests and answers that the page shows. A field that is not listed stays hidden, as in the
// backend's log, so a new field can't show a secret.

/** Shown in place of a value. */
export const MASK = "•••";

/** Facts about a trade, a sale or a session. No code, token, payload, key or device is among them. */
const SHOWN = new Set(
  `amount as_of attempt cancelled_by cashier created_at currency deadline_at decided_by gateway_answer gateway_ref late
  max_amount message minor mode modes name open_trades paid_at policy reason ref rights sale sandbox shop since status
  terminal title trade_id trades version void_gateway_ref wallet wallet_id wallets poll_ms deadline_ms`.split(/\s+/),
);

/** The value with every field hidden that is not on the list. */
export function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, SHOWN.has(name) ? masked(inner) : MASK]),
  );
}
