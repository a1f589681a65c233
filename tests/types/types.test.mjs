// Compiles Rust's samples and a developer's code with the package's declarations.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as kaunter from "kaunter";
import * as screen from "kaunter/element";
import * as react from "kaunter/react";
import * as alone from "kaunter/reader";
import * as play from "kaunter/sandbox";
import * as vue from "kaunter/vue";

const here = fileURLToPath(new URL(".", import.meta.url));
const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const compile = (...args) => spawnSync(process.execPath, [tsc, ...args], { cwd: here, encoding: "utf8" });

for (const [module, moduleResolution] of [
  ["ESNext", "bundler"],
  ["NodeNext", "NodeNext"],
]) {
  test(`what Rust writes and what a developer writes compile with ${moduleResolution} resolution`, () => {
    const { status, stdout } = compile("-p", ".", "--module", module, "--moduleResolution", moduleResolution);
    assert.equal(status, 0, stdout);
  });
}

test("an unknown word in the declarations breaks the build: the check works", async (t) => {
  const file = `${here}planted.ts`;
  t.after(() => rm(file, { force: true }));
  const samples = await readFile(`${here}samples.ts`, "utf8");
  const config = JSON.parse(await readFile(`${here}tsconfig.json`));
  config.files = ["planted.ts"];
  const planted = `${here}planted.json`;
  t.after(() => rm(planted, { force: true }));
  await writeFile(planted, JSON.stringify(config));
  for (const [from, to] of [
    ['"paid": true', '"payed": true'],
    ['tradeId: "T"', 'trade_id: "T"'],
    [", tradeId: true", ""],
  ]) {
    assert.ok(samples.includes(from), from);
    await writeFile(file, samples.replace(from, to));
    assert.notEqual(compile("-p", planted).status, 0, `${from} -> ${to} compiled`);
  }
});

for (const [what, config] of [
  ["what runs on the page", "page.json"],
  ["what runs in the worker", "worker.json"],
  ["what runs in components, and a shop's components", "components.json"],
  ["what runs in a shop's tests", "testing.json"],
  ["the element, and the texts that it shares with the terminal", "../../pkg/tsconfig.json"],
]) {
  test(`the package's JavaScript: ${what} fits the declarations of its modules and of its messages`, () => {
    const { status, stdout } = compile("-p", config);
    assert.equal(status, 0, stdout);
  });
}

test("a shop's test in CommonJS compiles with the declarations for CommonJS", () => {
  const { status, stdout } = compile("-p", "checkout.json");
  assert.equal(status, 0, stdout);
});

test("an unknown message breaks the build: that check works too", async (t) => {
  const [script, planted] = [`${here}planted.js`, `${here}planted_worker.json`];
  t.after(() => Promise.all([script, planted].map((file) => rm(file, { force: true }))));
  const config = { extends: "./worker.json", files: ["planted.js", "worker.d.ts"] };
  await writeFile(planted, JSON.stringify(config));
  const worker = (await readFile(new URL("../../pkg/worker.js", import.meta.url), "utf8")).replaceAll(
    /(from |import\()"\.\//g,
    '$1"../../pkg/',
  );
  await writeFile(script, worker);
  assert.equal(compile("-p", planted).status, 0, "without a plant");
  for (const [from, to] of [
    ['say("needs_pixels"', 'say("unfit"'],
    ["readings, hint: hint(),", "codes: readings, hint: hint(),"],
    ["asked.pulseMs", "asked.pulse"],
  ]) {
    assert.ok(worker.includes(from), from);
    await writeFile(script, worker.replace(from, to));
    assert.notEqual(compile("-p", planted).status, 0, `${from} -> ${to} compiled`);
  }
});

test("all declared exports exist, and all exports are declared", async () => {
  const declared = async (name) => {
    const text = await readFile(new URL(`../../pkg/${name}.d.ts`, import.meta.url), "utf8");
    const own = [...text.matchAll(/^export (?:declare )?(?:function|class|const) (\w+)/gm)].map(([, word]) => word);
    const passed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, words]) =>
      words.split(",").map((word) => word.trim()),
    );
    return [...new Set([...own, ...passed])].sort();
  };
  assert.deepEqual(Object.keys(kaunter).sort(), await declared("index"));
  assert.deepEqual(Object.keys(alone).sort(), await declared("reader"));
  assert.deepEqual(Object.keys(play).sort(), await declared("sandbox"));
  assert.deepEqual(Object.keys(screen).sort(), await declared("element"));
  assert.deepEqual(Object.keys(react).sort(), await declared("react"));
  assert.deepEqual(Object.keys(vue).sort(), await declared("vue"));
  const text = await readFile(new URL("../../pkg/index.d.ts", import.meta.url), "utf8");
  const till = text.slice(text.indexOf("export class Till"), text.indexOf("/** The camera of a till. */"));
  const methods = [...till.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)]
    .map(([, word]) => word)
    .filter((word) => !["constructor", "addEventListener", "removeEventListener"].includes(word));
  const there = Object.getOwnPropertyNames(kaunter.Till.prototype).filter((word) => word !== "constructor");
  assert.deepEqual(methods.sort(), there.sort());
});

