// Loads and compiles the module once, and says what to do where that fails.

import { KaunterError } from "./error.js";
import initialise, * as raw from "./wasm/kaunter.js";

export const version = "0.1.0";

let compiled; // a promise of the WebAssembly.Module
let ready; // a promise of the exports

/** The exports of the module on this thread. */
export function load(source) {
  ready ??= start(source).catch((error) => {
    ready = compiled = undefined; // a flaky network deserves another try
    throw error;
  });
  return ready;
}

/** The compiled module, for the worker: compiled once, run twice. */
export function module() {
  return compiled;
}

async function start(source) {
  compiled = compile(source ?? new URL("./wasm/kaunter_bg.wasm", import.meta.url));
  const module = await compiled;
  await initialise({ module_or_path: module });
  if (raw.abiVersion() !== version) {
    throw new KaunterError("wasm/version-mismatch", `Two versions of the payment module are mixed (${version} and ${raw.abiVersion()}): clear the bundler's cache and reload the page.`);
  }
  raw.installError(KaunterError);
  return raw;
}

async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  const given = await source;
  try {
    if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return await WebAssembly.compile(given);
    const response = given instanceof Response ? given : await fetch(given);
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
  throw new KaunterError("wasm/load-failed", `${source.url ?? source} answered ${response.status}, ${type}, and begins with "${begin}": this is not the module. ${advice(begin)}`);
}

function advice(begin) {
  return begin.startsWith("<")
    ? "The bundler served its page instead: in Vite before 8 add optimizeDeps: { exclude: ['kaunter'] }, or pass init({ wasm })."
    : "Serve kaunter_bg.wasm beside the bundle, or pass init({ wasm }).";
}

function named(source) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return `${source.byteLength} given bytes`;
  return source?.url ?? source;
}

function failure(cause, source) {
  if (cause instanceof KaunterError) return cause;
  const blocked = cause instanceof WebAssembly.CompileError && /Content Security|unsafe-eval/i.test(cause.message);
  return blocked
    ? new KaunterError("wasm/csp-blocked", "The page's security policy blocks the payment module: allow 'wasm-unsafe-eval' in script-src.", { cause })
    : new KaunterError("wasm/load-failed", `The payment module did not load from ${named(source)}: check the connection and reload the page.`, { retryable: true, cause });
}
