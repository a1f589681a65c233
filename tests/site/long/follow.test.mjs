// Follows quick starts of the site in an empty folder, to the letter: the commands, the files, and a press of the button.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { blocksOf } from "../../../docs/site/blocks.mjs";
import { pages, tools } from "../../../docs/site/starts.mjs";
import { pack, run, start } from "../../consumers/consumer.mjs";
import { until } from "../../terminal/harness.mjs";

const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const env = { ...process.env, NO_COLOR: "1", BROWSER: "none", npm_config_yes: "true", npm_config_audit: "false" };
const closers = [];
let browser, tarball;

before(async () => {
  tarball = await pack({ after: (close) => closers.push(close) });
  browser = await chromium.launch({ executablePath });
});
after(async () => {
  await browser?.close();
  for (const close of closers) await close();
});

/** Runs the page's commands; gives the project's folder. */
async function install(page, folder) {
  let cwd = folder;
  for (const command of page
    .find(({ language }) => language === "sh")
    .text.trim()
    .split("\n")) {
    const words = command.split(" ");
    if (words[0] === "cd") cwd = join(cwd, words[1]);
    // The package that is not published yet stands for the published one.
    else {
      const args = words.map((word) => (word === "kaunter" ? tarball : word));
      await run(args, { cwd, env });
    }
  }
  return cwd;
}

// The tools whose pages begin with a new project.
for (const tool of tools.filter(({ create }) => create))
  test(`the page of ${tool.name} leads to a paid sale`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "kaunter-follow-"));
    t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const page = blocksOf(pages(tool));
    const cwd = await install(page, folder);
    const files = { [tool.till]: "docs/site/quick-start.js" };
    for (const [path, file] of Object.entries(tool.files ?? {})) files[path] = `tests/consumers/${file}`;
    for (const [path, source] of Object.entries(files))
      await writeFile(join(cwd, path), page.find(({ marks }) => marks.file === source).text);
    if (tool.markup) await writeFile(join(cwd, tool.markup), page.find(({ language }) => language === "html").text);

    const server = start(["npm", "run", "dev"], { cwd, env });
    t.after(server.stop);
    const visit = await browser.newPage();
    t.after(() => visit.close());
    await visit.goto(await until("Vite prints an address", () => /Local:\s+(http:\S+)/.exec(server.words())?.[1]));
    await visit.waitForFunction(() => document.querySelector("button")?.onclick);
    await visit.click("button");
    await until("it is paid", async () => (await visit.textContent("output")).startsWith("Paid: SANDBOX-"));
    assert.ok(await visit.evaluate(() => document.querySelector("video").videoWidth), "the camera's picture is shown");
  });
