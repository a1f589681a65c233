// The demo's page as a visitor uses it: in a test, and in the README's recording.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const www = fileURLToPath(new URL("../../www/", import.meta.url));
const vite = fileURLToPath(new URL("../../node_modules/vite/bin/vite.js", import.meta.url));

/** Builds the demo into a folder, from the built modules. */
export function buildDemo(dir) {
  const args = [vite, "build", "--config", "vite.demo.config.js", "--outDir", dir, "--logLevel", "warn"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: www, encoding: "utf8" });
  if (status !== 0) throw new Error(`the demo was not built: ${stdout}${stderr}`);
}

export class Visitor {
  constructor(page) {
    this.page = page;
    this.till = page.frameLocator("#till iframe");
  }
  /** Waits for a screen of the till in its frame. */
  async screen(view, kind) {
    await this.till.locator(`body[data-view="${view}"]${kind ? `[data-kind="${kind}"]` : ""}`).waitFor();
  }
  async choose(story) {
    await this.page.click(`[data-story="${story}"]`);
    await this.screen("ready", "ready");
  }
  async charge() {
    await this.till.locator("#primary").click();
    await this.screen("scan", "scanning");
  }
  /** Charges, and lets the camera read the phone, by the button or in another way. */
  async pay(holdUp = () => this.page.click("#hold-up")) {
    await this.charge();
    await holdUp();
    await this.screen("waiting");
  }
  async cancel() {
    await this.till.locator("#second:enabled").click();
    await this.till.locator("#cancel-yes").click();
  }
}
