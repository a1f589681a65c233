import { sandbox } from "kaunter/sandbox";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Checkout } from "./Checkout.jsx";

/** Your backend: "https://pay.shop.example". Without one, the sandbox plays it: no server, no webcam, no real money. */
const BACKEND = null;

async function start() {
  // Once for the page, not in a component: a render must not start another sandbox.
  const world = BACKEND ? null : await sandbox();
  const options = world
    ? { ...world, camera: { stream: world.cameraStream() } }
    : { backend: BACKEND, getToken: async () => (await fetch("/till-token", { method: "POST" })).json() };
  createRoot(document.querySelector("#root")).render(
    <StrictMode>
      <Checkout options={options} />
    </StrictMode>,
  );
}

start().catch((error) => document.body.append(error.message));
