// The whole API, as a front-end developer writes it: each line compiles, and each line that is marked as wrong does
// not.
import {
  type Camera,
  decode,
  formatMoney,
  init,
  KaunterError,
  loadReader,
  money,
  type Outcome,
  recognise,
  type Scan,
  type ShownCode,
  Till,
  type Trade,
  type VoidOutcome,
  version,
  type Wallet,
} from "kaunter";
import { decode as decodeAlone, loadReader as loadReaderAlone, type Reader } from "kaunter/reader";
import readerWasm from "kaunter/reader.wasm";
import tillWasm from "kaunter/till.wasm";
import "kaunter/worker";

export async function everything(video: HTMLVideoElement, bytes: Uint8Array, picture: Blob): Promise<string> {
  await init();
  await init({ till: tillWasm, reader: readerWasm, worker: false });
  await init({ worker: () => new Worker(new URL("kaunter/worker", "https://shop.example"), { type: "module" }) });
  const amount = money("12.50", "MYR");
  const sale = { ref: "S-1", amount };
  await using till = await Till.open({
    backend: new URL("https://pay.shop.example"),
    getToken: async ({ reason, sale, may, signal }) => `${reason} ${sale?.ref} ${may} ${signal.aborted}`,
    onWallet: async (scan: Scan, wallets: readonly Wallet[]) => wallets[0]?.id ?? scan.text,
    preview: video,
    camera: {
      facing: "environment",
      deviceId: "id",
      region: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 },
      maxScansPerSecond: 10,
      idleReleaseMs: 60_000,
      mirror: false,
    },
    messages: { scan_timeout: "Tiada kod." },
  });
  till.addEventListener("state", ({ detail }) => detail.to satisfies Till["state"]);
  till.addEventListener("trade", ({ detail }) => detail satisfies Trade);
  till.addEventListener("poll", ({ detail }) => detail.elapsedMs.toFixed());
  till.addEventListener("problem", ({ detail }) => detail.code === "journal_unavailable");
  till.addEventListener("camera", ({ detail }) => detail.device?.label, { once: true });
  till.addEventListener("miss", ({ detail }) => detail.hint === "hold_still" || detail.hint === null);
  till.addEventListener("scan", ({ detail }) => detail.wallet?.name);
  const { signal } = new AbortController();
  await till.warmUp();
  const scan = await till.scan({ signal, timeoutMs: 30_000, accept: (seen) => seen.recognised.kind !== "merchant" });
  const first: Outcome = await till.charge(sale);
  const [wallet] = till.wallets;
  if (!wallet) throw new Error("this shop has no wallet");
  const second = await till.charge(sale, { wallet: wallet.id, signal });
  const third = await till.pay(sale, scan, { wallet });
  const fourth = await till.pay(sale, "123456789012345678", { wallet: 21 });
  const onCode = ({ svg, payload, expiresAt }: ShownCode) => {
    video.insertAdjacentHTML("afterend", svg + payload.length + expiresAt);
  };
  const canShow = till.wallets.find((wallet) => wallet.modes.includes("merchant_presented"));
  const fifth = await till.present(sale, { wallet: canShow?.id ?? "21", onCode, signal });
  const id = till.unfinished[0]?.tradeId ?? "";
  const ends = [
    first,
    second,
    third,
    fourth,
    fifth,
    await till.cancel(id),
    await till.resume(),
    await till.resume(id, { signal, onCode }),
    await till.settle(id, { outcome: "paid", evidence: "seen in the portal" }),
  ];
  const back: VoidOutcome = await till.void(id, "wrong item");
  const trades: Trade[] = [
    await till.status(id),
    await till.voidStatus(id),
    ...(await till.find("S-1")),
    ...(await till.history()),
    ...(await till.history("2026-01-31")),
  ];
  const late: Trade[] = trades.filter((trade) => trade.late && !trade.settled);
  const cameras: Camera[] = await till.cameras();
  if (cameras[0]) await till.use(cameras[0]);
  await till.use({ deviceId: "id" });
  await till.adjust({ torch: true, zoom: cameras[0]?.zoom?.max ?? 1, focusAt: { x: 320, y: 240 } });
  if ((await till.permission()) === "denied") await till.release();
  await till.close();
  using reader: Reader = await loadReader(bytes);
  const codes = [
    ...reader.read(bytes, 2, 2, { max: 1, effort: "still" }),
    ...(await decode(picture, { max: 1 })),
    ...(await loadReaderAlone()).read(bytes, 2, 2),
    ...(await decodeAlone(picture)),
  ];
  reader.reset();
  return (
    ends.map(told).join() +
    givenBack(back) +
    formatMoney(amount) +
    formatMoney(amount, "ms-MY") +
    trades.length +
    late.length +
    codes.map((code) => code.corners[0].x).join() +
    recognise("1").scheme +
    version
  );
}

