// Starts WebKitGTK and Firefox with a page. Each skips the test if its browser is missing.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

/** MiniBrowser, which comes with WebKitGTK. */
function miniBrowser() {
  const lib = "/usr/lib";
  const near = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name, "webkit2gtk-4.1/MiniBrowser")) : [];
  return [process.env.MINIBROWSER, ...near].find((path) => path && existsSync(path));
}

async function home(t) {
  const folder = await mkdtemp(join(tmpdir(), "kaunter-road-"));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Starts it with its mock camera, which is allowed without a prompt. `features` are WebKit's names. */
export async function webkit(t, address, features) {
  const browser = miniBrowser();
  if (!browser && !process.env.CI)
    return t.skip(
      "there is no WebKitGTK here: install webkit2gtk-driver, xvfb and xauth, or name its MiniBrowser in MINIBROWSER",
    );
  const folder = await home(t);
  const args = [
    "--enable-media-stream=true",
    "--enable-mock-capture-devices=true",
    `--features=+MockCaptureDevices,-MockCaptureDevicesPrompt,${features}`,
    "--media-playback-requires-user-gesture=false",
    address,
  ];
  const child = spawn("xvfb-run", ["-a", browser, ...args], {
    stdio: "ignore",
    detached: true,
    env: { ...process.env, HOME: folder, XDG_CACHE_HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  const gone = new Promise((done) => child.once("exit", done));
  // Ends the virtual screen and all programs on it.
  t.after(() => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      /* it has ended */
    }
    return gone;
  });
  return true;
}

export async function firefox(t, address) {
  const { FIREFOX: executablePath = "/usr/bin/firefox-esr" } = process.env;
  if (!existsSync(executablePath) && !process.env.CI)
    return t.skip("there is no Firefox here: install firefox-esr, or name it in FIREFOX");
  const userDataDir = await home(t);
  const extraPrefsFirefox = { "media.navigator.streams.fake": true, "media.navigator.permission.disabled": true };
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath,
    headless: true,
    userDataDir,
    extraPrefsFirefox,
    env: { ...process.env, HOME: userDataDir },
  });
  t.after(() => browser.close().catch(() => {}));
  await (await browser.newPage()).goto(address);
  return true;
}
