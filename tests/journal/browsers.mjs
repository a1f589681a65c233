// A common interface to two browsers: Chromium with a camera file, and Firefox with its fake camera. Firefox is
// Debian's; puppeteer drives it with WebDriver BiDi.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const { FIREFOX: executablePath = "/usr/bin/firefox-esr" } = process.env;

/**
 * A till's browser: `page()` opens a tab, `kill(pages)` kills the processes that render them. `null` if the browser is
 * not installed.
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
        // Two tabs may share a process, which is then dead already for the second one.
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
     * Firefox does not report which process renders which tab. So all of them are killed, and the dead tabs closed.
     */
    async kill(pages) {
      for (const pid of drawing(browser.process().pid)) process.kill(pid, "SIGKILL");
      for (const page of pages) await page.close().catch(() => {});
    },
  };
}

/** The content processes of a Firefox. */
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
  // A fork server may be the parent of the browser's processes.
  for (let round = 0; round < 3; round++) for (const { pid, ppid } of all) if (below.has(ppid)) below.add(pid);
  return all
    .filter(({ pid, words }) => below.has(pid) && words.includes("-contentproc") && words.includes("tab"))
    .map(({ pid }) => Number(pid));
}
