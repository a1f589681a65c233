/// <reference lib="esnext.disposable" />
import type { DecodedCode, ErrorCode, ErrorFacts, ErrorType, ReadOptions } from "./wasm/kaunter.js";

export type { DecodedCode, ErrorCode, ErrorType, Point, ReadOptions } from "./wasm/kaunter.js";

/** Where the module's bytes come from. */
export type WasmSource = string | URL | Response | Promise<Response> | BufferSource | WebAssembly.Module;
/** The package's version; facade and module check each other by it. */
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

/** Pixels in rows, RGBA or one byte of luma each, told apart by the length: an `ImageData` is one. */
export interface PixelData {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Reads codes from pixels: on a page, in a worker, in Node. */
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
