// Two browsers behind the few words that these tests need: Chromium with a camera of a file, Firefox with a fake one.
// Firefox is the one that Debian ships: it is driven by WebDriver BiDi, which it speaks itself.

import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const { FIREFOX: executablePath = "/usr/bin/firefox-esr" } = process.env;

/** A till's browser, the same for both: `page()` is a tab, `kill(pages)` ends the processes that draw them. */
export const browsers = { Chromium: chromium, Firefox: firefox };

async function chromium(t, shop) {
  const machine = await shop.machine();
  return {
    name: "Chromium",
    page: () => machine.page(),
    before: (page, script) => page.addInitScript(script),
    async kill(pages) {
      for (const page of pages) {
        const gone = page.waitForEvent("crash");
        const session = await page.context().newCDPSession(page);
        session.send("Page.crash").catch(() => {}); // nobody is left to answer
        await gone;
      }
    },
    /** The disk is full for this origin. */
    async fill(page) {
      const session = await page.context().newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: shop.pages, quotaSize: 1 });
    },
  };
}

async function firefox(t, shop, { prefs = {} } = {}) {
  const userDataDir = await mkdtemp(join(tmpdir(), "kaunter-firefox-"));
  const extraPrefsFirefox = { "media.navigator.streams.fake": true, "media.navigator.permission.disabled": true, ...prefs };
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, userDataDir, extraPrefsFirefox, env: { ...process.env, HOME: userDataDir } });
  t.after(async () => {
    await browser.close().catch(() => {});
    await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    name: "Firefox",
    page: () => browser.newPage(),
    before: (page, script) => page.evaluateOnNewDocument(script),
    /** Firefox tells nobody which process draws which tab: every one of them is killed. */
    async kill() {
      for (const pid of drawing(browser.process().pid)) process.kill(pid, "SIGKILL");
    },
  };
}

/** The processes of a Firefox that draw pages. */
function drawing(parent) {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  const rows = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter(Boolean);
  const below = new Set([String(parent)]);
  // Since some version a process of its own starts them: children's children count too.
  for (let round = 0; round < 3; round++) for (const [, pid, ppid] of rows) if (below.has(ppid)) below.add(pid);
  return rows.filter(([, pid, , args]) => below.has(pid) && /-contentproc/.test(args) && /\btab$/.test(args)).map(([, pid]) => Number(pid));
}
