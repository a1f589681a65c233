// "kaunter/react" and "kaunter/vue" of the packed tarball, in Chromium with a camera: one till for the life of a
// component.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { compileScript, parse } from "vue/compiler-sfc";
import { flags, show } from "../terminal/camera.mjs";
import { until } from "../terminal/harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const FRAMEWORKS = ["react", "vue"];
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

let dir, server, browser, origin, film;

function run(program, ...args) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: dir, encoding: "utf8" });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** Installs the tarball with both frameworks, and builds the page of each. */
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-components-"));
  const [packed] = JSON.parse(run("npm", "pack", "--json", "--pack-destination", dir, join(root, "pkg")));
  run("tar", "-xzf", packed.filename);
  await mkdir(join(dir, "node_modules"));
  await symlink(join(dir, "package"), join(dir, "node_modules/kaunter"));
  for (const name of ["react", "react-dom", "vue"])
    await symlink(join(root, "node_modules", name), join(dir, "node_modules", name));
  await cp(join(root, "tests/packaging/components"), join(dir, "pages"), { recursive: true });
  await writeReadme();
  await build({
    absWorkingDir: dir,
    entryPoints: [...FRAMEWORKS, "element"]
      .map((name) => `pages/${name}.js`)
      .concat(FRAMEWORKS.map((name) => `pages/readme-${name}.js`)),
    bundle: true,
    splitting: true,
    format: "esm",
    outdir: "package", // beside the package's files
    define: { "process.env.NODE_ENV": '"development"' }, // StrictMode mounts twice
    jsx: "automatic",
    logLevel: "error",
    entryNames: "built-[name]",
  });
  server = createServer(async ({ url }, response) => {
    const type = TYPES[extname(url)];
    const script = `<script type=module src=/built-${url.slice(1)}.js></script>`;
    const page = `<!doctype html><link rel=icon href=data:,><body>${script}`;
    const body = type ? await readFile(join(dir, "package", url)).catch(() => null) : page;
    response.writeHead(body ? 200 : 404, { "content-type": type ?? "text/html" }).end(body ?? "");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${server.address().port}`;
  film = join(dir, "camera.y4m");
  await show(film, "130123456789012345");
  browser = await chromium.launch({ executablePath, args: flags(film) });
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await rm(dir, { recursive: true, force: true });
});

/** Writes the components of the package's README as they are there, each with a page that shows it in the sandbox. */
async function writeReadme() {
  const readme = await readFile(join(dir, "package/README.md"), "utf8");
  const [[, react], [, vue]] = ["jsx", "vue"].map((kind) => new RegExp(`\`\`\`${kind}\n([^]*?)\`\`\``).exec(readme));
  const { descriptor } = parse(vue);
  const files = {
    "Checkout.jsx": react,
    "CheckoutPage.js": compileScript(descriptor, { id: "checkout", inlineTemplate: true }).content,
    "readme-react.js": `
      import { createElement as h, StrictMode } from "react";
      import { createRoot } from "react-dom/client";
      import { Checkout } from "./Checkout.jsx";
      import { props } from "./props.js";
      createRoot(document.body).render(h(StrictMode, null, h(Checkout, props)));`,
    "readme-vue.js": `
      import { createApp } from "vue";
      import CheckoutPage from "./CheckoutPage.js";
      import { props } from "./props.js";
      createApp(CheckoutPage, props).mount(document.body);`,
    "props.js": `
      import { sandbox } from "kaunter/sandbox";
      const world = await sandbox({ persist: false });
      const options = { ...world, camera: { stream: world.cameraStream() } };
      export const props = { options, sale: { ref: "INV-1", amount: { minor: 1200, currency: "MYR" } } };`,
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(dir, "pages", path), text);
}

/** A page of the framework, and what the tests ask of it. */
async function open(framework) {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  // React reports what is wrong with a component on the console. A frame that a worker held when it was ended is no
  // problem, and Chromium reports it at some time or never.
  page.on("console", (message) => {
    if (message.type() === "error" && !/^A VideoFrame was/.test(message.text())) problems.push(message.text());
  });
  await page.goto(`${origin}/${framework}`);
  await page.waitForFunction(() => globalThis.ready);
  const count = () =>
    page.evaluate(() => {
      const times = (wanted) => seen.story.filter((what) => what === wanted).length;
      const live = seen.tracks.filter(({ readyState }) => readyState === "live").length;
      const { asked, tracks } = seen;
      return {
        opened: times("open"),
        failed: times("failed"),
        closed: times("close"),
        asked,
        live,
        cameras: tracks.length,
      };
    });
  const render = (...counters) => page.evaluate((counters) => render(counters), counters);
  const says = (selector, text) => page.waitForSelector(`${selector}:text-is("${text}")`, { state: "attached" });
  return { page, problems, count, render, says };
}

