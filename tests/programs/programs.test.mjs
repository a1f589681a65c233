// Publishes the packages of the programs to a registry on this machine, and uses them as a person without Rust does.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assemble } from "../../xtask/programs.mjs";
import { until } from "../terminal/harness.mjs";
import { Machine, registry } from "./registry.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const built = dirname(process.env.KAUNTER_BACKEND ?? join(root, "target/debug/kaunter-backend"));
/** Start of `npx kaunter-sandbox` with the packages in npm's cache: on a quiet machine one second. */
const MAX_START_S = 5;

let dir, local, machine;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-programs-"));
  local = await registry(await mkdtemp(join(dir, "registry-")));
  machine = await new Machine(join(dir, "home"), local.host).setUp();
  const folders = await assemble(join(dir, "packages"), { [hostTarget()]: built });
  const published = await Promise.all(folders.map((folder) => publish(folder)));
  for (const { code, said } of published) assert.equal(code, 0, said);
});

after(async () => {
  local?.close();
  await rm(dir, { recursive: true, force: true });
});

/** The target whose package npm installs on this machine. The test command has built its programs already. */
function hostTarget() {
  const cpu = { x64: "x86_64", arm64: "aarch64" }[process.arch];
  const system = { linux: "unknown-linux-musl", darwin: "apple-darwin", win32: "pc-windows-gnu" }[process.platform];
  return `${cpu}-${system}`;
}

/** Publishes a folder. npm compresses as well as it can, which takes seconds for a program with its debug symbols. */
async function publish(folder) {
  const program = basename(dirname(folder)).startsWith("@");
  if (!program || process.platform !== "linux") return machine.run(["npm", "publish", folder], dir);
  const [name] = await readdir(join(folder, "bin"));
  await ran("strip", [join(folder, "bin", name)]);
  const tarball = `${folder}.tgz`;
  await ran("tar", [
    "-c",
    "--use-compress-program=gzip -1",
    `--transform=s,^\\.,package,`,
    "-f",
    tarball,
    "-C",
    folder,
    ".",
  ]);
  return machine.run(["npm", "publish", "--access", "public", tarball], dir);
}

async function ran(program, args) {
  const child = spawn(program, args, { stdio: "inherit" });
  const [code] = await once(child, "exit");
  assert.equal(code, 0, program);
}

/** Starts the sandbox by npx in an empty folder, and gives what it printed. */
async function sandbox(t, name, args) {
  const began = performance.now();
  const running = machine.start(["npx", "kaunter-sandbox", ...args], await machine.folder(name));
  t.after(() => running.interrupt("SIGKILL"));
  const found = await Promise.race([
    until("the addresses are printed", () =>
      /ready after ([\d.]+) s[\s\S]*terminal +(\S+)\n.*phone +(\S+)\n/.exec(running.said()),
    ),
    running.gone.then(({ said }) => assert.fail(`it ended: ${said}`)),
  ]);
  const [, own, terminal, phone] = found;
  return { ...running, own: Number(own), whole: (performance.now() - began) / 1000, terminal, phone };
}

test("npx kaunter-sandbox, in an empty folder without Rust, takes a sale, and Ctrl-C ends everything", async (t) => {
  // npm has no cache yet: this is the first start, with the download.
  const running = await sandbox(t, "sale", ["--port", "0"]);
  const url = new URL(running.phone).origin;
  const env = {
    ...process.env,
    KAUNTER_TERMINAL: running.terminal,
    KAUNTER_SANDBOX_URL: url,
    KAUNTER_OUT: dir,
    KAUNTER_FAULT: "",
  };
  const sale = spawn("node", [join(root, "tests/terminal/auto.mjs")], { env });
  let words = "";
  for (const stream of [sale.stdout, sale.stderr])
    stream.on("data", (chunk) => {
      words += chunk;
    });
  const [code] = await once(sale, "close");
  assert.equal(code, 0, words);
  assert.match(words, /yes {2}charged once/);
  assert.equal((await readdir(machine.env.TMPDIR)).filter((name) => name.startsWith("kaunter-demo-")).length, 1);
  running.interrupt();
  await running.gone;
  for (const address of [running.terminal, running.phone])
    await assert.rejects(fetch(address), "nothing listens any more");
  assert.deepEqual(await readdir(machine.env.TMPDIR), [], "the store is removed");

  const again = await sandbox(t, "again", ["--port", "0"]);
  t.diagnostic(
    `first start ${running.whole.toFixed(1)} s with the download, then ${again.whole.toFixed(1)} s; the program ${again.own} s`,
  );
  assert.ok(again.whole < MAX_START_S, `${again.whole} s`);
  again.interrupt();
  await again.gone;
});

test("a port in use is named, with the way to choose another", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const { port } = taken.address();
  const { code, said } = await machine.run(
    ["npx", "kaunter-sandbox", "--port", String(port)],
    await machine.folder("port"),
  );
  assert.equal(code, 1, said);
  // The sandbox takes two neighbours. By chance, another program may have the second one, too.
  assert.match(said, new RegExp(`port (${port}|${port + 1}) is in use: .*--port 9000`));
});

