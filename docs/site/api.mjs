// The API's pages, written by TypeDoc from the package's declarations: one page for each subpath.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Application } from "typedoc";
import { root } from "./addresses.mjs";

const pkg = join(root, "pkg");
const { exports } = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));
/** Subpaths whose declarations say only that a file is there. */
const FILES = ["./worker", "./global", "./global-inline", "./till.wasm", "./reader.wasm", "./sandbox.wasm"];

/** The subpaths with an API, each with its file of declarations. */
const subpaths = Object.entries(exports)
  .map(([name, { types, import: esm }]) => [name, types ?? esm?.types])
  .filter(([name, types]) => types && !FILES.includes(name))
  .map(([name, types]) => [name.replace(/^\./, "kaunter"), join(pkg, types)]);

/** Writes the pages into `folder`. A declaration that TypeDoc can't follow is an error. */
export async function writeApi(folder) {
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: subpaths.map(([, types]) => types),
    tsconfig: join(root, "docs/site/tsconfig.json"),
    // TypeDoc empties the folder that it writes into; its default is `docs`.
    out: folder,
    name: "API",
    readme: "none",
    disableSources: true,
    disableGit: true,
    excludePrivate: true,
    excludeExternals: true,
    sort: "source-order",
    sortEntryPoints: false,
    validation: false,
    // `tests/types` compiles the declarations.
    skipErrorChecking: true,
    logLevel: "Warn",
    treatWarningsAsErrors: true,
    outputFileStrategy: "modules",
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    useHTMLAnchors: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    propertyMembersFormat: "table",
    typeDeclarationFormat: "table",
    sanitizeComments: true,
    entryFileName: "index",
  });
  const project = await app.convert();
  if (!project) throw new Error("TypeDoc can't read the package's declarations");
  // As a developer imports it; the order is that of the entry points.
  for (const [at, module] of project.children.entries()) module.name = subpaths[at][0];
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error("TypeDoc found errors in the package's declarations");
}
