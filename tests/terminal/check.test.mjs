// The demo's page "Check this device": does it measure by itself, in Chromium with a camera and in Firefox without one?

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";
import { serve } from "../consumers/serve.mjs";
import { flags, show } from "./camera.mjs";
import { buildDemo } from "./visitor.mjs";

const { CHROMIUM: executablePath = "/usr/bin/chromium", FIREFOX = "/usr/bin/firefox-esr" } = process.env;

let dir, stop, browser, port;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-check-"));
  buildDemo(join(dir, "page"));
  stop = await serve(join(dir, "page"), 0, { base: "/", headers: {} });
  port = stop.port;
  const film = join(dir, "camera.y4m");
  await show(film, null);
  browser = await chromium.launch({ executablePath, args: flags(film) });
});
after(async () => {
  await browser?.close();
  stop?.();
  await rm(dir, { recursive: true, force: true });
});

test("a cashier presses Start and gets a sentence and a report without codes", async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/check.html`);
  await page.check("#camera-too");
  await page.click("#start");
  await page.waitForSelector("#report-part:not([hidden])", { timeout: 120_000 });
  const [verdict, report] = [await page.getAttribute("#result", "data-verdict"), await page.textContent("#report")];
  assert.ok(["good", "slow"].includes(verdict), `${verdict}: ${report}`);
  assert.match(report, /pictures read: (3[4-9]|40) of 40, wrong: 0/);
  assert.match(report, /drawn camera: (9|10) of 10 scans, frames come by stream/);
  assert.match(report, /own camera: 640 x 480, first look after \d/);
  assert.doesNotMatch(report, /\d{16}|TNG/, "no code");
});

test("in Firefox, whose page sends the frames, the check ends in the same way", async (t) => {
  if (!existsSync(FIREFOX) && !process.env.CI)
    return t.skip("there is no Firefox here: install firefox-esr, or name it in FIREFOX");
  const userDataDir = join(dir, "firefox");
  const firefox = await puppeteer.launch({ browser: "firefox", executablePath: FIREFOX, headless: true, userDataDir });
  t.after(() => firefox.close());
  const page = await firefox.newPage();
  await page.goto(`http://127.0.0.1:${port}/check.html`);
  await page.click("#start");
  await page.waitForSelector("#report-part:not([hidden])", { timeout: 120_000 });
  const report = await page.$eval("#report", (report) => report.textContent);
  assert.match(report, /pictures read: (3[4-9]|40) of 40, wrong: 0/);
  assert.match(report, /drawn camera: (9|10) of 10 scans, frames come by (frame|pixels)/);
  assert.doesNotMatch(report, /own camera/, "it was not asked for");
});
