/// <reference lib="esnext.disposable" />
import type { DecodedCode, ReadOptions } from "./wasm/reader.js";
import type { ErrorCode, ErrorFacts, ErrorType } from "./wasm/till.js";

export type { DecodedCode, Point, ReadOptions } from "./wasm/reader.js";
export type { ErrorCode, ErrorType } from "./wasm/till.js";

/** Where a module's bytes come from. */
export type WasmSource = string | URL | Response | Promise<Response> | BufferSource | WebAssembly.Module;
/** The package's version; its JavaScript and its modules check each other by it. */
export const version: string;

/** The one error that this package throws and rejects with, beside your own abort reason. */
export class KaunterError extends Error implements ErrorFacts {
  /** Recognises the error across two copies of the package, where `instanceof` does not. */
  static is(value: unknown): value is KaunterError;
  readonly name: "KaunterError";
  /** Stable; the same word in HTTP answers, logs and metrics. */
  readonly code: ErrorCode;
  readonly type: ErrorType;
  readonly detail: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly moneyMoved: "no" | "maybe";
  readonly tradeId: string | null;
  readonly traceId: string | null;
}

/**
 * Reads every code of a still picture, in a browser; no till, camera or backend needed. Rejects with
 * `image_unsupported`, `not_browser` and `module_*`.
 */
export function decode(image: ImageBitmapSource | Blob, options?: ReadOptions): Promise<DecodedCode[]>;

/** Pixels in rows, RGBA or one byte of luma each, told apart by the length: an `ImageData` is one. */
export interface PixelData {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/**
 * Reads codes from pixels: on a page, in a worker, in Node. If the reader's module traps, the call throws
 * `worker_failed`, and the next one has a fresh instance.
 */
export class Reader implements Disposable {
  private constructor(key: symbol);
  /** Loads the module and makes a reader. Rejects with `module_*`. */
  static load(options?: { wasm?: WasmSource }): Promise<Reader>;
  /** `live` is the default effort. Throws `image_unsupported` where the bytes are neither RGBA nor luma. */
  read(image: PixelData, options?: ReadOptions): DecodedCode[];
  /** Forgets what earlier pictures taught. */
  reset(): void;
  /** Frees the reader's memory. */
  close(): void;
  [Symbol.dispose](): void;
}