/** A refund that was refused is seen by the compiler: the answer of `void` holds nothing else. */
function givenBack(end: VoidOutcome): string {
  switch (end.status) {
    case "voided":
      return end.voidedAt;
    case "paid":
      return end.voidRefused.message + (end.voidRefused.code ?? "");
    case "unresolved":
      return end.tradeId;
  }
}

/** Every ending is handled, or this does not compile. */
function told(end: Outcome): string {
  switch (end.status) {
    case "paid":
      return `${end.reference} ${end.wallet.name} ${end.paidAt}`;
    case "declined":
      return `${end.reason} ${end.message} ${end.gatewayAnswer?.message}`;
    case "cancelled":
      return end.by;
    case "voided":
      return end.voidedAt;
    case "unresolved":
      return end.since;
  }
}

export function failed(error: unknown): string {
  if (!(error instanceof KaunterError)) throw error;
  if (error.code === "sale_busy" || error.code === "sale_paid") return error.tradeId ?? "";
  // @ts-expect-error no such code
  if (error.code === "sale/gone") return "";
  return error.retryable ? error.moneyMoved : error.message;
}

export function wrong(till: Till): void {
  // @ts-expect-error an amount is never a number
  void till.charge({ ref: "S-1", amount: 12.5 });
  // @ts-expect-error a sale has a reference
  void till.charge({ amount: { minor: 1250, currency: "MYR" } });
  // @ts-expect-error a code is shown for a wallet that is chosen
  void till.present({ ref: "S-1", amount: { minor: 1250, currency: "MYR" } }, { onCode: () => {} });
  // @ts-expect-error somebody has to show it
  void till.present({ ref: "S-1", amount: { minor: 1250, currency: "MYR" } }, { wallet: "21" });
  // @ts-expect-error a void says why
  void till.void("T");
  // @ts-expect-error a void never ends as a plain sale does
  const plain: Promise<{ status: "paid"; voidRefused?: undefined } | { status: "voided" | "unresolved" }> = till.void(
    "T",
    "why",
  );
  // @ts-expect-error a void is never declined: whoever handles it as a charge handles too much
  void till.void("T", "why").then((end) => end.status === "declined");
  // @ts-expect-error an outcome of a charge does not say that a refund was refused
  const refused: Promise<VoidOutcome> = till.charge({ ref: "S-1", amount: { minor: 1250, currency: "MYR" } });
  void [plain, refused];
  // @ts-expect-error a till is opened, not made
  new Till();
  // @ts-expect-error both options are needed
  void Till.open({ backend: "/" });
  // @ts-expect-error a day is a text, not a Date
  void till.history(new Date());
  // @ts-expect-error a camera is named by its id
  void till.use("id");
  // @ts-expect-error no such hint
  till.addEventListener("miss", ({ detail }) => detail.hint === "louder");
  // @ts-expect-error no such event
  till.addEventListener("state", ({ detail }) => detail.what);
}
