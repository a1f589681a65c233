// Where the package looks for its files, and what it says if they are not there.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { inPackage } from "../../pkg/load.js";
import { Reader } from "../../pkg/reader.js";

test("in the cache of a development server, a file's address is that of the package's folder", () => {
  for (const [served, file] of [
    // Vite 5 to 7, with a base, in Vitest, and with a cache outside the root.
    ["http://localhost:5173/node_modules/.vite/deps/", "http://localhost:5173/node_modules/kaunter/"],
    ["http://localhost:5173/pos/node_modules/.vite/deps/", "http://localhost:5173/pos/node_modules/kaunter/"],
    ["http://localhost:5173/node_modules/.vite/vitest/da39a3/deps/", "http://localhost:5173/node_modules/kaunter/"],
    [
      "http://localhost/@fs/home/me/shop/node_modules/.vite/deps/",
      "http://localhost/@fs/home/me/shop/node_modules/kaunter/",
    ],
    ["http://localhost:5173/.vite/deps/", "http://localhost:5173/node_modules/kaunter/"],
    // Nuxt, Storybook, Angular.
    [
      "http://localhost:3000/_nuxt/node_modules/.cache/vite/client/deps/",
      "http://localhost:3000/_nuxt/node_modules/kaunter/",
    ],
    [
      "http://localhost:6006/node_modules/.cache/storybook/1/sb-vite/deps/",
      "http://localhost:6006/node_modules/kaunter/",
    ],
    [
      "http://localhost:4200/@fs/home/me/shop/.angular/cache/22.0/shop/vite/deps/",
      "http://localhost:4200/@fs/home/me/shop/node_modules/kaunter/",
    ],
    // The package itself: installed, by pnpm, on a shop's server.
    ["http://localhost:5173/node_modules/kaunter/", "http://localhost:5173/node_modules/kaunter/"],
    [
      "http://localhost/node_modules/.pnpm/kaunter@1.0.0/node_modules/kaunter/",
      "http://localhost/node_modules/.pnpm/kaunter@1.0.0/node_modules/kaunter/",
    ],
    ["https://shop.example/deps/", "https://shop.example/deps/"],
  ])
    assert.equal(inPackage(new URL("./wasm/till.wasm", served)).href, `${file}wasm/till.wasm`);
});

test("a module that is not there gives its address, the answer, and the line that helps in that tool", async (t) => {
  const answers = {
    "/@fs/shop/pkg/": 403,
    "/_nuxt/node_modules/kaunter/": 404,
    "/node_modules/kaunter/": 200,
    "/assets/": 404,
  };
  const server = createServer(({ url }, response) => {
    const [, status] = Object.entries(answers).find(([path]) => url.startsWith(path));
    response.writeHead(status, { "content-type": "text/html" }).end("<!doctype html><p>page");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${server.address().port}`;
  for (const [path, line] of [
    ["/@fs/shop/pkg/", '--install-links), or in vite.config add server: { fs: { allow: [".", "/shop/pkg"] } }.'],
    ["/_nuxt/node_modules/kaunter/", 'In nuxt.config add vite: { optimizeDeps: { exclude: ["kaunter"] } }.'],
    ["/node_modules/kaunter/", 'In vite.config add optimizeDeps: { exclude: ["kaunter"] }.'],
    ["/assets/", 'call init({ reader: "its address" }) first.'],
  ]) {
    const address = `${origin}${path}wasm/reader.wasm`;
    const { code, message, detail } = await Reader.load({ wasm: address }).catch((error) => error);
    assert.equal(code, "module_load_failed");
    assert.ok(
      message.startsWith(`${address} answered ${answers[path]}, text/html, and begins with "<!doctype html>`),
      message,
    );
    assert.ok(message.includes(line), message);
    assert.equal(detail, message);
  }
});

test("in the document of a unit test, which has no workers, it says what to use instead", async (t) => {
  globalThis.document = {};
  t.after(() => delete globalThis.document);
  const { Till } = await import("../../pkg/index.js");
  const { code, detail } = await Till.open({}).catch((error) => error);
  assert.deepEqual([code, /kaunter\/testing/.test(detail)], ["not_browser", true]);
});
