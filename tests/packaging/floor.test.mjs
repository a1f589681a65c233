// The oldest browsers that the package supports: what its JavaScript calls and how it is written, against MDN's data.
//
// Limits: a name that only the Wasm modules hold as text (`Reflect.get`) is not seen, and a member of a value whose
// type is not known is looked up in every interface that the package uses.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { transform } from "esbuild";
import ts from "typescript";

const FLOOR = { chrome: 97, firefox: 114, safari: 16.4, safari_ios: 16.4 };

/** What some supported browser lacks, and why the package works there. */
const TESTED = {
  "AbortSignal.reason": "pkg/error.js and src/page/signal.rs make an AbortError where it is undefined",
  "ArrayBuffer.detached": "the glue compares the buffer with the memory's where this is undefined",
  "HTMLVideoElement.cancelVideoFrameCallback": "only called after requestVideoFrameCallback",
  "HTMLVideoElement.requestVideoFrameCallback": "src/page/frames.rs asks whether the element has it",
  MediaStreamTrackProcessor: "pkg/worker.js asks for its type; without it the page hands over frames",
  "Symbol.asyncDispose": "Symbol.for takes its place",
  "Symbol.dispose": "Symbol.for takes its place",
  TrustedTypePolicy: "pkg/index.js catches that there are no Trusted Types",
  TrustedTypePolicyFactory: "pkg/index.js catches that there are no Trusted Types",
  "globalThis.trustedTypes": "pkg/index.js catches that there are no Trusted Types",
  VideoFrame: "src/page/frames.rs draws the picture where the constructor fails",
};

/** Members of these names belong to other interfaces here. */
const OTHERS = {
  "CanvasRenderingContext2D.filter": "an array's",
  "CanvasRenderingContext2D.lang": "an element's",
  "CanvasRenderingContext2D.reset": "the reader's",
  "HTMLCanvasElement.content": "a template's",
  "HTMLInputElement.capture": "a listener's options, in Lit",
  "HTMLMediaElement.captureStream": "HTMLCanvasElement's",
  "OffscreenCanvasRenderingContext2D.filter": "an array's",
  "OffscreenCanvasRenderingContext2D.lang": "an element's",
  "OffscreenCanvasRenderingContext2D.reset": "the reader's",
  "Permissions.request": "LockManager's",
  "ReadableStream.values": "a map's, and a template's",
  "Request.body": "Response's",
  "Window.restore": "the sandbox's",
};

/** Names that MDN's data does not list as an interface, a variable or a function. Lit makes the two with metadata. */
const ELSEWHERE = [
  "WebAssembly",
  "arguments",
  "global",
  "litPropertyMetadata",
  "process",
  "Symbol.metadata",
  "toString",
];

/** Interfaces of values that the page gets from others, so that no name of them is in the code. */
const GIVEN = [
  "AbortSignal",
  "IDBDatabase",
  "IDBFactory",
  "IDBObjectStore",
  "IDBOpenDBRequest",
  "IDBRequest",
  "IDBTransaction",
  "ImageData",
  "Lock",
  "LockManager",
  "MediaDevices",
  "MediaStream",
  "MediaStreamTrack",
  "Navigator",
  "Node",
  "OffscreenCanvasRenderingContext2D",
  "ReadableStream",
  "ReadableStreamDefaultReader",
  "SecurityPolicyViolationEvent",
  "StorageManager",
  "TrustedTypePolicyFactory",
  "TrustedTypePolicy",
  "VideoFrame",
];

/** The interface of a global variable. */
const VARIABLES = {
  crypto: "Crypto",
  document: "Document",
  globalThis: "Window",
  indexedDB: "IDBFactory",
  location: "Location",
  navigator: "Navigator",
  performance: "Performance",
  self: "Window",
};

const { api, javascript, webassembly } = createRequire(import.meta.url)("@mdn/browser-compat-data");
const pkg = new URL("../../pkg/", import.meta.url);
const manifest = JSON.parse(await readFile(new URL("package.json", pkg), "utf8"));
const inside = async (folder) => {
  const names = await readdir(new URL(`${folder}/`, pkg), { recursive: true });
  return names.map((name) => `${folder}/${name}`);
};
const listed = await Promise.all(
  manifest.files.map((name) => (name.includes(".") ? [name] : inside(name).catch(() => []))),
);
const files = listed.flat().filter((name) => name.endsWith(".js") && !name.includes("global")); // bundles of the others
const sources = await Promise.all(files.map(async (name) => [name, await readFile(new URL(name, pkg), "utf8")]));