test("importing has no side effect, and outside a browser every call says not_browser", async () => {
  for (const call of [
    () => play.sandbox(),
    () => kaunter.init(),
    () => kaunter.decode(new Blob([])),
    () => kaunter.Till.open({}),
  ]) {
    await assert.rejects(
      call,
      (error) => error instanceof kaunter.KaunterError && error.code === "not_browser" && error.moneyMoved === "no",
    );
  }
});

test("the reader alone reads a code in Node", async () => {
  const QRCode = (await import("qrcode")).default;
  const { modules } = QRCode.create("130123456789012345", { errorCorrectionLevel: "M" });
  const [scale, quiet] = [4, 16];
  const side = modules.size * scale + 2 * quiet;
  const luma = new Uint8Array(side * side).fill(255);
  for (let y = 0; y < modules.size * scale; y++) {
    for (let x = 0; x < modules.size * scale; x++)
      if (modules.get(Math.floor(y / scale), Math.floor(x / scale))) luma[(y + quiet) * side + x + quiet] = 0;
  }
  const reader = await alone.Reader.load();
  const [code] = reader.read({ data: luma, width: side, height: side }, { effort: "still" });
  assert.equal(code?.text, "130123456789012345");
  assert.deepEqual(Buffer.from(code.bytes).toString(), "130123456789012345");
  assert.throws(
    () => reader.read({ data: luma, width: 3, height: 3 }),
    (error) => error.code === "image_unsupported",
  );
  reader.close();
  assert.throws(
    () => reader.read({ data: luma, width: side, height: side }),
    (error) => error.code === "argument_invalid",
  );
});

test("amounts are parsed and formatted without a module, by the module's rules", async () => {
  const amounts = JSON.parse(await readFile(new URL("../corpus/amounts.json", import.meta.url), "utf8"));
  for (const { text, currency, minor } of amounts) {
    if (minor === null) {
      assert.throws(
        () => kaunter.parseMoney(text, currency),
        (error) => kaunter.KaunterError.is(error) && error.code === "amount_invalid" && error.type === "input",
        `${text} ${currency}`,
      );
    } else {
      assert.deepEqual(kaunter.parseMoney(text, currency), { minor, currency });
    }
  }
  assert.match(kaunter.formatMoney({ minor: 1250, currency: "MYR" }, "en"), /12\.50/);
});

test("KaunterError.is recognises errors of two copies of the package, and nothing else", () => {
  class KaunterError extends Error {
    name = "KaunterError";
    code = "sale_busy";
  }
  assert.ok(kaunter.KaunterError.is(new KaunterError("busy")));
  assert.ok(kaunter.KaunterError.is(new kaunter.KaunterError("sale_busy", "busy")));
  const thrower = new Proxy(new Error("x"), {
    get() {
      throw new Error("no");
    },
  });
  for (const other of [
    null,
    undefined,
    5,
    "KaunterError",
    {},
    new Error("x"),
    { name: "KaunterError", code: "x" },
    thrower,
  ])
    assert.equal(kaunter.KaunterError.is(other), false);
});
