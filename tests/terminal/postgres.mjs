// A real PostgreSQL on loopback in its own folder: one server per test file, one database per counter.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const root = process.getuid?.() === 0;
const quiet = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };

/** PostgreSQL refuses to run as root, so the user `postgres` runs it. */
function run(program, args) {
  const [command, ...rest] = root ? ["runuser", "-u", "postgres", "--", program, ...args] : [program, ...args];
  const { status, stdout, stderr } = spawnSync(command, rest, {
    encoding: "utf8",
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

async function programs() {
  const base = "/usr/lib/postgresql";
  if (!existsSync(base) && root) {
    spawnSync("apt-get", ["update", "-qq"], { env: quiet });
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "postgresql"], { env: quiet });
  }
  if (!existsSync(base)) throw new Error("install PostgreSQL (Debian: apt-get install postgresql)");
  const versions = (await readdir(base)).map(Number).sort((one, other) => other - one);
  return join(base, String(versions[0]), "bin");
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * Copies an empty cluster. `initdb` makes one per machine, user and version, and it stays there: `initdb` takes seconds,
 * and a copy takes none.
 */
async function copyEmpty(bin, data) {
  const empty = join(tmpdir(), `kaunter-postgres-empty-${process.getuid?.()}-${basename(dirname(bin))}`);
  if (!existsSync(empty)) {
    const own = await mkdtemp(join(tmpdir(), "kaunter-initdb-"));
    if (root) spawnSync("chown", ["postgres", own]);
    const made = join(own, "data");
    run(join(bin, "initdb"), [
      "--pgdata",
      made,
      "--username",
      "kaunter",
      "--auth",
      "trust",
      "--no-sync",
      "--encoding",
      "UTF8",
    ]);
    // Another test file may have been faster.
    await rename(made, empty).catch((error) => assert.ok(existsSync(empty), error));
    await rm(own, { recursive: true, force: true });
  }
  run("cp", ["-a", empty, data]);
}

/** Starts a server; `database()` makes an empty database and gives its address. */
export async function postgres() {
  const bin = await programs();
  const dir = await mkdtemp(join(tmpdir(), "kaunter-postgres-"));
  if (root) spawnSync("chown", ["postgres", dir]);
  const port = await freePort();
  await copyEmpty(bin, join(dir, "data"));
  // Tests kill processes, and never the machine: what PostgreSQL has written survives without a wait for the disk.
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${dir} -c max_connections=200 -c fsync=off`;
  const start = () =>
    run(join(bin, "pg_ctl"), [
      "--pgdata",
      join(dir, "data"),
      "--wait",
      "--log",
      join(dir, "log"),
      "-o",
      settings,
      "start",
    ]);
  const halt = () => run(join(bin, "pg_ctl"), ["--pgdata", join(dir, "data"), "--mode", "immediate", "stop"]);
  start();
  let made = 0;
  return {
    /** Stops the server, and starts it again with the committed data. */
    halt,
    start,
    database() {
      const name = `kaunter_${++made}`;
      run(join(bin, "createdb"), ["--host", "127.0.0.1", "--port", String(port), "--username", "kaunter", name]);
      return `postgres://kaunter@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      halt();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
