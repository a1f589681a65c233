// Two browsers behind the few words that these tests need: Chromium with a camera of a file, Firefox with a fake one.
// Firefox is the one that Debian ships: it is driven by WebDriver BiDi, which it speaks itself.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const { FIREFOX: executablePath = "/usr/bin/firefox-esr" } = process.env;

/**
 * A till's browser, the same for both: `page()` is a tab, `kill(pages)` ends the processes that draw them. Null: not
 * here.
 */
export const browsers = { Chromium: chromium, Firefox: firefox };

async function chromium(_t, shop) {
  const machine = await shop.machine();
  return {
    name: "Chromium",
    page: () => machine.page(),
    before: (page, script) => page.addInitScript(script),
    async kill(pages) {
      const gone = pages.map((page) => page.waitForEvent("crash"));
      for (const page of pages) {
        // Two tabs may share a process: then the second one has nobody left to speak to.
        const session = await page
          .context()
          .newCDPSession(page)
          .catch(() => null);
        session?.send("Page.crash").catch(() => {});
      }
      await Promise.all(gone);
    },
    /** The disk is full for this origin. */
    async fill(page) {
      const session = await page.context().newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: shop.pages, quotaSize: 1 });
    },
  };
}

async function firefox(t, _shop, { prefs = {} } = {}) {
  if (!existsSync(executablePath) && !process.env.CI) {
    t.skip("there is no Firefox here: install firefox-esr, or name it in FIREFOX");
    return null;
  }
  const userDataDir = await mkdtemp(join(tmpdir(), "kaunter-firefox-"));
  const extraPrefsFirefox = {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    ...prefs,
  };
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath,
    headless: true,
    userDataDir,
    extraPrefsFirefox,
    env: { ...process.env, HOME: userDataDir },
  });
  t.after(async () => {
    await browser.close().catch(() => {});
    await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    name: "Firefox",
    page: () => browser.newPage(),
    before: (page, script) => page.evaluateOnNewDocument(script),
    /**
     * Firefox tells nobody which process draws which tab: every one of them is killed, and the dead tabs are closed.
     */
    async kill(pages) {
      for (const pid of drawing(browser.process().pid)) process.kill(pid, "SIGKILL");
      for (const page of pages) await page.close().catch(() => {});
    },
  };
}

/** The processes of a Firefox that draw pages. */
function drawing(parent) {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const ppid = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))[1];
        return [{ pid, ppid, words: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean) }];
      } catch {
        return []; // it ended while we read
      }
    });
  const below = new Set([String(parent)]);
  // A fork server may stand between the browser and its processes.
  for (let round = 0; round < 3; round++) for (const { pid, ppid } of all) if (below.has(ppid)) below.add(pid);
  return all
    .filter(({ pid, words }) => below.has(pid) && words.includes("-contentproc") && words.includes("tab"))
    .map(({ pid }) => Number(pid));
}
