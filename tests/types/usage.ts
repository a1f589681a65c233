// Uses the whole API as a front-end developer does. Each line compiles, except those with `@ts-expect-error`.
import {
  type Camera,
  type CodeInfo,
  decode,
  formatMoney,
  type HandScannerDevice,
  type HandScannerOptions,
  init,
  inspectCode,
  KaunterError,
  type Outcome,
  parseMoney,
  type Scan,
  type ShownCode,
  Till,
  type Trade,
  type TradeList,
  type VoidOutcome,
  version,
  type Wallet,
} from "kaunter";
import { type KaunterTexts, KaunterTill } from "kaunter/element";
import "kaunter/global";
import { decode as decodeAlone, Reader } from "kaunter/reader";
import readerWasm from "kaunter/reader.wasm";
import { type LedgerEntry, type SandboxFault, sandbox } from "kaunter/sandbox";
import sandboxWasm from "kaunter/sandbox.wasm";
import tillWasm from "kaunter/till.wasm";
import "kaunter/worker";

export async function everything(video: HTMLVideoElement, bytes: Uint8Array, picture: Blob): Promise<string> {
  await init();
  await init({ till: tillWasm, reader: readerWasm, worker: false });
  await init({ worker: () => new Worker(new URL("kaunter/worker", "https://shop.example"), { type: "module" }) });
  const amount = parseMoney("12.50", "MYR");
  const opens: typeof Till.open = kaunter.Till.open; // in a page without modules
  void opens;
  const sale = { ref: "S-1", amount };
  const { signal } = new AbortController();
  const device: HandScannerDevice = { addEventListener: (_, hear) => hear({ value: "281012020190329150" }) };
  await using till = await Till.open({
    backend: new URL("https://pay.shop.example"),
    getToken: async ({ reason, sale, right, signal }) => `${reason} ${sale?.ref} ${right} ${signal.aborted}`,
    chooseWallet: async (scan: Scan, wallets: readonly Wallet[]) => wallets[0] ?? scan.wallet,
    preview: video,
    camera: {
      stream: new MediaStream(),
      facing: "environment",
      deviceId: "id",
      region: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 },
      maxScansPerSecond: 10,
      idleReleaseMs: 60_000,
      mirror: false,
    },
    handScanner: { keyboard: true, suffix: "enter", device } satisfies HandScannerOptions,
    messages: { scan_timeout: "Tiada kod." },
    signal,
  });
  await Till.open({
    backend: "/",
    getToken: async () => ({ token: "t" }),
    chooseWallet: () => null,
    handScanner: true,
  });
  till.addEventListener("state", ({ detail }) => detail.to satisfies Till["state"]);
  till.addEventListener("trade", ({ detail }) => detail satisfies Trade);
  till.addEventListener("progress", ({ detail }) => detail.tradeId + detail.elapsedMs.toFixed());
  till.addEventListener("warning", ({ detail }) => detail.code === "journal_unavailable" && detail.traceId);
  till.addEventListener("camera", ({ detail }) => detail.camera?.label, { once: true });
  till.addEventListener("hint", ({ detail }) => detail.hint === "hold_still" || detail.hint === null);
  till.addEventListener("scan", ({ detail }) => detail.wallet?.name);
  await till.camera.warmUp();
  const scan = await till.scan({ signal, timeoutMs: 30_000, accept: (seen) => seen.info.kind !== "merchant" });
  const typed: Scan = await till.scan({ sources: ["hand_scanner", "camera"] });
  typed.source satisfies "camera" | "hand_scanner" | "file" | "manual";
  const first: Outcome = await till.charge(sale);
  const [wallet] = till.wallets;
  if (!wallet) throw new Error("this shop has no wallet");
  const { walletId } = wallet;
  const second = await till.charge(sale, { walletId, scan: { timeoutMs: 30_000, accept: () => true }, signal });
  const third = await till.charge(sale, { code: scan, walletId });
  const fourth = await till.charge({ ref: "S-2" }, { code: "123456789012345678" });
  const onCode = ({ svg, payload, expiresAt }: ShownCode) => {
    video.poster = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    video.title = `${payload.length} ${expiresAt}`;
  };
  const canShow = till.wallets.find(({ modes }) => modes.includes("merchant_presented"));
  const fifth = await till.showCode(sale, { walletId: canShow?.walletId ?? "21", onCode, signal });
  const id = till.unfinished[0]?.tradeId ?? "";
  const ends = [
    first,
    second,
    third,
    fourth,
    fifth,
    await till.cancel(id),
    await till.resume(id),
    await till.resume(id, { signal, onCode }),
    await till.giveVerdict(id, { outcome: "paid", evidence: "seen in the portal" }),
  ];
  const back: VoidOutcome = await till.void(id, { reason: "wrong item" });
  const list: TradeList = await till.listTrades({ day: "2026-01-31", terminal: "till-2", limit: 50 });
  if (list.nextCursor !== null) await till.listTrades({ day: "2026-01-31", cursor: list.nextCursor });
  const trades: Trade[] = [
    await till.checkStatus(id),
    await till.checkVoidStatus(id),
    ...(await till.listTrades({ ref: "S-1" })).trades,
    ...(await till.listTrades()).trades,
    ...list.trades,
  ];
  const late: Trade[] = trades.filter((trade) => trade.late && trade.decidedBy !== "person");
  const cameras: Camera[] = await till.camera.list();
  if (cameras[0]) await till.camera.use(cameras[0]);
  await till.camera.use({ deviceId: till.camera.current?.deviceId ?? "id" });
  await till.camera.adjust({ torch: true, zoom: cameras[0]?.zoom?.max ?? 1, focusAt: { x: 320, y: 240 } });
  if ((await till.camera.permission()) === "denied") await till.camera.release();
  const { shop, rights, maxAmount } = till.session;
  await till.takeOver({ reason: "the first tablet fell" });
  await till.signOut();
  await till.close();
  using reader: Reader = await Reader.load({ wasm: bytes });
  const codes = [
    ...reader.read({ data: bytes, width: 2, height: 2 }, { maxCodes: 1, effort: "still" }),
    ...reader.read(new ImageData(2, 2)),
    ...(await decode(picture, { maxCodes: 1 })),
    ...(await decodeAlone(picture)),
  ];
  reader.reset();
  reader.close();
  const info: CodeInfo = await inspectCode("1");
  return (
    ends.map(told).join() +
    givenBack(back) +
    formatMoney(amount) +
    formatMoney(maxAmount, "ms-MY") +
    trades.map(({ gatewayRef, attempt }) => `${gatewayRef}${attempt}`).join() +
    late.length +
    list.nextCursor +
    shop +
    rights.includes("void") +
    codes.map((code) => code.corners[0].x).join() +
    info.scheme +
    version
  );
}

