// A store that can't be opened: does the error say the cause and what to do, without a password? And can other users of
// the machine read the store or a key?

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { counter, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";
import { open } from "./desk.mjs";

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

const password = "Pa55-of-nobody";

/** Starts the program, waits until it exits, and gives its output. */
async function started(shop, { env = {}, toml = (text) => text, args = [], as } = {}) {
  const file = join(shop.dir, "tried.toml");
  writeFileSync(file, toml(shop.toml("127.0.0.1:0")));
  const program = [shop.backendProgram.child.spawnfile, "--config", file, ...args];
  const [command, ...rest] = as ? ["setpriv", `--reuid=${as}`, `--regid=${as}`, "--clear-groups", ...program] : program;
  const child = spawn(command, rest, { env: { ...process.env, ...shop.environment, KAUNTER_LOG: "trace", ...env } });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  const gone = new Promise((done) => child.once("exit", done));
  await until("it ends, or listens", () => child.exitCode !== null || said.includes("listening on"), { ms: 20_000 });
  const listens = child.exitCode === null;
  if (listens) child.kill("SIGTERM");
  await gone;
  return { listens, code: child.exitCode, said };
}

test("a database that can't be opened: each cause has its sentence, with what to do, and without the password", async (t) => {
  const shop = await counter(t);
  const good = new URL(server.database());
  good.password = password;
  const at = (change) => {
    const url = new URL(good);
    change(url);
    return String(url);
  };
  // It accepts connections, and sends nothing.
  const deaf = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  // It speaks another protocol.
  const web = createServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(
    0,
    "127.0.0.1",
  );
  t.after(() => {
    deaf.close();
    web.close();
  });
  await until("they listen", () => deaf.listening && web.listening);
  const port = new URL(shop.sandbox).port;
  const cases = [
    [
      at((url) => {
        url.pathname = "/nowhere";
      }),
      /127\.0\.0\.1:\d+ has no database "nowhere": create it/,
    ],
    [
      at((url) => {
        url.username = "nobody";
      }),
      /nobody/,
    ],
    [
      at((url) => {
        url.port = "1";
      }),
      /no program listens at 127\.0\.0\.1:1: start PostgreSQL, or correct/,
    ],
    [
      at((url) => {
        url.hostname = "no-such-host.invalid";
      }),
      /the host of no-such-host\.invalid:\d+ is not known/,
    ],
    [
      at((url) => {
        url.port = deaf.address().port;
      }),
      /does not answer/,
    ],
    [
      at((url) => {
        url.port = web.address().port;
      }),
      /PostgreSQL's protocol|can't be reached/,
    ],
    [
      at((url) => {
        url.search = "?sslmode=require";
      }),
      /127\.0\.0\.1:\d+ gives no TLS connection, which sslmode/,
    ],
    [
      at((url) => {
        url.search = "?sslmode=perhaps";
      }),
      /not the address of a PostgreSQL/,
    ],
    [
      String(good).replace("postgres:", "mysql:"),
      /\(of a MySQL, maybe that of the shop's own program\) is not the address of a PostgreSQL/,
    ],
    [`mysql://root:${password}@127.0.0.1:${port}/laravel`, /begins with postgres:\/\//],
    [`sqlite:///tmp/${password}.db`, /SQLite/],
    [`host=127.0.0.1 password=${password}`, /is not the address of a PostgreSQL/],
    [`postgres://kaunter:12/${password}@127.0.0.1/kaunter`, /%2F/],
    [`postgres://kaunter:12#${password}@127.0.0.1/kaunter`, /%23/],
    [`postgres://kaunter:12?${password}@127.0.0.1/kaunter`, /%3F/],
  ];
  const sentences = new Set();
  for (const [url, words] of cases) {
    const { code, said } = await started(shop, { env: { KAUNTER_DATABASE_URL: url } });
    assert.notEqual(code, 0, String(words));
    assert.match(said, words);
    assert.doesNotMatch(said, new RegExp(password), "no password is told");
    sentences.add(said.split("\n").find((text) => text.startsWith("kaunter-backend: ")));
  }
  assert.ok(sentences.size >= 11, [...sentences].join("\n"));
});

test("a wrong password has its own error", async (t) => {
  const shop = await counter(t);
  const url = new URL(server.database());
  const psql = (sql) =>
    assert.equal(spawnSync("psql", ["--no-psqlrc", "--command", sql, String(url)], { encoding: "utf8" }).status, 0);
  psql("CREATE ROLE careful LOGIN PASSWORD 'right'");
  const hba = spawnSync(
    "psql",
    ["--no-psqlrc", "--tuples-only", "--no-align", "--command", "SHOW hba_file", String(url)],
    { encoding: "utf8" },
  ).stdout.trim();
  writeFileSync(hba, `host all careful 127.0.0.1/32 scram-sha-256\n${readFileSync(hba, "utf8")}`);
  psql("SELECT pg_reload_conf()");
  url.username = "careful";
  url.password = password;
  const { code, said } = await started(shop, { env: { KAUNTER_DATABASE_URL: String(url) } });
  assert.notEqual(code, 0);
  assert.match(said, /refuses the password of "careful": correct it in KAUNTER_DATABASE_URL/);
  assert.doesNotMatch(said, new RegExp(password));
  url.password = "right";
  const poor = await started(shop, { env: { KAUNTER_DATABASE_URL: String(url) } });
  assert.match(poor.said, /"careful" may not make tables in "kaunter_\d+"/);
});

test("an SQLite file that can't be opened: each cause has its sentence", async (t) => {
  const shop = await counter(t);
  const folder = (name, mode) => {
    const dir = join(shop.dir, name);
    mkdirSync(dir);
    chmodSync(dir, mode);
    return dir;
  };
  const text = join(shop.dir, "letter.txt");
  writeFileSync(text, "Dear database, this is no database at all. ".repeat(200));
  const cases = [
    [join(shop.dir, "nowhere/kaunter.db"), /database = .*nowhere.* is in a folder that does not exist/],
    [folder("folder", 0o700), /database = .* is a folder/],
    [text, /letter\.txt is not a SQLite database/],
  ];
  for (const [path, words] of cases) {
    const { code, said } = await started(shop, {
      toml: (toml) => toml.replace(/^database = .*/m, `database = ${JSON.stringify(path)}`),
    });
    assert.notEqual(code, 0, path);
    assert.match(said, words);
  }
  if (process.getuid?.() !== 0) return;
  // Root may write anywhere; nobody may not.
  chmodSync(shop.dir, 0o755);
  const { code, said } = await started(shop, {
    as: 65534,
    toml: (toml) =>
      toml.replace(/^database = .*/m, `database = ${JSON.stringify(join(folder("closed", 0o755), "kaunter.db"))}`),
  });
  assert.notEqual(code, 0);
  assert.match(said, /this user may not write/);
});

test("other users can't read the store's files, also those of an older start; an open folder gives a warning", async (t) => {
  const shop = await counter(t);
  await open(shop, "private");
  const modes = () =>
    ["kaunter.db", "kaunter.db-wal", "kaunter.db-shm"].map((name) =>
      (statSync(join(shop.dir, name)).mode & 0o777).toString(8),
    );
  assert.deepEqual(modes(), ["600", "600", "600"]);
  await shop.stopBackend("SIGKILL");
  for (const name of ["kaunter.db", "kaunter.db-wal", "kaunter.db-shm"]) chmodSync(join(shop.dir, name), 0o644);
  chmodSync(shop.dir, 0o755);
  await shop.startBackend();
  await open(shop, "still");
  assert.deepEqual(modes(), ["600", "600", "600"]);
  assert.match(
    shop.backendProgram.words,
    /other users of this machine have access to .*folder .* \(mode 755\): chmod 700/,
  );
});

test("a crash writes nothing to the disk", {
  skip: process.platform === "linux" ? false : "SKIPPED: it reads /proc",
}, async (t) => {
  const shop = await counter(t);
  const limits = readFileSync(`/proc/${shop.backendProgram.child.pid}/limits`, "utf8");
  assert.match(limits, /Max core file size\s+0\s+0\s/, "soft and hard limit");
});

test("files with keys: one that others may read gives a warning; one that others may write, or that can't be read, is refused", async (t) => {
  const shop = await counter(t);
  const key = join(shop.dir, "key");
  const check = async (prepare) => {
    writeFileSync(key, "0123456789abcdef0123456789abcdef\n");
    chmodSync(key, 0o600);
    prepare?.();
    const environment = { ...process.env, ...shop.environment, KAUNTER_SIGNING_KEY_FILE: key };
    delete environment.KAUNTER_SIGNING_KEY;
    const file = join(shop.dir, "tried.toml");
    writeFileSync(file, shop.toml("127.0.0.1:0"));
    const run = spawnSync(shop.backendProgram.child.spawnfile, ["--config", file, "check-config"], {
      env: environment,
      encoding: "utf8",
    });
    return { status: run.status, said: run.stdout + run.stderr };
  };
  const good = await check();
  assert.deepEqual([good.status, /warning/.test(good.said)], [0, false], good.said);
  const read = await check(() => chmodSync(key, 0o644));
  assert.equal(read.status, 0, read.said);
  assert.match(
    read.said,
    /^warning: KAUNTER_SIGNING_KEY_FILE names .*key, which other users of this machine may read: let only .* with chmod 600/m,
  );
  for (const mode of [0o620, 0o602, 0o666]) {
    const written = await check(() => chmodSync(key, mode));
    assert.notEqual(written.status, 0);
    assert.match(written.said, /may write: let only .* with chmod 600/);
  }
  const gone = await check(() => spawnSync("rm", [key]));
  assert.notEqual(gone.status, 0);
  assert.match(gone.said, /KAUNTER_SIGNING_KEY_FILE names .*key, which does not exist/);
  const empty = await check(() => writeFileSync(key, "\n"));
  assert.match(empty.said, /which is empty/);
});
