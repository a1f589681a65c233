// Runs a shop's server in PHP.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { until } from "./harness.mjs";

const PACKAGES = ["php-cli", "php-sqlite3"];

/** Installs PHP where the test may, as on a hosted machine. */
export function needPhp() {
  const isThere = () => /^pdo_sqlite$/m.test(spawnSync("php", ["--modules"], { encoding: "utf8" }).stdout ?? "");
  if (!isThere() && process.getuid?.() === 0) {
    const quiet = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
    spawnSync("apt-get", ["update", "-qq"], quiet);
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...PACKAGES], quiet);
  }
  assert.ok(isThere(), `install PHP's command line (Debian: apt-get install ${PACKAGES.join(" ")})`);
}

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts `php -S` at a port with the shop's keys, and waits for `first` to be answered. Gives its address. */
export async function servePhp(t, shop, { port, args = [], cwd, first, environment = {} }) {
  const keys = {
    KAUNTER_SERVER_KEY: shop.keys.KAUNTER_SERVER_KEY,
    KAUNTER_BACKEND: shop.backend,
    PHP_CLI_SERVER_WORKERS: "4",
    ...environment,
  };
  // Its own process group, because PHP's workers outlive the process that started them.
  const server = spawn("php", ["-S", `127.0.0.1:${port}`, ...args], {
    cwd,
    env: { ...process.env, ...keys },
    detached: true,
  });
  let words = "";
  server.stderr.on("data", (chunk) => {
    words += chunk;
  });
  t.after(() => process.kill(-server.pid));
  const url = `http://127.0.0.1:${port}`;
  await until(
    "PHP listens",
    async () => {
      const answer = await fetch(`${url}/${first}`);
      if (!answer.ok) throw new Error(words.slice(-1000));
      return true;
    },
    { every: 20 },
  );
  return { url, words: () => words };
}
