// A registry of npm on this machine, which knows only what is published to it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runServer } from "verdaccio";

/** Starts the registry in a folder. It has no other registry behind it, so nothing leaves this machine. */
export async function registry(dir) {
  const everybody = { access: "$all", publish: "$all", unpublish: "$all" };
  const app = await runServer({
    self_path: join(dir, "config.yaml"),
    storage: join(dir, "storage"),
    auth: { htpasswd: { file: join(dir, "htpasswd"), max_users: -1 } },
    uplinks: {},
    packages: { "@*/*": everybody, "**": everybody },
    max_body_size: "200mb",
    log: { type: "stdout", format: "json", level: "fatal" },
    web: { enable: false },
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections?.();
    server.close();
  };
  return { host, close };
}

/** The path of a program of this machine. */
function which(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const path = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  assert.ok(path, `${name} is missing`);
  return path;
}

/** What a program said, and how it ended. */
async function ended(child, words) {
  const [code, signal] = await once(child, "close");
  return { code, signal, said: words() };
}

/**
 * A user's machine: an empty home, npm with that registry, and no program on the PATH but Node, npm and a shell. So
 * Rust is not there.
 */
export class Machine {
  constructor(dir, host) {
    Object.assign(this, { dir, host });
  }

  async setUp() {
    const bin = join(this.dir, "bin");
    await mkdir(join(this.dir, "temp"), { recursive: true });
    await mkdir(bin);
    await symlink(process.execPath, join(bin, "node"));
    for (const name of ["npm", "npx", "sh"]) await symlink(which(name), join(bin, name));
    // A token that the registry does not know: npm publishes nothing without one.
    await writeFile(join(this.dir, ".npmrc"), `registry=http://${this.host}/\n//${this.host}/:_authToken=nobody\n`);
    this.env = {
      PATH: bin,
      HOME: this.dir,
      TMPDIR: join(this.dir, "temp"),
      NO_COLOR: "1",
      npm_config_cache: join(this.dir, "cache"),
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
      npm_config_yes: "true",
    };
    return this;
  }

  /** An empty folder. */
  async folder(name) {
    const folder = join(this.dir, name);
    await mkdir(folder);
    return folder;
  }

  /** Starts a program in a process group of its own, as a terminal does. */
  start([program, ...args], cwd, env = {}) {
    const child = spawn(program, args, { cwd, env: { ...this.env, ...env }, detached: true, stdio: "pipe" });
    let words = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        words += chunk;
      });
    child.stdin.end();
    /** What Ctrl-C does: everything in the group gets the signal. */
    const interrupt = (signal = "SIGINT") => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // Nothing of it runs any more.
      }
    };
    return { said: () => words, gone: ended(child, () => words), interrupt };
  }

  /** Runs a program to its end. */
  run(command, cwd, env) {
    return this.start(command, cwd, env).gone;
  }
}
