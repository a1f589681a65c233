// Shared by the camera's tests: Chromium with a file as its camera, a developer's page with the package, and an open
// till.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { flags, show } from "../terminal/camera.mjs";
import { counter, until } from "../terminal/harness.mjs";

export { until };

const root = fileURLToPath(new URL("../../", import.meta.url));
const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const html = (body = "") => `<!doctype html><title>shop</title><link rel=icon href=data:,>${body}`;

/** The page's address, and its permission for the camera. */
const pages = {
  "/": {},
  "/policy": { "permissions-policy": "camera=()" },
};
/** The requests to the server, in order. */
const served = [];
/** Scripts of these tests. */
const scripts = ["/worker.js", "/picture.js", "/drawn.js", "/files.js"];
/** Files that a test gives, by their names. */
const files = new Map();

/**
 * Shared by the tests of a file: the shop behind the till, the page's server, and browsers that are closed at the end.
 */
export async function stage() {
  const closers = [];
  let said = () => {};
  const server = createServer(async (request, response) => {
    if (request.url !== "/said") return serve(request, response);
    said(JSON.parse(Buffer.concat(await request.toArray())));
    response.end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address();
  const origin = `http://127.0.0.1:${port}`;
  const shop = await counter(
    { after: (close) => closers.unshift(close) },
    { origins: [origin, `http://localhost:${port}`, `http://till.test:${port}`] },
  );
  const dir = await mkdtemp(join(tmpdir(), "kaunter-live-"));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  return new Stage({
    shop,
    origin,
    port,
    dir,
    closers,
    served,
    files,
    said: () =>
      new Promise((hear) => {
        said = hear;
      }),
  });
}

async function serve(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://local");
  served.push(pathname);
  if (pages[pathname]) return response.writeHead(200, { "content-type": "text/html", ...pages[pathname] }).end(html());
  if (pathname === "/around")
    return response
      .writeHead(200, { "content-type": "text/html" })
      .end(html(`<iframe src="${searchParams.get("it")}"></iframe>`));
  if (pathname === "/picture" || pathname === "/files")
    return response
      .writeHead(200, { "content-type": "text/html" })
      .end(html(`<script type="module" src="${pathname}.js"></script>`));
  if (pathname.startsWith("/file/")) {
    const given = files.get(decodeURIComponent(pathname.slice(6)));
    return response.writeHead(given ? 200 : 404, { "content-type": "application/octet-stream" }).end(given);
  }
  const file = scripts.includes(pathname)
    ? `tests/live${pathname}`
    : /^\/pkg\/[a-z0-9_./-]+$/.test(pathname) && !pathname.includes("..")
      ? pathname
      : null;
  if (!file) return response.writeHead(404).end();
  try {
    response
      .writeHead(200, { "content-type": types[extname(file)] ?? "text/plain", "access-control-allow-origin": "*" })
      .end(await readFile(join(root, file)));
  } catch {
    response.writeHead(404).end();
  }
}

class Stage {
  constructor(parts) {
    Object.assign(this, parts, { browsers: 0 });
  }

  /** A browser whose camera plays a file; with `devices`, that many cameras with the browser's test picture. */
  async browser({ devices = 0, fake = true, args = [] } = {}) {
    const file = join(this.dir, `camera-${this.browsers++}.y4m`);
    await show(file, null);
    let given = flags(file);
    if (devices)
      given = given
        .filter((flag) => !/use-f(ile|ake-device)/.test(flag))
        .concat(`--use-fake-device-for-media-stream=device-count=${devices}`);
    if (!fake) given = given.filter((flag) => !flag.startsWith("--use-fake-ui"));
    const browser = await chromium.launch({ executablePath, args: [...given, ...args] });
    this.closers.unshift(() => browser.close());
    // A running camera shows it from now on, and so does the next one.
    return { browser, look: (text, options) => show(file, text, options) };
  }

  async close() {
    for (const close of this.closers) await close();
  }

  /** A page with a till under `till`, its events under `log`, and its camera requests under `asked`. */
  async till(t, { browser }, { at = this.origin, path = "/", context: given, options = "", init = "", before } = {}) {
    const context = given ?? (await browser.newContext());
    if (!given) t.after(() => context.close());
    const page = await context.newPage();
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(String(error)));
    await page.addInitScript(spy);
    if (before) await page.addInitScript(before);
    await page.goto(`${at}${path}`);
    await this.open(page, { options, init });
    return page;
  }

  /** Opens a till in a page, or in a frame of one. */
  async open(frame, { options = "", init = "" } = {}) {
    const setting = { backend: this.shop.backend, token: await this.shop.token() };
    await frame.evaluate(`(async (setting) => {
      const kaunter = await import("/pkg/index.js");
      ${init}
      const getToken = async () => setting.token;
      const ends = (promise) => promise.then((value) => ({ value }), (error) => ({ error: { code: error.code, name: error.name, message: error.message } }));
      const openTill = async (more = {}) => {
        const till = await kaunter.Till.open({ backend: setting.backend, getToken, ...more });
        for (const type of ["state", "camera", "scan", "hint", "warning"]) till.addEventListener(type, ({ detail }) => log.push({ type, at: performance.now(), detail: JSON.parse(JSON.stringify({ ...detail, code: detail?.code })) }));
        return till;
      };
      Object.assign(globalThis, { kaunter, ends, openTill, log: [] });
      globalThis.till = await openTill({ ${options} });
    })(${JSON.stringify(setting)})`);
  }
}

/** Records the page's camera requests and its messages to workers; \`plan\` has the answers to the next requests. */
const spy = `(() => {
  Object.assign(globalThis, { asked: [], streams: [], plan: [], posted: [], workers: 0 });
  const devices = globalThis.MediaDevices?.prototype;
  const real = devices?.getUserMedia;
  if (real) devices.getUserMedia = async function (constraints) {
    asked.push(constraints);
    const planned = plan.shift();
    const ask = () => real.call(this, constraints);
    const stream = await (planned ? planned(ask, constraints) : ask());
    streams.push(stream);
    return stream;
  };
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...more) {
    posted.push(message.type);
    return post.call(this, message, ...more);
  };
  const Real = globalThis.Worker;
  globalThis.Worker = class extends Real { constructor(...given) { super(...given); workers++; } };
  globalThis.track = (at = -1) => streams.at(at)?.getVideoTracks()[0];
  // A browser's answers by the specification.
  globalThis.refuse = (name, message = "") => async () => { throw new DOMException(message, name); };
  // A camera that gives one frame only.
  globalThis.frozen = async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 480;
    canvas.getContext("2d").fillRect(0, 0, 640, 480);
    const stream = canvas.captureStream();
    canvas.getContext("2d").fillRect(0, 0, 10, 10);
    return stream;
  };
})()`;