/** The compiler knows that a `paid` outcome of `void` always has `voidRefused`. */
function givenBack(end: VoidOutcome): string {
  switch (end.status) {
    case "voided":
      return end.voidedAt;
    case "paid":
      return end.voidRefused.message + (end.voidRefused.code ?? "");
    case "unconfirmed":
      return end.tradeId;
  }
}

/** Does not compile unless each outcome is handled. */
function told(end: Outcome): string {
  switch (end.status) {
    case "paid":
      return `${end.gatewayRef} ${end.wallet.name} ${end.paidAt} ${end.decidedBy}`;
    case "declined":
      return `${end.reason} ${end.message} ${end.gatewayAnswer?.message}`;
    case "cancelled":
      return `${end.by} ${end.reason} ${end.sale.ref} ${end.sale.amount?.minor}`;
    case "voided":
      return end.voidedAt;
    case "unconfirmed":
      return end.since + end.tradeStatus + end.sale.ref;
  }
}

export function failed(error: unknown): string {
  if (!KaunterError.is(error)) throw error;
  if (error.code === "sale_busy" || error.code === "sale_paid") return error.tradeId ?? "";
  // @ts-expect-error an unknown code
  if (error.code === "sale_gone") return "";
  if (error.type === "network") return error.detail ?? error.traceId ?? String(error.retryAfterMs);
  return error.retryable ? error.moneyMoved : error.message;
}

