// What runs a code block of a document, by its language and its marks.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "smol-toml";
import { root } from "../../docs/site/addresses.mjs";
import { until } from "../terminal/harness.mjs";

const { KAUNTER_BACKEND = join(root, "target/debug/kaunter-backend") } = process.env;
const read = (file) => readFileSync(join(root, file), "utf8");

const NEWCOMER = "tests/consumers/newcomer.test.mjs";
/** Blocks that another test takes from the document itself: the document, words of the block, and the test. */
const ELSEWHERE = [
  ["README.md", "<!doctype html>", "tests/documents.rs"],
  ["README.md", "<?php", "tests/terminal/shop.test.mjs"],
  ["pkg/README.md", 'from "kaunter/sandbox"', NEWCOMER],
  ["pkg/README.md", "<video muted playsinline></video>", NEWCOMER],
  ["pkg/README.md", "payButton.onclick", "tests/packaging/examples.test.mjs"],
  ["pkg/README.md", 'import "kaunter/element"', "tests/packaging/element.test.mjs"],
  ["pkg/README.md", 'from "kaunter/react"', "tests/packaging/components.test.mjs"],
  ["pkg/README.md", 'from "kaunter/vue"', "tests/packaging/components.test.mjs"],
  ["pkg/README.md", "beforeEach(() => resetTesting())", "tests/packaging/package.test.mjs"],
  // Written by `cargo xtask consumers` from the lines with which it takes sales.
  ["docs/tools.md", "", "tests/consumers/core.test.mjs"],
];

/** Runs a block to its end; rejects if it fails. `null`: nothing runs such a block. */
export function runnerOf(block) {
  const { file, language, marks } = block;
  const [, , other] = ELSEWHERE.find(([document, words]) => document === file && block.text.includes(words)) ?? [];
  const test = marks.by ?? (language === "sh" ? undefined : other);
  if (test) return () => isRunBy(test, block);
  if (marks.file)
    return () => assert.equal(block.text.trimEnd(), read(marks.file).trimEnd(), `${marks.file} is the block`);
  if (block.isMarkup) return () => {}; // the next block runs with it
  if (language === "js" && marks.live) return () => {}; // tests/site/site.test.mjs presses its button
  if (language === "js" && marks.testing) return () => runInNode(block);
  return RUNNERS[language] ?? null;
}

