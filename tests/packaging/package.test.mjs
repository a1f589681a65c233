// Does the packed package install and run anywhere at first try? A fresh Vite project, from the tarball, in Chromium.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, after, test } from "node:test";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import QRCode from "qrcode";
import { counter } from "../terminal/harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const vite = JSON.parse(await readFile(join(root, "node_modules/vite/package.json"))).version;

// Bytes. The design asks for 130 KiB of module; what it has is in CHANGELOG.md, and may only fall.
const MOST_MODULE = 174 * 1024;
const MOST_SCRIPT = 25 * 1024;

let dir, packed, shop;

function run(program, args, cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-package-"));
  [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", dir, join(root, "pkg")], root));
  shop = join(dir, "shop");
  await mkdir(shop);
  await writeFile(join(shop, "package.json"), JSON.stringify({ name: "shop", private: true, type: "module", scripts: { build: "vite build" } }));
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", join(dir, packed.filename), `vite@${vite}`], shop);
  await writeFile(join(shop, "index.html"), '<!doctype html><title>shop</title><link rel="icon" href="data:,"><body><script type="module" src="/main.js"></script>');
  const picture = await QRCode.toDataURL("130123456789012345", { scale: 6, margin: 4 });
  await writeFile(join(shop, "code.json"), JSON.stringify({ picture }));
  await writeFile(join(shop, "main.js"), `
    import { KaunterError, Till, decode, init, money, version } from "kaunter";
    import { loadReader } from "kaunter/reader";
    import { picture } from "./code.json";
    try {
      await init();
      const image = new Image();
      image.src = picture;
      await image.decode();
      const [code] = await decode(await createImageBitmap(image));
      const reader = await loadReader();
      const address = new URLSearchParams(location.search);
      const getToken = async () => (await (await fetch(address.get("shop"), { method: "POST", headers: { "content-type": "application/json" }, body: '{"terminal":"vite"}' })).json()).token;
      const refused = await Till.open({ backend: address.get("backend"), getToken: async () => "x" }).catch((error) => error);
      const till = await Till.open({ backend: address.get("backend"), getToken });
      let worker = true;
      till.addEventListener("problem", ({ detail }) => { worker &&= detail.code !== "worker/failed"; });
      const outcome = await till.charge({ ref: "from-vite", amount: money("12.50", "MYR") }, { wallet: "23" });
      document.body.dataset.result = JSON.stringify({ text: code.text, version, empty: reader.read(new Uint8Array(400 * 300), 400, 300).length, refused: [refused instanceof KaunterError, refused.code], outcome: outcome.status, worker });
    } catch (error) {
      document.body.dataset.result = String(error?.message ?? error);
    }
  `);
});

after(async () => {
  await rm(dir, { recursive: true, force: true });
});