test("npx kaunter-backend init writes fresh keys and never overwrites; check-config names all that is missing; then it starts", async (t) => {
  const folder = await machine.folder("backend");
  const npx = (...args) => machine.run(["npx", "kaunter-backend", ...args], folder);
  const made = await npx("init");
  assert.equal(made.code, 0, made.said);
  const [toml, keys] = ["kaunter.toml", "kaunter.env"].map((name) => join(folder, name));
  const text = await readFile(keys, "utf8");
  const secrets = [...text.matchAll(/^KAUNTER_\w+_KEY='([0-9a-f]{64})'$/gm)].map(([, secret]) => secret);
  assert.equal(new Set(secrets).size, 3, "three keys, each its own");
  for (const secret of secrets) assert.doesNotMatch(made.said, new RegExp(secret));
  for (const file of [toml, keys]) assert.equal((await stat(file)).mode & 0o777, 0o600);
  const second = await npx("init");
  assert.equal(second.code, 1);
  assert.match(second.said, /kaunter\.toml is there already, and no file is overwritten/);
  assert.equal(await readFile(keys, "utf8"), text);

  const lacking = await npx("check-config");
  assert.equal(lacking.code, 1, lacking.said);
  const names = [...lacking.said.matchAll(/^(?:\S+: )?(\S+) is missing: add the line `/gm)].map(([, name]) => name);
  const gateway = ["KEY", "SECRET", "MERCHANT", "PASSWORD"].map((name) => `KAUNTER_GATEWAY_${name}`);
  assert.deepEqual(names, ["shop", "gateway.base_url", ...gateway]);
  for (const [file, old, line] of [
    [toml, /^# shop = .*$/m, 'shop = "kedai"'],
    // The documented profile, and a gateway on this machine that does not answer.
    [toml, /^# base_url = .*$/m, 'base_url = "http://127.0.0.1:9/version1"'],
    [toml, /^listen = .*$/m, 'listen = "127.0.0.1:0"'],
    [keys, /=''$/gm, "='$from \\the portal'"],
  ])
    await writeFile(
      file,
      (await readFile(file, "utf8")).replace(old, () => line),
    );
  const good = await npx("check-config");
  assert.deepEqual([good.code, good.said.trim()], [0, "kaunter.toml: good"]);

  const running = machine.start(["npx", "kaunter-backend"], folder);
  t.after(() => running.interrupt("SIGKILL"));
  const address = await until("it listens", () => /listening on (\S+)/.exec(running.said())?.[1]);
  assert.equal((await fetch(`${address}/healthz`)).status, 200);
  running.interrupt("SIGTERM");
  await running.gone;
  await assert.rejects(fetch(address));
});

test("an installed launcher passes arguments, exit codes and signals on, and says why a program is missing", async () => {
  const folder = await machine.folder("installed");
  const bin = join(folder, "node_modules/.bin/kaunter-backend");
  const install = (...args) => machine.run(["npm", "install", ...args], folder);
  const without = await install("--omit=optional", "kaunter-backend");
  assert.equal(without.code, 0, without.said);
  const own = `@kaunter/backend-${process.platform}-${process.arch}`;
  const omitted = await machine.run([bin, "--version"], folder);
  assert.equal(omitted.code, 1);
  assert.match(omitted.said, new RegExp(`${own} is not installed.*--omit=optional.*npm install ${own}@\\d`));
  const complete = await install("--include=optional", "kaunter-backend");
  assert.equal(complete.code, 0, complete.said);
  const papers = [
    "kaunter-backend/LICENSE-MIT",
    `${own}/LICENSE-MIT`,
    `${own}/THIRD-PARTY.txt`,
    `${own}/sbom.cdx.json`,
  ];
  for (const paper of papers) await stat(join(folder, "node_modules", paper));
  const { version } = JSON.parse(await readFile(join(root, "pkg/package.json"), "utf8"));
  assert.deepEqual(await machine.run([bin, "--version"], folder), {
    code: 0,
    signal: null,
    said: `kaunter-backend ${version}\n`,
  });
  assert.equal((await machine.run([bin, "audit", "verify"], folder)).code, 2, "the program's own exit code");

  /** What the launcher says where Node calls itself another system. */
  const elsewhere = (property, value) => {
    const change = `Object.defineProperty(process, "${property}", { value: "${value}" });`;
    return machine.run([bin, "--version"], folder, {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(change)}`,
    });
  };
  assert.match(
    (await elsewhere("platform", "freebsd")).said,
    /no program for freebsd-\w+, only for linux-x64, .*win32-x64/,
  );
  const other = process.arch === "x64" ? "arm64" : "x64";
  assert.match(
    (await elsewhere("arch", other)).said,
    new RegExp(`program of linux-${process.arch} is installed, but this Node is one for linux-${other}`),
  );
});
