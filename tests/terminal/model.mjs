// The model of the cashier's page, compiled for Node, and what its tests make events of.

import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const www = fileURLToPath(new URL("../../www/", import.meta.url));

/** The page's own build tool compiles the model, and nothing else of the page. */
export async function compiled() {
  const { build } = await import(pathToFileURL(createRequire(join(www, "package.json")).resolve("vite")).href);
  const dir = await mkdtemp(join(tmpdir(), "kaunter-model-"));
  const entry = { next: join(www, "model/next.ts"), model: join(www, "model.ts") };
  try {
    await build({
      configFile: false,
      root: www,
      publicDir: false,
      logLevel: "silent",
      build: {
        outDir: dir,
        minify: false,
        lib: { entry, formats: ["es"], fileName: (_, name) => `${name}.mjs` },
        rollupOptions: { output: { chunkFileNames: "[name].mjs" } },
      },
    });
    const load = (name) => import(pathToFileURL(join(dir, `${name}.mjs`)).href);
    return { ...(await load("next")), ...(await load("model")) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export const money = (minor) => ({ minor, currency: "MYR" });
export const saleOf = (ref, minor = 1250) => ({ ref, amount: money(minor) });
export const trade = (status, { id = "t-1", ref = "bill", minor = 1250, ...more } = {}) => ({
  tradeId: id,
  sale: saleOf(ref, minor),
  status,
  createdAt: "2026-01-02T03:04:05Z",
  gatewayRef: "G1",
  voidRefused: null,
  decidedBy: null,
  proposal: null,
  verdictContradicted: false,
  late: false,
  ...more,
});
export const outcome = (status, { id = "t-1", ref = "bill", minor = 1250, ...more } = {}) => ({
  status,
  tradeId: id,
  sale: saleOf(ref, minor),
  ...{
    paid: { paidAt: "2026-01-02T03:04:05Z", wallet: { name: "GrabPay" }, gatewayRef: "G1" },
    declined: { reason: "limit", gatewayAnswer: null },
    cancelled: { by: "cashier", reason: "requested" },
    voided: {},
    unconfirmed: {},
  }[status],
  ...more,
});
export const fault = (code, more = {}) => ({
  code,
  type: null,
  moneyMoved: "no",
  tradeId: null,
  message: code ?? "",
  ...more,
});
