// Looks at the programs that were built for other systems, and starts those that this machine can start.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../terminal/harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const out = join(root, "target/packages");
const WINE = "/usr/lib/wine/wine64";
const isDebianRoot = existsSync("/etc/debian_version") && process.getuid() === 0;
/** Zig compiles its own libraries first, which takes a minute. */
const TOOL_MS = 600_000;
const has = (program) => !spawnSync(program, ["--version"]).error;

let dir;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-systems-"));
});
after(() => rm(dir, { recursive: true, force: true }));

/** Runs a program to its end. */
function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: TOOL_MS,
    ...options,
  });
  assert.equal(error, undefined, program);
  return { status, said: stdout + stderr };
}

/** Runs it, and fails if it fails. */
function ran(program, args, options) {
  const { status, said } = run(program, args, options);
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${said}`);
  return said;
}

/** The path of a program in its npm package. */
const packed = (name, program) => join(out, "npm/@kaunter", name, "bin", program);

/** The number of a processor in the head of a program (`e_machine`). */
const PROCESSORS = { "linux-x64": 62, "linux-arm64": 183 };
/** The kind of a header that names a loader, which a static program does not need (`PT_INTERP`). */
const LOADER = 3;

for (const [system, processor] of Object.entries(PROCESSORS))
  test(`the programs for ${system} are static, for that processor`, async () => {
    for (const [prefix, program] of [
      ["backend", "kaunter-backend"],
      ["sandbox", "kaunter-demo"],
    ]) {
      const file = await open(packed(`${prefix}-${system}`, program));
      const head = Buffer.alloc(4096);
      await file.read(head, 0, head.length, 0);
      await file.close();
      assert.deepEqual([head.toString("latin1", 1, 4), head.readUInt16LE(18)], ["ELF", processor]);
      // Each header has 56 bytes.
      const [at, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(56)];
      const kinds = Array.from({ length: count }, (_, nth) => head.readUInt32LE(at + nth * 56));
      assert.ok(kinds.length > 3 && !kinds.includes(LOADER), `${program} needs a loader`);
    }
  });

/**
 * Rust's programs take their randomness from a library of Windows that Wine has since version 9. An older Wine gets one
 * beside the program, which asks Wine's other source.
 */
async function randomness(folder) {
  const own = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/bcryptprimitives.dll";
  if (existsSync(own)) return;
  const source = join(folder, "random.c");
  await writeFile(
    source,
    `unsigned char SystemFunction036(void *bytes, unsigned long length);
__declspec(dllexport) int ProcessPrng(unsigned char *bytes, unsigned long long length) {
  return SystemFunction036(bytes, (unsigned long)length);
}
`,
  );
  const library = join(folder, "bcryptprimitives.dll");
  const args = ["cc", "-target", "x86_64-windows-gnu", "-O2", "-shared", "-o", library, source, "-ladvapi32"];
  ran(join(out, "tools/bin/python-zig"), args);
}

test("the program for Windows starts, and warns of what Windows lacks", async (t) => {
  if (!existsSync(WINE)) return t.skip("SKIPPED: it needs Wine (Debian: apt-get install wine64)");
  const env = { ...process.env, WINEPREFIX: join(dir, "wine"), WINEDEBUG: "-all", WINEDLLOVERRIDES: "mscoree,mshtml=" };
  t.after(() => run("/usr/lib/wine/wineserver", ["-k"], { env }));
  const folder = join(dir, "windows");
  await mkdir(folder);
  await randomness(folder);
  for (const [name, program] of [
    ["backend-win32-x64", "kaunter-backend.exe"],
    ["sandbox-win32-x64", "kaunter-demo.exe"],
  ])
    await copyFile(packed(name, program), join(folder, program));
  const windows = (...args) => run(WINE, [join(folder, "kaunter-backend.exe"), ...args], { cwd: folder, env });
  const { version } = JSON.parse(await readFile(join(root, "pkg/package.json"), "utf8"));
  assert.match(windows("--version").said, new RegExp(`^kaunter-backend ${version}`));
  const made = windows("init", "--shop", "kedai", "--gateway", "https://gateway.example/version1");
  assert.equal(made.status, 0, made.said);
  const keys = join(folder, "kaunter.env");
  const text = await readFile(keys, "utf8");
  assert.equal(windows("check-config").status, 1, "the gateway's keys are missing");
  await writeFile(keys, text.replaceAll("=''", "='x'"));
  const checked = windows("check-config");
  assert.equal(checked.status, 0, checked.said);
  assert.match(checked.said, /warning: this system shows no permissions of files.*no SIGTERM/);
  // The demo is a whole backend, with its store and its pages.
  const pages = join(out, "npm/@kaunter/sandbox-win32-x64/share/kaunter/terminal");
  const demo = spawn(WINE, [join(folder, "kaunter-demo.exe"), "--port", "0", "--pages", `Z:${pages}`], { env });
  t.after(() => demo.kill("SIGKILL"));
  let words = "";
  demo.stdout.on("data", (chunk) => {
    words += chunk;
  });
  const terminal = await until("the demo's address", () => /terminal +(http:\S+)/.exec(words)?.[1]);
  assert.match(await (await fetch(terminal)).text(), /<title>/);
});

test("the Debian package installs user, folders, page and keys, and keeps the store when it is purged", async (t) => {
  if (!isDebianRoot || process.arch !== "x64") return t.skip("SKIPPED: it needs root on Debian, on x64");
  const deb = join(out, "kaunter-backend_amd64.deb");
  const field = (name) => ran("dpkg-deb", ["--field", deb, name]).trim();
  assert.deepEqual([field("Package"), field("Architecture")], ["kaunter-backend", "amd64"]);
  assert.doesNotMatch(field("Depends"), /libc/, "the program is static");
  if (run("dpkg-query", ["--show", "kaunter-backend"]).status === 0)
    return t.skip("SKIPPED: kaunter-backend is installed on this machine");
  t.after(() => run("dpkg", ["--purge", "kaunter-backend"]));
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "adduser", "ca-certificates"]);
  const said = ran("dpkg", ["--install", deb]);
  const [toml, keys] = ["/etc/kaunter/kaunter.toml", "/etc/kaunter/kaunter.env"];
  assert.equal(await readFile(toml, "utf8"), await readFile(join(root, "src/backend/config/template.toml"), "utf8"));
  const before = await readFile(keys, "utf8");
  for (const [, secret] of before.matchAll(/='(\w+)'$/gm)) assert.ok(!said.includes(secret), "no key is printed");
  const stat = ran("stat", ["--format=%U %a %n", toml, keys, "/etc/kaunter", "/var/lib/kaunter"]).trim().split("\n");
  assert.deepEqual(stat, [
    `kaunter 600 ${toml}`,
    `kaunter 600 ${keys}`,
    "kaunter 700 /etc/kaunter",
    "kaunter 700 /var/lib/kaunter",
  ]);
  assert.ok(existsSync("/usr/share/kaunter/terminal/index.html"));
  const verified = run("systemd-analyze", ["verify", "kaunter-backend.service"]);
  assert.deepEqual(verified, { status: 0, said: "" });

  // An operator completes the configuration, and adds the page that came along.
  await writeFile(keys, before.replaceAll("=''", "='x'"));
  const text = (await readFile(toml, "utf8"))
    .replace(/^# shop = .*/m, 'shop = "kedai"')
    .replace(/^# base_url = .*/m, 'base_url = "https://gateway.example/version1"')
    .replace(/^# (\[terminal\]|token_url = .*)/gm, "$1");
  await writeFile(toml, text);
  const own = ["-u", "kaunter", "--", "kaunter-backend", "--config", toml];
  const good = run("runuser", [...own, "check-config"], { cwd: "/var/lib/kaunter" });
  assert.deepEqual(good, { status: 0, said: `${toml}: good\n` });
  ran("dpkg", ["--install", "--force-confold", deb]);
  assert.equal(await readFile(toml, "utf8"), text, "an update keeps the configuration");
  assert.match(await readFile(keys, "utf8"), /='x'/, "and the keys");
  await writeFile("/var/lib/kaunter/kaunter.db", "");
  t.after(() => rm("/var/lib/kaunter", { recursive: true, force: true }));
  ran("dpkg", ["--purge", "kaunter-backend"]);
  const left = ["/etc/kaunter", "/usr/bin/kaunter-backend", "/var/lib/kaunter/kaunter.db"].map((path) =>
    existsSync(path),
  );
  assert.deepEqual(left, [false, false, true]);
});

test("the container is built and starts; the compose file is valid", async (t) => {
  if (!has("buildah") || process.arch !== "x64")
    return t.skip("SKIPPED: it needs Buildah (Debian: apt-get install buildah)");
  const env = { ...process.env, BUILDAH_ISOLATION: "chroot" };
  const store = ["--storage-driver", "vfs", "--root", join(dir, "images"), "--runroot", join(dir, "containers")];
  const buildah = (...args) => ran("buildah", [...store, ...args], { env, cwd: root });
  // An image with this machine's own authorities stands for the one that would be downloaded.
  await writeFile(
    join(dir, "Containerfile"),
    "FROM scratch\nCOPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n",
  );
  buildah("build", "--quiet", "--file", join(dir, "Containerfile"), "--tag", "certificates", "/etc/ssl/certs");
  const file = ["--file", "packaging/container/Containerfile", "--build-arg", "CERTIFICATES=localhost/certificates"];
  buildah("build", "--quiet", ...file, "--tag", "kaunter-backend", ".");
  const container = buildah("from", "localhost/kaunter-backend").trim();
  const { version } = JSON.parse(await readFile(join(root, "pkg/package.json"), "utf8"));
  const told = buildah("run", "--user", "0:0", container, "--", "/usr/bin/kaunter-backend", "--version");
  assert.equal(told.trim(), `kaunter-backend ${version}`);
  assert.match(
    buildah("inspect", "--format", "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}", container),
    /^65532:65532 \[\/usr\/bin\/kaunter-backend/,
  );
  if (has("docker-compose"))
    ran("docker-compose", ["--file", join(root, "packaging/container/compose.yaml"), "config", "--quiet"]);
});
