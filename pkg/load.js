// @ts-check
// Loads and compiles a module once.

import { classOf, KaunterError, wrong } from "./error.js";

export const version = "0.1.0";

/**
 * The loader of a module. `name` is its option of `init`, `beside` its default address, and `begin` makes an instance.
 * @template T
 * @param {string} name
 * @param {() => URL} beside
 * @param {(compiled: WebAssembly.Module) => Promise<T>} begin
 */
export function loader(name, beside, begin) {
  /** @type {any} */
  let place; // the caller's source
  /** @type {any} */
  let from; // the source of `compiling`
  /** @type {Promise<WebAssembly.Module> | undefined} */
  let compiling;
  /** @type {Promise<T> | undefined} */
  let beginning;

  /** Sets the source of the next `load`. */
  const at = (/** @type {unknown} */ source) => {
    if (source === undefined || source === null) return;
    if (!isSource(source)) throw wrong(name, "an address, a Response, bytes or a WebAssembly.Module");
    place = source;
    // `load` reports a rejection. Until then it must not count as unhandled.
    if (classOf(source) === "Promise") Promise.resolve(source).catch(() => {});
  };

  /** The compiled module. After a failure the next call tries again. */
  const compiled = async () => {
    for (;;) {
      if (!compiling) {
        from = place;
        compiling = compile(name, place ?? beside()).catch((error) => {
          compiling = undefined;
          throw error;
        });
      }
      const tried = from;
      try {
        return await compiling;
      } catch (error) {
        if (tried === place) throw error; // else `at` has set another source
      }
    }
  };

  /** The instance on this thread. */
  const load = async () => {
    const ready = await compiled();
    beginning ??= begin(ready).catch((error) => {
      beginning = undefined;
      throw error;
    });
    return beginning;
  };

  return { at, compiled, load };
}

/**
 * Throws if a module has another version.
 * @param {string} other
 */
export function sameVersion(other) {
  if (other === version) return;
  throw new KaunterError(
    "version_mismatch",
    `Two versions of the payment module are mixed (${version} and ${other}): clear the bundler's cache and reload the page.`,
  );
}

/**
 * Vite 5 to 7 serves the JavaScript of a dependency from a cache in development (`node_modules/.vite/deps/`; Nuxt and
 * Storybook below `.cache`, Angular below `.angular/cache`), and copies no other file there.
 */
const CACHE = /(node_modules\/)?\.(vite|cache|angular)\/.*?deps[^/]*\/(?=wasm\/)/;

/**
 * The address of a file of the package, in the package's own folder.
 * @param {URL} address
 */
export function inPackage(address) {
  // Turbopack's own object in place of a URL has read-only fields, and may have a path only.
  const text = String(address);
  const moved = text.replace(CACHE, "node_modules/kaunter/");
  return moved === text ? address : new URL(moved);
}

const SOURCES = ["String", "URL", "Response", "Promise", "ArrayBuffer", "SharedArrayBuffer", "WebAssembly.Module"];
const isSource = (/** @type {unknown} */ source) => ArrayBuffer.isView(source) || SOURCES.includes(classOf(source));

/**
 * @param {string} name
 * @param {any} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(name, source) {
  let given = source;
  try {
    given = await source;
    if (classOf(given) === "WebAssembly.Module") return given;
    if (ArrayBuffer.isView(given) || classOf(given).endsWith("ArrayBuffer")) return await WebAssembly.compile(given);
    const response = classOf(given) === "Response" ? given : await fetch(given);
    return await compileResponse(name, response, given);
  } catch (cause) {
    throw failure(cause, given);
  }
}

/**
 * @param {string} name
 * @param {Response} response
 * @param {unknown} source
 */
async function compileResponse(name, response, source) {
  const type = response.headers.get("content-type") ?? "no content type";
  const bytes = new Uint8Array(await response.arrayBuffer());
  const magic = bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
  if (response.ok && magic) return WebAssembly.compile(bytes);
  const start = new TextDecoder().decode(bytes.subarray(0, 16)).replace(/\s+/g, " ");
  const place = named(source);
  throw unloaded(
    `${place} answered ${response.status}, ${type}, and begins with "${start}": this is not the module. ${advice(name, String(place), response.status)}`,
  );
}

/**
 * The line that helps in the tool that serves this address.
 * @param {string} name
 * @param {string} place
 * @param {number} status
 */
function advice(name, place, status) {
  const [, linked] = /\/@fs(\/.*)\/wasm\//.exec(place) ?? [];
  if (status === 403)
    return `This folder is not served: install a copy of the package (npm install --install-links)${
      linked ? `, or in vite.config add server: { fs: { allow: [".", "${linked}"] } }` : ""
    }.`;
  const exclude = 'optimizeDeps: { exclude: ["kaunter"] }';
  if (place.includes("/_nuxt/")) return `In nuxt.config add vite: { ${exclude} }.`;
  return /\/node_modules\/|\/@fs\//.test(place)
    ? `In vite.config add ${exclude}.`
    : `Copy node_modules/kaunter/wasm/${name}.wasm beside the page's scripts, and call ${
        name === "sandbox" ? 'sandbox({ wasm: "its address" })' : `init({ ${name}: "its address" }) first`
      }.`;
}

/** @param {any} source */
function named(source) {
  if (ArrayBuffer.isView(source) || classOf(source).endsWith("ArrayBuffer")) return `${source.byteLength} given bytes`;
  const kind = classOf(source);
  if (kind === "Response") return source.url || "the given Response";
  return kind === "String" || kind === "URL" ? source : "what was given";
}

/**
 * @param {unknown} cause
 * @param {unknown} source
 */
function failure(cause, source) {
  if (cause instanceof KaunterError) return cause;
  const blocked = cause instanceof WebAssembly.CompileError && /Content Security|unsafe-eval/i.test(cause.message);
  return blocked
    ? new KaunterError(
        "module_csp_blocked",
        "The page's own settings block the payment module: tell the page's maker.",
        { detail: "script-src needs 'wasm-unsafe-eval'", cause },
      )
    : unloaded(
        `The payment module did not load from ${named(source)}: ${
          globalThis.location?.protocol === "file:"
            ? "serve the page, or use kaunter.global-inline.js"
            : "check the connection and reload the page"
        }.`,
        { retryable: true, cause },
      );
}

/**
 * @param {string} detail
 * @param {object} [facts]
 */
const unloaded = (detail, facts) => new KaunterError("module_load_failed", detail, { ...facts, detail });
