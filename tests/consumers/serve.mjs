// A plain web server for a built folder.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** Serves `dir` under `base`. Gives a function that stops it, with the `port`; port 0 is a free one. */
export async function serve(dir, port, { base = "/", headers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://local");
    const inside = pathname.startsWith(base) && !pathname.includes("..") && pathname.slice(base.length);
    if (inside === false) return response.writeHead(404).end();
    const name = inside === "" || inside.endsWith("/") ? `${inside}index.html` : inside;
    try {
      const body = await readFile(join(dir, name));
      response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "text/plain", ...headers }).end(body);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end("Not found");
    }
  });
  await new Promise((done, fail) => server.once("error", fail).listen(port, "127.0.0.1", done));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return Object.assign(stop, { port: server.address().port });
}