/** Takes all components off the page, waits until every till is closed, and begins the notes anew. */
async function clear({ page, render, count }) {
  await render();
  await until("every till is closed", async () => {
    const { opened, failed, closed, live } = await count();
    return opened === failed + closed && live === 0;
  });
  await page.evaluate(() => Object.assign(seen, { story: [], asked: [], tracks: [], waiting: [] }));
}

for (const framework of FRAMEWORKS)
  describe(framework, () => {
    let shop;
    before(async () => {
      shop = await open(framework);
    });
    afterEach(() => clear(shop));
    after(() => shop.page.close());

    test("a component opens one till and one camera, shows a sale, and closes both", async () => {
      const { page, render, says, count } = shop;
      await render({ name: "one", hasVideo: true });
      await says("#one p", "idle");
      await page.evaluate(() => {
        const line = document.querySelector("#one p");
        new MutationObserver(() => seen.story.push(line.textContent)).observe(line, {
          subtree: true,
          characterData: true,
          childList: true,
        });
      });
      const outcome = await page.evaluate(() =>
        seen.tills.one.charge({ ref: "INV-1", amount: { minor: 1200, currency: "MYR" } }),
      );
      assert.equal(outcome.status, "paid");
      await says("#one b", "paid");
      await says("#one p", "idle");
      const story = await page.evaluate(() => seen.story);
      for (const state of ["scanning", "paying"]) assert.ok(story.includes(state), `${story}`);
      await until("the picture is there", () =>
        page.evaluate(() => document.querySelector("#one video").videoWidth > 0),
      );
      assert.deepEqual(await count(), { opened: 1, failed: 0, closed: 0, asked: ["one 1"], live: 1, cameras: 1 });
      await render();
      await until("the camera is off", async () => (await count()).live === 0);
      assert.equal((await count()).closed, 1);
    });

    test("an unmount while the till opens leaves no till, and the next mount opens one", async () => {
      const { page, render, says, count } = shop;
      const isAsked = (times) => page.waitForFunction((times) => seen.asked.length === times, times);
      await render({ name: "one", token: "waits" });
      await isAsked(1);
      await render();
      await render({ name: "one", token: "waits" });
      await isAsked(2);
      assert.equal(await page.evaluate(() => seen.tills.one), null);
      await page.evaluate(() => {
        for (const go of seen.waiting) go();
      });
      await says("#one p", "idle");
      const { opened, failed, closed } = await count();
      assert.deepEqual([opened, failed, closed], [2, 1, 0], "the first was never open");
    });

    test("two components have two tills, and the one that replaces another opens after it has closed", async () => {
      const { page, render, says, count } = shop;
      await render({ name: "one" }, { name: "two" });
      await says("#one p", "idle");
      await says("#two p", "idle");
      assert.ok(await page.evaluate(() => seen.tills.one !== seen.tills.two));
      await page.evaluate(() => Promise.all([seen.tills.one.camera.warmUp(), seen.tills.two.camera.warmUp()]));
      await render({ name: "three" }, { name: "two" });
      await says("#three p", "idle");
      assert.deepEqual(await page.evaluate(() => seen.story.slice(-2)), ["close", "open"]);
      assert.deepEqual(await count(), {
        opened: 3,
        failed: 0,
        closed: 1,
        asked: ["one 1", "two 1", "three 1"],
        live: 1,
        cameras: 2,
      });
    });

    test("an error at the opening is shown once, and the component can be mounted again", async () => {
      const { render, says, count } = shop;
      await render({ name: "one", token: "fails" });
      await says("#one i", "token_failed");
      assert.deepEqual((await count()).asked, ["one 1"]);
      await render({ name: "two" });
      await says("#two p", "idle");
    });

    test("a later token comes from the last getToken, and another render opens no other till", async () => {
      const { page, render, says, count } = shop;
      await render({ name: "one" });
      await says("#one p", "idle");
      await render({ name: "one", round: 2 });
      await page.evaluate(() => {
        seen.refuses = true;
        return seen.tills.one.listTrades();
      });
      const { opened, asked } = await count();
      assert.deepEqual([opened, asked], [1, ["one 1", "one 2"]]);
    });

    test("the video may come after the till, go, and come again", async () => {
      const { page, render, says, count } = shop;
      const plays = () =>
        page.waitForFunction(() => {
          const video = document.querySelector("video");
          return video?.videoWidth > 0 && video.currentTime > 0 && !video.paused;
        });
      await render({ name: "one" });
      await says("#one p", "idle");
      await page.evaluate(() => seen.tills.one.camera.warmUp());
      await render({ name: "one", hasVideo: true });
      await plays();
      await page.evaluate(() => {
        seen.video = document.querySelector("video");
      });
      await render({ name: "one" });
      assert.equal(await page.evaluate(() => seen.video.srcObject), null);
      await render({ name: "one", hasVideo: true });
      await plays();
      await page.evaluate(() => seen.tills.one.camera.release());
      await page.waitForFunction(() => document.querySelector("video").srcObject === null);
      assert.equal((await count()).cameras, 1);
    });

    test("a warning is shown until the next sale begins", async () => {
      const { page, render, says } = shop;
      await render({ name: "one" });
      await says("#one p", "idle");
      await page.evaluate(() => {
        const detail = Object.assign(new Error("Only a test."), { code: "journal_unavailable" });
        seen.tills.one.dispatchEvent(new CustomEvent("warning", { detail }));
      });
      await says("#one i", "journal_unavailable");
      await page.evaluate(() => {
        const [sale, code] = [{ ref: "INV-2", amount: { minor: 1200, currency: "MYR" } }, world.phone.code().text];
        return seen.tills.one.charge(sale, { code });
      });
      await says("#one i", "");
    });

    test("the README's component, its code to the letter, takes a payment", async () => {
      const page = await browser.newPage();
      await page.goto(`${origin}/readme-${framework}`);
      await page.click("button:text-is('Pay'):enabled");
      await page.waitForSelector("output:text-is('paid')");
      await page.close();
    });

    test("nothing went wrong on the page", () => assert.deepEqual(shop.problems, []));
  });

