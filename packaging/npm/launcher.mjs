#!/usr/bin/env node
// Starts the program of this package that was built for this machine. It is in a package of its own, which npm installs
// by `os` and `cpu`, so that nobody downloads the programs of other systems.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const own = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8"));
const { program, prefix } = own.kaunter;
const here = `${process.platform}-${process.arch}`;
const built = Object.keys(own.optionalDependencies);
const wanted = `${prefix}${here}`;

/** The program's path in a platform package, if that is installed. */
function find(name) {
  try {
    const folder = dirname(require.resolve(`${name}/package.json`));
    return join(folder, "bin", process.platform === "win32" ? `${program}.exe` : program);
  } catch {
    return null;
  }
}

/** Why there is no program, and what to do. */
function missing() {
  if (!built.includes(wanted)) {
    const systems = built.map((name) => name.slice(prefix.length)).join(", ");
    return `there is no program for ${here}, only for ${systems}. Build it from the project's sources with Rust.`;
  }
  const other = built.find(find);
  if (other) {
    const found = other.slice(prefix.length);
    return `the program of ${found} is installed, but this Node is one for ${here}: the packages were installed by another Node, on another machine, or under emulation. Remove node_modules, and install again with the Node that runs this.`;
  }
  return `the package ${wanted} is not installed. It is an optional dependency: npm leaves it out with --omit=optional, with --no-optional, or by a lock file that another system wrote. Install it: npm install ${wanted}@${own.version}`;
}

const path = find(wanted);
if (path) {
  start(path);
} else {
  console.error(`${own.name}: ${missing()}`);
  process.exitCode = 1;
}

function start(path) {
  const child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  // The launcher ends last, with the program's code. A terminal sends Ctrl-C to both, and the program takes the echo
  // for the same signal. On Windows `kill` would end it by force, so only the console's own Ctrl-C arrives.
  const pass = (signal) => {
    if (process.platform !== "win32") child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  child.once("error", (error) => {
    console.error(`${own.name}: ${path} can't be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.once("exit", (code, signal) => {
    if (!signal) {
      process.exitCode = code;
      return;
    }
    for (const one of signals) process.off(one, pass);
    process.kill(process.pid, signal);
  });
}
