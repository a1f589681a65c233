// Loads and compiles the module once, and says what to do where that fails.

import { classOf, KaunterError, wrong } from "./error.js";
import initialise, * as raw from "./wasm/kaunter.js";

export const version = "0.1.0";

let place; // where a caller says that the module is
let begun; // where it is being loaded from
let compiled; // a promise of the WebAssembly.Module
let ready; // a promise of the exports

/** The exports of the module on this thread; `source` says where it is, and holds for everybody who waits for it. */
export async function load(source) {
  if (source !== undefined && !isSource(source))
    throw wrong("wasm", "an address, a Response, bytes or a WebAssembly.Module");
  place = source ?? place;
  for (;;) {
    if (!ready) {
      begun = place;
      ready = start(place).catch((error) => {
        ready = compiled = undefined; // a flaky network deserves another try
        throw error;
      });
    }
    const from = begun;
    try {
      return await ready;
    } catch (error) {
      // Somebody has said meanwhile where it is.
      if (from === place) throw error;
    }
  }
}

/** The compiled module, for the worker: compiled once, run twice. */
export function compiledModule() {
  return compiled;
}

const SOURCES = ["String", "URL", "Response", "Promise", "ArrayBuffer", "SharedArrayBuffer", "WebAssembly.Module"];
const isSource = (source) => ArrayBuffer.isView(source) || SOURCES.includes(classOf(source));

async function start(source) {
  compiled = compile(source ?? new URL("./wasm/kaunter_bg.wasm", import.meta.url));
  await initialise({ module_or_path: await compiled });
  if (raw.abiVersion() !== version) {
    throw new KaunterError(
      "version_mismatch",
      `Two versions of the payment module are mixed (${version} and ${raw.abiVersion()}): clear the bundler's cache and reload the page.`,
    );
  }
  raw.installError(KaunterError);
  return raw;
}

async function compile(source) {
  let given = source;
  try {
    given = await source;
    if (classOf(given) === "WebAssembly.Module") return given;
    if (ArrayBuffer.isView(given) || classOf(given).endsWith("ArrayBuffer")) return await WebAssembly.compile(given);
    const response = classOf(given) === "Response" ? given : await fetch(given);
    return await compileResponse(response, given);
  } catch (cause) {
    throw failure(cause, given);
  }
}

async function compileResponse(response, source) {
  const type = response.headers.get("content-type") ?? "no content type";
  const bytes = new Uint8Array(await response.arrayBuffer());
  const magic = bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
  if (response.ok && magic) return WebAssembly.compile(bytes);
  const begin = new TextDecoder().decode(bytes.subarray(0, 16)).replace(/\s+/g, " ");
  throw new KaunterError(
    "module_load_failed",
    `${named(source)} answered ${response.status}, ${type}, and begins with "${begin}": this is not the module. ${advice(begin, response.status)}`,
  );
}

function advice(begin, status) {
  if (status === 403)
    return "The server may not read the package's folder: install a copy of it (npm install --install-links), not a link.";
  return begin.startsWith("<")
    ? "The bundler served its page instead: in Vite before 8 add optimizeDeps: { exclude: ['kaunter'] }, or pass init({ wasm })."
    : "Serve kaunter_bg.wasm beside the bundle, or pass init({ wasm }).";
}

function named(source) {
  if (ArrayBuffer.isView(source) || classOf(source).endsWith("ArrayBuffer")) return `${source.byteLength} given bytes`;
  const kind = classOf(source);
  if (kind === "Response") return source.url || "the given Response";
  return kind === "String" || kind === "URL" ? source : "what was given";
}

function failure(cause, source) {
  if (cause instanceof KaunterError) return cause;
  const blocked = cause instanceof WebAssembly.CompileError && /Content Security|unsafe-eval/i.test(cause.message);
  return blocked
    ? new KaunterError(
        "module_csp_blocked",
        "The page's security policy blocks the payment module: allow 'wasm-unsafe-eval' in script-src.",
        { cause },
      )
    : new KaunterError(
        "module_load_failed",
        `The payment module did not load from ${named(source)}: check the connection and reload the page.`,
        { retryable: true, cause },
      );
}