const RUNNERS = {
  js: (block, stages) => runInPage(block, stages, "stage"),
  html: (block, stages) => runInPage(block, stages, "page"),
  sh: checkShell,
  php: (block) => passes("php", ["-l"], block.text),
  toml: checkToml,
  json: ({ text }) => void JSON.parse(text),
  ini: ({ text }) => everyLine(text, /^(\[\w+\]|\w+=.*|#.*|)$/),
  http: ({ text }) => everyLine(text, /^[A-Za-z-]+: \S.*$/),
  text: () => {},
};

/** The test must exist, and name the document that it takes the block from. */
function isRunBy(test, { file, marks }) {
  assert.ok(existsSync(join(root, test)), `${test} does not exist`);
  const name = file.slice(file.lastIndexOf("/") + 1);
  if (!marks.by) assert.ok(read(test).includes(name), `${test} does not name ${name}`);
}

/** Opens a page with the block, and waits for what its mark `says`. A page that is the block has a button to press. */
async function runInPage({ marks, number, text }, { origin, context }, kind) {
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  try {
    await page.goto(`${origin}/${kind}/${number}`);
    if (kind === "page") {
      await page.waitForFunction(() => document.querySelector("button").onclick);
      await page.click("button");
    } else {
      if (HAND_SCANNER.test(text)) await scanUntilEnd(page);
      await page.waitForFunction(() => globalThis.ended, null, { timeout: 20_000 });
      assert.equal(await page.evaluate(() => globalThis.ended), "ended");
    }
    const said = () => page.textContent("output");
    if (marks.says)
      await until(`it says ${marks.says}`, async () => (await said()).includes(marks.says), { ms: 20_000 }).catch(
        async (error) => assert.fail(`${error.message}; it says ${await said()}`),
      );
    assert.deepEqual(wrong, []);
  } finally {
    await page.close();
  }
}

/** A block that waits for a hand scanner gets one, which types the customer's code and Enter, as fast as a scanner. */
const HAND_SCANNER = /hand_scanner/;
function scanUntilEnd(page) {
  return until("the code is scanned", async () => {
    if (!(await page.evaluate(() => "ended" in globalThis))) return false;
    await page.keyboard.type(await page.evaluate(() => world.phone.code("23").text), { delay: 5 });
    await page.keyboard.press("Enter");
    return page.evaluate(() => Promise.race([ended, new Promise((later) => setTimeout(later, 500))]));
  });
}

/** The blocks on `kaunter/testing` share its clock: one runs at a time. */
let before = Promise.resolve();
function runInNode(block) {
  const run = before.then(() => runOne(block));
  before = run.catch(() => {});
  return run;
}

/** Runs a block on `kaunter/testing`. Its file is inside the repository, so that Node finds the package. */
async function runOne({ text, marks }) {
  const dir = mkdtempSync(join(root, "target/block-"));
  try {
    const said = [];
    globalThis.show = (...words) => said.push(words.join(" "));
    const file = join(dir, "block.mjs");
    writeFileSync(file, text);
    await import(pathToFileURL(file));
    assert.ok(said.join("\n").includes(marks.says), `it says ${said.join("\n")}, not ${marks.says}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What a document may tell a reader to run. The tests of packages and programs run these, or what they do. */
const COMMANDS = [
  /^npm create vite@latest \w+ -- --template (vanilla|react|vue) --no-interactive$/,
  /^npm install( --install-links)?( kaunter| \.\.\/kaunter\/pkg)?$/,
  /^npm (run dev|start)$/,
  /^npx kaunter-(sandbox|backend( init| check-config)?)$/,
  /^cd [\w./-]+$/,
  /^mkdir -p [\w./-]+$/,
  /^cp (-r )?node_modules\/kaunter\S* [\w./-]+$/,
  /^export( [A-Z_]+=\S+)+$/,
  // Of an operator, on the machine that runs the backend.
  /^apt-get install \.\/kaunter-backend_\w+\.deb$/,
  /^runuser -u kaunter -- kaunter-backend --config \S+ check-config$/,
  /^systemctl enable --now kaunter-backend$/,
  /^podman build --file packaging\/container\/Containerfile --tag kaunter-backend \.$/,
];

function checkShell({ text }) {
  passes("bash", ["-n"], text);
  const plain = text.replace(/\$\([^)]*\)/g, "TEXT").replace(/(^|\s)#.*$/gm, "");
  for (const line of plain.split(/\n|&&|&|;|[()]/).map((line) => line.trim())) {
    if (line === "" || COMMANDS.some((known) => known.test(line))) continue;
    const words = line.split(/\s+/);
    if (words[0] === "cargo") checkXtask(words);
    else if (words[0] === "kaunter-backend") checkBackend(words.slice(1));
    else assert.fail(`nobody runs ${line}`);
  }
}

/** A command of `cargo xtask` is a variant of its enum, or a file of its own. */
function checkXtask([, xtask, name]) {
  assert.equal(xtask, "xtask");
  const sources = readdirSync(join(root, "xtask/tools/src")).map((file) => file.replace(/\.rs$/, ""));
  assert.ok([...sources, "build"].includes(name), `there is no cargo xtask ${name}`);
}

/** The backend explains its own commands: each option must be in its help. */
function checkBackend(words) {
  const { status, stdout, stderr } = spawnSync(KAUNTER_BACKEND, [...words, "--help"], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  for (const option of words.filter((word) => word.startsWith("--"))) assert.ok(stdout.includes(option), option);
}

/** What a configuration has at least. */
const LEAST = { shop: "demo", gateway: { base_url: "https://gateway.example/version1", profile: "documented" } };
const UNKNOWN_NAME = /unknown (field|variant)/;

/** The backend reads the settings: an unknown name is a mistake of the document, a missing key is not. */
function checkToml({ text }) {
  const given = parse(text);
  const gateway = { ...LEAST.gateway, ...given.gateway };
  if (gateway.words) delete gateway.profile;
  const settings = { ...LEAST, ...given, gateway };
  assert.doesNotMatch(checkConfig(settings), UNKNOWN_NAME);
  // The check finds a wrong name in any table.
  const [table] = Object.keys(given).filter((name) => given[name].constructor === Object);
  (table ? settings[table] : settings).misspelled_name = 1;
  assert.match(checkConfig(settings), UNKNOWN_NAME);
}

function checkConfig(settings) {
  const dir = mkdtempSync(join(root, "target/block-"));
  try {
    const file = join(dir, "kaunter.toml");
    writeFileSync(file, stringify(settings));
    const { stdout, stderr } = spawnSync(KAUNTER_BACKEND, ["--config", file, "check-config"], { encoding: "utf8" });
    return stdout + stderr;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function everyLine(text, pattern) {
  for (const line of text.trimEnd().split("\n")) assert.match(line, pattern);
}

function passes(program, args, input) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: "utf8" });
  assert.equal(status, 0, `${program}: ${error?.message ?? stdout + stderr}`);
}
