// Follows the first page of the package's README in an empty folder, as a newcomer does: from `npm create vite` to a paid
// sale in the sandbox. No server, no webcam, no key. Prints how long it took.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { until } from "../terminal/harness.mjs";
import { pack, run, start } from "./consumer.mjs";

const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const README = fileURLToPath(new URL("../../pkg/README.md", import.meta.url));

/** The first code of each kind. */
async function instructions() {
  const text = await readFile(README, "utf8");
  const first = (kind) => new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``).exec(text)[1];
  return { commands: first("sh").trim().split("\n"), markup: first("html"), program: first("js") };
}

test("from npm create vite to the first paid sale, by the README alone", async (t) => {
  const { commands, markup, program } = await instructions();
  const tarball = await pack(t);
  const folder = await mkdtemp(join(tmpdir(), "kaunter-newcomer-"));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const browser = await chromium.launch({ executablePath });
  t.after(() => browser.close());
  const began = performance.now();

  let cwd = folder;
  const env = { ...process.env, NO_COLOR: "1", BROWSER: "none", npm_config_yes: "true", npm_config_audit: "false" };
  const serve = commands.pop();
  for (const command of commands) {
    const words = command.split(" ");
    if (words[0] === "cd") cwd = join(cwd, words[1]);
    // The package that is not published yet stands for the published one.
    else
      await run(
        words.map((word) => (word === "kaunter" ? tarball : word)),
        { cwd, env },
      );
  }
  const page = await readFile(join(cwd, "index.html"), "utf8");
  assert.ok(page.includes("<body>"), page);
  await writeFile(join(cwd, "index.html"), page.replace("<body>", `<body>\n${markup}`));
  await writeFile(join(cwd, "src/main.js"), program);

  const server = start(serve.split(" "), { cwd, env });
  t.after(server.stop);
  const address = () => /Local:\s+(http:\S+)/.exec(server.words())?.[1];
  const visit = await browser.newPage();
  const left = [];
  visit.on("request", (request) => left.push(request.url()));
  await visit.goto(await until("Vite prints an address", address));
  const text = () => visit.evaluate(() => document.body.textContent);
  await until("the sale is paid", async () => /\bpaid\b/.test(await text()));
  t.diagnostic(`${Math.round((performance.now() - began) / 1000)} s`);

  const picture = await visit.evaluate(() => document.querySelector("video").videoWidth);
  assert.ok(picture > 0, "the camera's picture is shown");
  const { origin } = new URL(visit.url());
  const isElsewhere = (url) => url.startsWith("http") && new URL(url).origin !== origin;
  assert.deepEqual(left.filter(isElsewhere), [], "no call leaves the page's server");
});
