import { KaunterError, type Outcome, parseMoney, Till } from "kaunter";
import { Reader } from "kaunter/reader";
import reader from "kaunter/reader.wasm";
import { type Sandbox, sandbox } from "kaunter/sandbox";
import { resetTesting, setOutcome } from "kaunter/testing";
import till from "kaunter/till.wasm";
import "kaunter/worker";

export async function pay(preview: HTMLVideoElement): Promise<string> {
  const open = await Till.open({
    backend: "https://pay.shop.example",
    getToken: async ({ signal }) => (await fetch("/till-token", { method: "POST", signal })).json(),
    chooseWallet: (_scan, wallets) => wallets[0] ?? null,
    preview,
  });
  try {
    const outcome: Outcome = await open.charge({ ref: "INV-2041", amount: parseMoney("12.50", "MYR") });
    return outcome.status === "paid" ? (outcome.gatewayRef ?? "") : outcome.status;
  } catch (error) {
    if (!KaunterError.is(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

export const addresses: string[] = [till, reader];
export const load = (): Promise<Reader> => Reader.load();

export async function practise(preview: HTMLVideoElement): Promise<Till> {
  const world: Sandbox = await sandbox({ approval: "auto" });
  return Till.open({ ...world, camera: { stream: world.cameraStream() }, preview });
}

export async function declines(): Promise<void> {
  await resetTesting();
  setOutcome({ status: "declined", reason: "insufficient_funds" }, { ref: "INV-2041" });
}
