/// <reference lib="esnext.disposable" />
import type { DecodedCode, ErrorCode, ErrorFacts, ErrorType, ReadOptions } from "./wasm/kaunter.js";

export type { DecodedCode, Point, ReadOptions } from "./wasm/kaunter.js";

/** Where the module's bytes come from. */
export type WasmSource = string | URL | Response | Promise<Response> | BufferSource | WebAssembly.Module;
/** The package's version; facade and module check each other by it. */
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

/** The reader alone: on a page, in a worker, in Node. Rejects with `module_*`. */
export function loadReader(wasm?: WasmSource): Promise<Reader>;

/** Reads codes off pixels. */
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
