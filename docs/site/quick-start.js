import { parseMoney, Till } from "kaunter";
import { sandbox } from "kaunter/sandbox";

export const show = (text) => {
  document.querySelector("output").textContent = text;
};

export async function start() {
  // A backend, a gateway and a customer: no real money.
  const world = await sandbox();
  const till = await Till.open({
    ...world,
    // Without this line, your webcam: any QR code pays.
    camera: { stream: world.cameraStream() },
    // Ask your cashier whose code it is.
    chooseWallet: (_, wallets) => wallets[0],
    preview: document.querySelector("video"),
  });
  till.addEventListener("state", ({ detail }) => show(detail.to));
  document.querySelector("button").onclick = async () => {
    // `ref` is your own number of the sale.
    const sale = { ref: crypto.randomUUID(), amount: parseMoney("12.50", "MYR") };
    const outcome = await till.charge(sale).catch((error) => error);
    if (outcome.status === "paid") show(`Paid: ${outcome.gatewayRef}`);
    else show(outcome.message ?? outcome.status);
  };
}
