// A shop's test in CommonJS.
import { clock, type Outcome, parseMoney, resetTesting, setOutcome, Till } from "kaunter/testing";

export async function test(): Promise<Outcome> {
  await resetTesting();
  setOutcome({ status: "declined", reason: "limit" }, { ref: "INV-1" });
  // @ts-expect-error: only a declined charge has a reason
  setOutcome({ status: "paid", reason: "limit" });
  // @ts-expect-error: no such reason
  setOutcome({ status: "declined", reason: "rain" });
  const now: number = clock.now();
  await clock.advance(now - now);
  const till = await Till.open({ backend: "https://pay.shop.example", getToken: () => "" });
  return till.charge({ ref: "INV-1", amount: parseMoney("12.50", "MYR") });
}