export function wrong(till: Till): void {
  // @ts-expect-error an amount is not a number
  void till.charge({ ref: "S-1", amount: 12.5 });
  // @ts-expect-error a sale without a reference
  void till.charge({ amount: { minor: 1250, currency: "MYR" } });
  // @ts-expect-error showCode needs a wallet
  void till.showCode({ ref: "S-1", amount: { minor: 1250, currency: "MYR" } }, { onCode: () => {} });
  // @ts-expect-error showCode needs onCode
  void till.showCode({ ref: "S-1", amount: { minor: 1250, currency: "MYR" } }, { walletId: "21" });
  // @ts-expect-error a void needs a reason
  void till.void("T");
  // @ts-expect-error a take-over needs a reason
  void till.takeOver();
  // @ts-expect-error resume takes the id of a trade
  void till.resume();
  // @ts-expect-error walletId takes the id of a wallet
  void till.charge({ ref: "S-1", amount: { minor: 1250, currency: "MYR" } }, { walletId: till.wallets[0] });
  // @ts-expect-error a void's outcome always has voidRefused if it is paid
  const plain: Promise<{ status: "paid"; voidRefused?: undefined } | { status: "voided" | "unconfirmed" }> = till.void(
    "T",
    { reason: "why" },
  );
  // @ts-expect-error a void is never declined
  void till.void("T", { reason: "why" }).then((end) => end.status === "declined");
  // @ts-expect-error a charge's outcome may lack voidRefused
  const refused: Promise<VoidOutcome> = till.charge({ ref: "S-1", amount: { minor: 1250, currency: "MYR" } });
  void [plain, refused];
  // @ts-expect-error a till is made by Till.open
  new Till();
  // @ts-expect-error getToken is missing
  void Till.open({ backend: "/" });
  // @ts-expect-error a day is a string, not a Date
  void till.listTrades({ day: new Date() });
  // @ts-expect-error a camera has a deviceId
  void till.camera.use("id");
  // @ts-expect-error an unknown hint
  till.addEventListener("hint", ({ detail }) => detail.hint === "louder");
  // @ts-expect-error an unknown event
  till.addEventListener("state", ({ detail }) => detail.what);
}

export async function play(preview: HTMLVideoElement): Promise<readonly LedgerEntry[]> {
  const world = await sandbox({ approval: "manual", faults: ["answer_lost"], seed: 1, wasm: sandboxWasm });
  const stream: MediaStream = world.cameraStream();
  await using till = await Till.open({ ...world, preview, camera: { stream } });
  const fault: SandboxFault = "network_cut";
  world.faults.add(fault).delete(fault);
  const { text, svg } = world.phone.code("23");
  const paying = till.charge({ ref: "S-1", amount: parseMoney("12.00", "MYR") }, { code: text, walletId: "23" });
  if (world.phone.waiting[0]?.amount.minor === 1200) world.phone.approve();
  else world.phone.decline();
  world.phone.move(0.5, 0.5);
  document.body.append(world.canvas, (await paying).status, svg);
  // @ts-expect-error an unknown fault
  world.faults.add("earthquake");
  // @ts-expect-error approval is a word
  void sandbox({ approval: true });
  await world.reset();
  return world.ledger;
}

/** The element, as a page of a shop uses it. */
export async function element(till: Till): Promise<string> {
  const screen = document.querySelector("kaunter-till") ?? new KaunterTill();
  screen.options = { backend: "/", getToken: () => "token", camera: { facing: "user" } };
  // @ts-expect-error the element has the picture and asks for the wallet itself
  screen.options = { backend: "/", getToken: () => "token", chooseWallet: () => null };
  screen.till = till;
  const texts: KaunterTexts = { idle: "Next, please.", camera_denied: "No camera." };
  screen.texts = texts;
  // @ts-expect-error no text has this name
  screen.texts = { idol: "Next, please." };
  screen.addEventListener("kaunter-ready", ({ detail }) => detail.till.wallets.length, { once: true });
  screen.addEventListener("kaunter-error", ({ detail }) => detail.code === "camera_denied");
  const listener = (event: Event) => event.preventDefault();
  document.addEventListener("kaunter-outcome", ({ detail }) => detail.status === "paid");
  screen.addEventListener("kaunter-outcome", listener);
  screen.removeEventListener("kaunter-outcome", listener);
  const sale = { ref: "S-1", amount: parseMoney("12.50", "MYR") };
  const { signal } = new AbortController();
  const shown = await screen.showCode(sale, { signal });
  const outcome = await screen.charge(
    { ref: "S-2" },
    { walletId: "23", code: "1234", scan: { timeoutMs: 5_000 }, signal },
  );
  return shown.status + outcome.status;
}