test("React's <KaunterTill> charges a sale once, tells its outcome to the last render, and closes", async (t) => {
  const { page, problems, count } = await open("element");
  t.after(() => page.close());
  const render = (counter) => page.evaluate((counter) => render(counter), counter);
  const told = (...words) =>
    until(`told ${words}`, async () => {
      const heard = await page.evaluate(() => seen.told);
      if (isDeepStrictEqual(heard, words)) return true;
      throw new Error(`${heard}`);
    });
  const sale = (ref) => ({ ref, amount: { minor: 1200, currency: "MYR" } });
  await render({ name: "one", round: 1 });
  await until("its till is open", async () => (await count()).asked.length === 1);
  await render({ name: "one", round: 2, sale: sale("INV-1") });
  await render({ name: "one", round: 3, sale: sale("INV-1") });
  await told("3 paid INV-1");
  await show(film, "131123456789012345"); // a till takes no code of the sale before from the picture
  await render({ name: "one", round: 4, sale: sale("INV-2") });
  await told("3 paid INV-1", "4 paid INV-2");
  assert.deepEqual(await count(), { opened: 1, failed: 0, closed: 0, asked: ["one 1"], live: 1, cameras: 1 });
  await clear({ render, page, count });
  await render({ name: "two", round: 5, sale: sale("INV-3"), token: "fails" });
  await told("3 paid INV-1", "4 paid INV-2", "5 token_failed");
  assert.deepEqual(problems, []);
});

test("a server renders the components of both frameworks, and asks for no token", () => {
  const script = `
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { createSSRApp, h } from "vue";
    import { renderToString as renderVue } from "vue/server-renderer";
    import * as react from "kaunter/react";
    import * as vue from "kaunter/vue";
    const options = { backend: "/", getToken() { throw new Error("asked"); } };
    const element = createElement(react.KaunterTill, { options, sale: null });
    const Counter = () => {
      const { till, state, preview } = react.useTill(options);
      return createElement("p", null, till ? "open" : state, createElement("video", { ref: preview }));
    };
    const setup = () => {
      const { till, state, preview } = vue.useTill(options);
      return () => h("p", [till.value ? "open" : state.value, h("video", { ref: preview })]);
    };
    const ofReact = [createElement(Counter), element].map((one) => renderToString(one));
    console.log(...ofReact, await renderVue(createSSRApp({ setup })));`;
  const html = run(process.execPath, "--input-type=module", "--eval", script);
  assert.equal(html, "<p>idle<video></video></p> <kaunter-till></kaunter-till> <p>idle<video></video></p>\n");
});
