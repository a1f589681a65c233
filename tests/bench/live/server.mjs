// What the bench's page loads: itself, our package as it ships, and the packages of the others as npm laid them down.
// Every answer is remembered, so that what a scanner costs to load can be said.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const require = createRequire(import.meta.url);
const types = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

/** Where npm laid a package down, whoever shares it. */
export function packageFolder(name) {
  for (const folder of require.resolve.paths(name)) {
    try {
      return dirname(require.resolve(join(folder, name, "package.json")));
    } catch {
      /* not in this one */
    }
  }
  throw new Error(`${name} is not installed: run npm ci`);
}

function file(pathname) {
  if (pathname === "/") return fileURLToPath(new URL("index.html", import.meta.url));
  if (pathname.includes("..")) return null;
  if (pathname.startsWith("/live/")) return fileURLToPath(new URL(pathname.slice("/live/".length), import.meta.url));
  if (pathname.startsWith("/pkg/")) return join(root, pathname);
  // barcode-detector brings a zxing-wasm of a version of its own, and would fetch its module from elsewhere.
  if (pathname === "/modules/barcode-detector/wasm")
    return createRequire(join(packageFolder("barcode-detector"), "package.json")).resolve(
      "zxing-wasm/reader/zxing_reader.wasm",
    );
  const [, name, rest] = /^\/modules\/([a-z0-9-]+)\/(.+)$/.exec(pathname) ?? [];
  return name ? join(packageFolder(name), rest) : null;
}

/** `loaded` has the gzipped size of each file of a scanner that the page asked for. */
export async function serve() {
  const loaded = new Map();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://local");
    const path = file(pathname);
    try {
      const body = await readFile(path);
      if (!pathname.startsWith("/live/") && pathname !== "/") loaded.set(pathname, gzipSync(body, { level: 9 }).length);
      const type = pathname.endsWith("/wasm") ? types[".wasm"] : (types[extname(path)] ?? "text/plain");
      // Isolated pages have clocks of five microseconds.
      response
        .writeHead(200, {
          "content-type": type,
          "cross-origin-opener-policy": "same-origin",
          "cross-origin-embedder-policy": "require-corp",
          "cross-origin-resource-policy": "same-origin",
        })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, loaded, close };
}
