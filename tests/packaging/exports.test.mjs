// The packed package as tools see it: publint reads its manifest, arethetypeswrong resolves every subpath.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const pkg = fileURLToPath(new URL("../../pkg/", import.meta.url));
const manifest = JSON.parse(await readFile(join(pkg, "package.json"), "utf8"));

/** What is CommonJS too. Everything else is ES modules only, or no JavaScript. */
const COMMON_JS = Object.keys(manifest.exports).filter((path) => manifest.exports[path].require);

let dir, tarball;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-exports-"));
  const packed = spawnSync("npm", ["pack", "--json", "--pack-destination", dir, pkg], { encoding: "utf8" });
  assert.equal(packed.status, 0, packed.stderr);
  tarball = await readFile(join(dir, JSON.parse(packed.stdout)[0].filename));
});

after(() => rm(dir, { recursive: true, force: true }));

test("publint finds nothing to say", async () => {
  const data = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
  const { messages } = await publint({ pack: { tarball: data }, level: "suggestion", strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, manifest)),
    [],
  );
});

test("arethetypeswrong finds types for every subpath, as ES modules only", async () => {
  const { types, problems, entrypoints } = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  assert.deepEqual(types, { kind: "included" });
  const subpaths = Object.keys(manifest.exports).filter((path) => path !== "./package.json");
  assert.deepEqual(
    Object.keys(entrypoints)
      .filter((path) => path !== "./package.json")
      .sort(),
    subpaths.sort(),
  );
  // The profile "esm-only" of its command line: no resolution of before exports, and no `require`.
  const others = problems.filter(
    ({ kind, entrypoint, resolutionKind }) =>
      !(
        resolutionKind === "node10" ||
        (resolutionKind === "node16-cjs" && kind === "CJSResolvesToESM" && !COMMON_JS.includes(entrypoint))
      ),
  );
  assert.deepEqual(others, []);
});
