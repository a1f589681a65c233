// Runs every code block of the documents. A block that nothing runs is a failure: CONTRIBUTING.md lists the marks.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { root } from "../../docs/site/addresses.mjs";
import { blocksOf } from "../../docs/site/blocks.mjs";
import { read } from "../../docs/site/files.mjs";
import { pages, tools } from "../../docs/site/starts.mjs";
import { runnerOf } from "./runners.mjs";
import { serveStages } from "./stage.mjs";

const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;

/** The repository's documents, and the pages that the site's build writes with blocks. */
const listed = spawnSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).stdout.trim().split("\n");
const documents = listed.filter((file) => !file.startsWith("vendor/")).map((file) => [file, read(file)]);
const generated = tools.map((tool) => [`start/${tool.id}`, pages(tool)]);
const blocks = [...documents, ...generated]
  .flatMap(([file, text]) => blocksOf(text).map((block) => ({ file, ...block })))
  .map((block, number) => ({ ...block, number }));
// Markup without a script is of the page in which the next block runs.
for (const [at, block] of blocks.entries()) {
  const next = blocks[at + 1];
  block.isMarkup = block.language === "html" && !block.text.includes("<script") && next?.language === "js";
  if (block.isMarkup) next.markup = block.text;
}

describe("the documents' code", { concurrency: 4 }, () => {
  let browser, stages;
  before(async () => {
    browser = await chromium.launch({ executablePath, args: ["--autoplay-policy=no-user-gesture-required"] });
    stages = { ...(await serveStages(blocks)), context: await browser.newContext() };
  });
  after(async () => {
    await browser?.close();
    stages?.stop();
  });
  for (const block of blocks)
    test(`${block.file}:${block.line} (${block.language || "no language"})`, async () => {
      const run = runnerOf(block);
      assert.ok(run, "nothing runs this block: give it a language that is run, or a mark");
      await run(block, stages);
    });
});

test("there is code to run, and code without a runner is noticed", () => {
  assert.ok(blocks.length > 50, `${blocks.length} blocks`);
  const [block] = blocksOf("text\n\n```cobol mark\nMOVE MONEY\n```\n");
  assert.deepEqual(block, { language: "cobol", marks: { mark: true }, text: "MOVE MONEY\n", line: 3 });
  assert.equal(runnerOf(block), null);
  assert.throws(() => blocksOf("```js\n1"), /line 1 does not end/);
});
