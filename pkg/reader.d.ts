/// <reference lib="esnext.disposable" />
import type { DecodedCode, ReadOptions } from "./wasm/reader.js";
import type { ErrorCode, ErrorFacts, ErrorType } from "./wasm/till.js";

export type { DecodedCode, Point, ReadOptions } from "./wasm/reader.js";

/** Where a module's bytes come from. */
export type WasmSource = string | URL | Response | Promise<Response> | BufferSource | WebAssembly.Module;
/** The package's version; its JavaScript and its modules check each other by it. */
export const version: string;

/** What went wrong: a stable `code`, and a sentence that a cashier can act on. */
export class KaunterError extends Error implements ErrorFacts {
  /** Recognises the error across two copies of the package, where `instanceof` does not. */
  static is(value: unknown): value is KaunterError;
  readonly name: "KaunterError";
  readonly code: ErrorCode;
  readonly type: ErrorType;
  readonly detail: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly moneyMoved: "no" | "maybe";
  readonly tradeId: string | null;
  readonly traceId: string | null;
}

/** The reader alone: on a page, in a worker, in Node. `wasm` says where `reader.wasm` is. Rejects with `module_*`. */
export function loadReader(wasm?: WasmSource): Promise<Reader>;

/**
 * Reads a still picture, in a browser; no till, camera or backend needed. Every code found. Rejects with
 * `image_unsupported`, `not_browser` and `module_*`.
 */
export function decode(image: ImageBitmapSource | Blob, options?: ReadOptions): Promise<DecodedCode[]>;

/**
 * Reads codes off pixels. If the reader's module traps, the call throws `worker_failed`, and the next one has a fresh
 * instance.
 */
export class Reader implements Disposable {
  private constructor(raw: unknown);
  /**
   * RGBA (4 bytes a pixel) or luma (1 byte a pixel), told apart by the length; `width` and `height` in pixels.
   * `live` (the default): bounded time, the passes take turns from frame to frame. `still`: every pass.
   * Throws `image_unsupported` where the bytes are neither.
   */
  read(pixels: Uint8Array | Uint8ClampedArray, width: number, height: number, options?: ReadOptions): DecodedCode[];
  /** Forgets what earlier pictures taught. */
  reset(): void;
  [Symbol.dispose](): void;
}
