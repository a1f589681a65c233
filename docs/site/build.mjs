// Builds the site: `npm run build --workspace docs/site -- --out FOLDER --base /ADDRESS/`. With `--dev`, serves it instead
// and follows changes of its pages. `--demo` links the demo, a page beside this site at `demo/`. The package must have been
// built (`cargo xtask build`).

import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, createServer } from "vitepress";
import { GENERATED, root } from "./addresses.mjs";
import { writeApi } from "./api.mjs";
import { writeErrors } from "./errors.mjs";
import { buildFrames } from "./live.mjs";
import { writeStarts } from "./starts.mjs";
import { writeWords } from "./words.mjs";

const site = join(root, "docs/site");
const { values } = parseArgs({
  options: {
    out: { type: "string" },
    base: { type: "string", default: "/" },
    dev: { type: "boolean" },
    demo: { type: "boolean" },
  },
});
if (!/^\/([\w.~-]+\/)*$/.test(values.base))
  throw new Error(`--base ${values.base} must be a path with a slash at both ends`);
if (!existsSync(join(root, "pkg/wasm/sandbox.wasm")))
  throw new Error("the package is not built: run `cargo xtask build`");

rmSync(join(root, GENERATED), { recursive: true, force: true });
writeErrors();
writeStarts();
await writeWords();
await writeApi(join(root, GENERATED, "api"));
await buildFrames(join(site, "public/live"));
// From where `npm` was called, as a reader of the command expects.
if (values.demo) process.env.KAUNTER_SITE_DEMO = "true";
if (values.out) process.env.KAUNTER_SITE_OUT = resolve(process.env.INIT_CWD ?? process.cwd(), values.out);
if (values.dev) {
  const server = await createServer(site, { base: values.base });
  await server.listen();
  server.printUrls();
} else await build(site, { base: values.base });
