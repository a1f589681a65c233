// A real PgBouncer in transaction mode, connected to our own PostgreSQL, on loopback.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../terminal/harness.mjs";

const root = process.getuid?.() === 0;
const program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];

const found = program.find((file) => existsSync(file)) ?? null;
/** For a test's options: skips the test, with a message, if PgBouncer is missing. */
export const skip = found ? false : "SKIPPED: this test needs PgBouncer (Debian: apt-get install pgbouncer)";

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts PgBouncer for the database of `url`, and gives its address. `settings` are lines of its configuration. */
export async function pgbouncer(t, url, settings = []) {
  const behind = new URL(url);
  const dir = await mkdtemp(join(tmpdir(), "kaunter-pgbouncer-"));
  const port = await freePort();
  await writeFile(join(dir, "users"), '"kaunter" ""\n');
  await writeFile(
    join(dir, "pgbouncer.ini"),
    [
      "[databases]",
      `* = host=127.0.0.1 port=${behind.port}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = trust",
      `auth_file = ${join(dir, "users")}`,
      "pool_mode = transaction",
      "default_pool_size = 3",
      "max_client_conn = 200",
      "ignore_startup_parameters = extra_float_digits",
      ...settings,
      "",
    ].join("\n"),
  );
  await chmod(dir, 0o755);
  const args = [join(dir, "pgbouncer.ini")];
  // It does not run as root.
  const child = root
    ? spawn("runuser", ["-u", "postgres", "--", found, ...args], { stdio: ["ignore", "pipe", "pipe"] })
    : spawn(found, args, { stdio: ["ignore", "pipe", "pipe"] });
  const seen = { words: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      seen.words += chunk;
    });
  const gone = new Promise((done) => child.once("exit", done));
  t.after(async () => {
    child.kill("SIGTERM");
    await gone;
    await rm(dir, { recursive: true, force: true });
  });
  await until(
    "PgBouncer listens",
    () =>
      new Promise((done) => {
        const socket = connect(port, "127.0.0.1")
          .once("connect", () => {
            socket.destroy();
            done(true);
          })
          .once("error", () => done(false));
      }),
  );
  return `postgres://kaunter@127.0.0.1:${port}${behind.pathname}`;
}
