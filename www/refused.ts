// What the gateway said, in its own words: of a payment that it did not make, of money that it did not give back.

/** A gateway's answer: `code` is null where it gave none. */
export interface GatewayAnswer {
  readonly code: string | null;
  readonly message: string;
}

/** What refused the last refund, where it was refused: the money was not given back. */
export function voidRefused(of: object | null): GatewayAnswer | null {
  return (of as { voidRefused?: GatewayAnswer | null } | null)?.voidRefused ?? null;
}

/** What the gateway said when it declined. */
export function gatewayAnswer(of: object): GatewayAnswer | null {
  return (of as { gatewayAnswer?: GatewayAnswer | null }).gatewayAnswer ?? null;
}

/** Its sentence; where it gave none, its code. */
export function wordsOf({ code, message }: GatewayAnswer): string {
  return message || (code ?? "");
}
