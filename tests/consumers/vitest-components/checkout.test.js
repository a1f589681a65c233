import { resetTesting, setOutcome } from "kaunter/testing";
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { beforeEach, expect, test, vi } from "vitest";
import { createApp } from "vue";
import { ReactCheckout } from "./ReactCheckout.jsx";
import { VueCheckout } from "./vue_checkout.js";

beforeEach(() => resetTesting());

const sale = { ref: "INV-1", amount: { minor: 1250, currency: "MYR" } };
const SHOWN = {
  React: (root) => createRoot(root).render(createElement(StrictMode, null, createElement(ReactCheckout, { sale }))),
  Vue: (root) => createApp(VueCheckout, { sale }).mount(root),
};

for (const [name, show] of Object.entries(SHOWN))
  test(`a sale that is not confirmed, in ${name}`, async () => {
    setOutcome("unconfirmed");
    const root = document.body.appendChild(document.createElement("div"));
    show(root);
    const button = await vi.waitUntil(() => root.querySelector("button:not([disabled])"));
    button.click();
    await vi.waitUntil(() => root.querySelector("output").textContent === "unconfirmed");
    expect(root.querySelector("video")).toBeTruthy();
  });
