import { sandbox } from "kaunter/sandbox";
import { createApp } from "vue";
import CheckoutPage from "./CheckoutPage.vue";

/** Your backend: "https://pay.shop.example". Without one, the sandbox plays it: no server, no webcam, no real money. */
const BACKEND = null;

async function start() {
  let options = { backend: BACKEND, getToken: async () => (await fetch("/till-token", { method: "POST" })).json() };
  if (!BACKEND) {
    const world = await sandbox();
    options = { ...world, camera: { stream: world.cameraStream() } };
  }
  createApp(CheckoutPage, { options }).mount("#app");
}

start().catch((error) => document.body.append(error.message));