/** Whether each browser of the floor has it. */
function isOld(support) {
  return Object.entries(FLOOR).every(([browser, floor]) =>
    [support[browser]]
      .flat()
      .some(({ version_added: since, version_removed: until, flags, prefix, alternative_name }) => {
        const version = Number.parseFloat(String(since).replace("≤", ""));
        return version <= floor && !(Number.parseFloat(until) <= floor) && !flags && !prefix && !alternative_name;
      }),
  );
}

const entry = (of, name) => of?.[name] ?? of?.[`${name}_static`];
const compat = (found) => found?.__compat;
const interfaceOf = (name) => api[name] ?? javascript.builtins[name] ?? webassembly.api?.[name];

/** The Wasm modules' interfaces: the features of web-sys. */
async function features() {
  const manifests = ["../../Cargo.toml", "../../src/reader/wasm/Cargo.toml"].map(
    (path) => new URL(path, import.meta.url),
  );
  const texts = await Promise.all(manifests.map((path) => readFile(path, "utf8")));
  const lower = Object.fromEntries(Object.keys(api).map((name) => [name.toLowerCase(), name]));
  return texts.flatMap((text) =>
    [.../\[dependencies\.web-sys\][\s\S]*?features = \[([\s\S]*?)\]/.exec(text)[1].matchAll(/"(\w+)"/g)]
      .map(([, name]) => lower[name.toLowerCase()])
      .filter(Boolean),
  );
}

/** Every name that some function, class, variable or import of the file declares. */
function declared(source) {
  const names = new Set();
  const visit = (node) => {
    if (node.name && ts.isIdentifier(node.name) && !ts.isPropertyAccessExpression(node)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** The global names and the members that a file uses: `fetch`, `URL.createObjectURL`, `.getSettings`. */
function uses(name, text) {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const own = declared(source);
  const isGlobal = (node) => ts.isIdentifier(node) && !own.has(node.text);
  const used = new Set();
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      const { expression: of, name } = node;
      used.add(isGlobal(of) ? `${of.text}.${name.text}` : `.${name.text}`);
    } else if (isGlobal(node)) {
      const { parent } = node;
      const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
      const isKey = (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === node;
      const isName = ts.isBindingElement(parent) && parent.propertyName === node;
      const isImport = ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isLabeledStatement(parent);
      if (!isMember && !isKey && !isName && !isImport) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return used;
}

test("every browser function that the package calls is in the oldest supported browsers, or is tested for", async () => {
  const used = new Map();
  for (const [name, text] of sources)
    for (const what of uses(name, text)) used.set(what, [...(used.get(what) ?? []), name]);
  const globals = [...used.keys()].filter((what) => !what.includes("."));
  const interfaces = [...new Set([...(await features()), ...GIVEN, ...globals])].filter(interfaceOf);
  assert.ok(interfaces.length > 60, "the package uses many interfaces");
  const wrong = [];
  const unknown = [];
  const needed = new Set();
  const check = (what, found, names = [what]) => {
    if (isOld(found.support)) return;
    const listed = names.find((name) => name in TESTED || name in OTHERS);
    if (listed) needed.add(listed);
    else wrong.push(`${names[0]} in ${used.get(what)}`);
  };
  for (const what of used.keys()) {
    const [of, member] = what.split(".");
    if (!of) {
      for (const known of interfaces) {
        const found = compat(entry(interfaceOf(known), member));
        if (found && !found.status.deprecated) check(what, found, [`${known}.${member}`, known]);
      }
    } else if (!ELSEWHERE.includes(of) && !ELSEWHERE.includes(what)) {
      const named = VARIABLES[of] ?? of;
      const found = (
        member && member !== "prototype"
          ? [entry(interfaceOf(named), member), api.Window[member], api.Node[member], interfaceOf(member)]
          : [interfaceOf(of), api.Window[of], api.EventTarget[of]]
      ).find(compat);
      if (found) check(what, compat(found));
      else if (!(of in VARIABLES && [undefined, "onmessage"].includes(member))) unknown.push(what);
    }
  }
  assert.deepEqual(unknown, []);
  assert.deepEqual(wrong, [], "newer than the oldest supported browsers: test for it, and list it here");
  assert.deepEqual(
    [...needed].sort(),
    [...Object.keys(TESTED), ...Object.keys(OTHERS)].sort(),
    "nothing else is listed",
  );
});

test("esbuild changes no syntax for the oldest supported browsers", async () => {
  const target = ["chrome97", "firefox114", "safari16.4"];
  for (const [name, text] of sources) {
    const [floor, newest] = await Promise.all(
      [target, "esnext"].map((target) => transform(text, { target, format: "esm" })),
    );
    assert.equal(floor.code, newest.code, name);
  }
});
