// The pages in which the documents' JavaScript runs: each block is a module of a page with the built package, and with the
// names that a document may use without defining them.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { root } from "../../docs/site/addresses.mjs";

const { exports: subpaths } = JSON.parse(await readFile(join(root, "pkg/package.json"), "utf8"));
/** Each subpath that is a script, at the address of its file. */
const MAP = Object.fromEntries(
  Object.entries(subpaths)
    .filter(([, { default: file }]) => file?.endsWith(".js"))
    .map(([subpath, { default: file }]) => [subpath.replace(".", "kaunter"), file.replace(".", "/kaunter")]),
);
const importMap = `<script type="importmap">${JSON.stringify({ imports: MAP })}</script>`;
const TYPES = { ".js": "text/javascript", ".html": "text/html", ".wasm": "application/wasm" };

/** A page for a block: CONTRIBUTING.md lists the names that it has. */
const stage = (
  script,
  markup = "",
) => `<!doctype html><meta charset="utf-8"><title>a block</title><link rel="icon" href="data:,">
${importMap}
<video id="video" muted playsinline></video><video id="ipCamera" muted playsinline></video>
<button id="payButton">Pay</button><output></output>
${markup}
<script type="module">
  import * as kaunter from "kaunter";
  import { sandbox } from "kaunter/sandbox";
  const output = document.querySelector("output");
  const show = (...words) => output.append(words.join(" "), "\\n");
  const world = await sandbox({ persist: false });
  // The documents' backend and the shop's server are the sandbox.
  const real = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const { origin, pathname, search } = new URL(input, location.href);
    if (origin === "https://pay.shop.example") return world.fetch(world.backend + pathname + search, init);
    return pathname === "/till-token" ? Response.json({ token: await world.getToken() }) : real(input, init);
  };
  ipCamera.srcObject = world.cameraStream();
  await ipCamera.play();
  const options = { ...world, camera: { stream: world.cameraStream() }, chooseWallet: (scan, wallets) => wallets[0] };
  const till = await kaunter.Till.open({ ...options, preview: video });
  const sale = { ref: crypto.randomUUID(), amount: kaunter.parseMoney("12.00", "MYR") };
  const printReceipt = (gatewayRef) => show("receipt", gatewayRef);
  Object.assign(globalThis, { ...kaunter, sandbox, show, world, options, till, sale, printReceipt });
  globalThis.ended = import("${script}").then(() => "ended", (error) => \`\${error.name}: \${error.message}\`);
</script>`;

/** Serves the stages of `blocks`, and pages that are blocks themselves. Gives the origin and what stops it. */
export async function serveStages(blocks) {
  const answer = async (pathname) => {
    const [, kind, number] = /^\/(stage|module|page)\/(\d+)\/?$/.exec(pathname) ?? [];
    if (kind === "stage") return [".html", stage(`/module/${number}`, blocks[number].markup)];
    if (kind === "module") return [".js", blocks[number].text];
    if (kind === "page") return [".html", withMap(blocks[number].text)];
    // A page's own script, wherever the page is.
    if (pathname.endsWith("/quick-start.js")) return [".js", await readFile(join(root, "docs/site/quick-start.js"))];
    const file = pathname.replace(/^\/(node_modules\/)?kaunter\//, "pkg/");
    if (!file.startsWith("pkg/") || file.includes("..")) return null;
    return [extname(file), await readFile(join(root, file))];
  };
  const server = createServer(async (request, response) => {
    const found = await answer(new URL(request.url, "http://local").pathname).catch(() => null);
    if (!found) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[found[0]] ?? "text/plain" }).end(found[1]);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}

/** A tool that builds finds the package by itself; here an import map does. */
const withMap = (html) =>
  html.includes("importmap") ? html : html.replace("<!doctype html>", `<!doctype html>${importMap}`);