const names = async (folder) => (await readdir(folder, { withFileTypes: true, recursive: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));

test("the tarball holds what the package needs: exactly one .wasm, declarations, licences, and no eval", async () => {
  const files = packed.files.map(({ path }) => path);
  assert.deepEqual(files.filter((path) => path.endsWith(".wasm")), ["wasm/kaunter_bg.wasm"]);
  for (const path of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "index.js", "index.d.ts", "reader.js", "reader.d.ts", "worker.js", "wasm/kaunter.d.ts"]) assert.ok(files.includes(path), path);
  const installed = join(shop, "node_modules/kaunter");
  const manifest = JSON.parse(await readFile(join(installed, "package.json")));
  assert.deepEqual(Object.keys(manifest.dependencies ?? {}), [], "nothing else comes along");
  for (const entry of Object.values(manifest.exports).flatMap((to) => (typeof to === "string" ? [to] : Object.values(to)))) assert.ok(files.includes(entry.replace("./", "")), entry);
  const code = await Promise.all((await names(installed)).filter((name) => name.endsWith(".js")).map((name) => readFile(name, "utf8")));
  assert.ok(code.length >= 5);
  for (const text of code) assert.doesNotMatch(text, /\beval\(|new Function\(/);
});

/** A port that nobody has. */
async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A counter whose backend takes calls of the page that `serve` serves. */
async function counterBehind(t, serve, wallet = "23") {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const desk = await counter(t, { origins: [origin] });
  const machine = await desk.machine();
  await machine.look(await desk.code("approves", wallet));
  await serve(port, desk);
  return { desk, machine, origin };
}

/** Opens the shop's page, which takes a payment with the package, and says what became of it. */
async function works(t, serve) {
  const { desk, machine, origin } = await counterBehind(t, serve);
  const page = await machine.page();
  await page.goto(`${origin}/?${new URLSearchParams({ backend: desk.backend, shop: `${desk.simulator}/shop/token` })}`);
  await page.waitForSelector("body[data-result]", { timeout: 60_000, state: "attached" });
  const known = await page.getAttribute("body", "data-result");
  const { version } = JSON.parse(await readFile(join(root, "pkg/package.json")));
  assert.deepEqual(JSON.parse(known), { text: "130123456789012345", version, empty: 0, refused: [true, "token/failed"], outcome: "paid", worker: true }, `${known} ${page.problems}`);
  assert.equal(await desk.kept(), 1250);
}

/** Vite as a developer starts it. */
async function start(t, args) {
  const child = spawn(join(shop, "node_modules/.bin/vite"), [...args, "--host", "127.0.0.1", "--strictPort"], { cwd: shop });
  const gone = new Promise((done) => child.once("exit", done));
  t.after(async () => { child.kill(); await gone; });
  let words = "";
  await new Promise((resolve, reject) => {
    const hear = (chunk) => {
      words += chunk;
      if (words.includes("127.0.0.1")) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => reject(new Error(`vite ended with ${code}: ${words}`)));
  });
}

test("what a till downloads stays small: the module by brotli, the JavaScript by gzip", async (t) => {
  const installed = join(shop, "node_modules/kaunter");
  const wasm = await readFile(join(installed, "wasm/kaunter_bg.wasm"));
  const module = brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;
  const scripts = packed.files.map(({ path }) => path).filter((path) => path.endsWith(".js"));
  let script = 0;
  for (const path of scripts) script += gzipSync(await readFile(join(installed, path)), { level: 9 }).length;
  t.diagnostic(`module ${(module / 1024).toFixed(1)} KiB by brotli, JavaScript ${(script / 1024).toFixed(1)} KiB by gzip`);
  assert.ok(module <= MOST_MODULE, `the module has ${module} bytes`);
  assert.ok(script <= MOST_SCRIPT, `the JavaScript has ${script} bytes`);
});

test("Node 20 runs the module as it ships, and a module that is none says so in few words", async () => {
  const read = `
    import { readFile } from "node:fs/promises";
    import { loadReader } from "kaunter/reader";
    const failed = await loadReader(new Uint8Array([0, 97, 115, 109, 9, 9, 9, 9])).catch((error) => error);
    const reader = await loadReader();
    console.log(JSON.stringify([failed.code, failed.message.length < 200, reader.read(new Uint8Array(400 * 300), 400, 300).length]));`;
  const said = run(process.execPath, ["--input-type=module", "--eval", read], shop);
  assert.deepEqual(JSON.parse(said), ["wasm/load-failed", true, 0]);
});

test("a fresh Vite project builds it, and the built page takes a payment", async (t) => {
  run("npm", ["run", "--silent", "build"], shop);
  const built = await names(join(shop, "dist"));
  assert.equal(built.filter((name) => name.endsWith(".wasm")).length, 1, `one .wasm in the bundle: ${built}`);
  assert.equal(built.filter((name) => /worker.*\.js$/.test(name)).length, 1, `and one worker: ${built}`);
  await works(t, (port) => start(t, ["preview", "--port", String(port)]));
});

test("the same project in Vite's development server", async (t) => {
  await works(t, (port) => start(t, ["--port", String(port)]));
});

test("under a strict security policy: only 'self' and 'wasm-unsafe-eval'", async (t) => {
  const types = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };
  const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; connect-src 'self' http://127.0.0.1:*; object-src 'none'; base-uri 'none'";
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://local");
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    try {
      const body = await readFile(join(shop, "dist", name));
      response.writeHead(200, { "content-type": types[name.split(".").pop()] ?? "text/plain", "content-security-policy": policy }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  t.after(() => { server.closeAllConnections(); server.close(); });
  await works(t, (port) => new Promise((done) => server.listen(port, "127.0.0.1", done)));
});

test("the README's quick start takes a payment as it stands", async (t) => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const [, html] = /```html\n([\s\S]*?)```/.exec(readme);
  assert.ok(html.trim().split("\n").length <= 23, "twenty lines, and what holds them");
  const quick = join(shop, "quick");
  await mkdir(quick);
  const { machine, origin } = await counterBehind(t, async (port, desk) => {
    const own = html.replace("http://127.0.0.1:8787", desk.backend).replace("http://127.0.0.1:8788", desk.simulator);
    assert.notEqual(own, html);
    await writeFile(join(quick, "index.html"), own);
    await start(t, ["quick", "--port", String(port)]);
  }, "21");
  const page = await machine.page();
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => document.querySelector("button")?.onclick, null, { timeout: 60_000 });
  await page.click("button");
  await page.waitForFunction(() => /^Paid: \d+/.test(document.querySelector("output").textContent), null, { timeout: 60_000 });
});
