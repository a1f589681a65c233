/// <reference lib="esnext.disposable" />
import type { DecodedCode, ReadOptions } from "./wasm/reader.js";
import type { ErrorCode, ErrorFacts, ErrorType } from "./wasm/till.js";

export type { DecodedCode, Point, ReadOptions } from "./wasm/reader.js";
export type { ErrorCode, ErrorType } from "./wasm/till.js";

/** A Wasm module: its address, its bytes, a response that has them, or the compiled module. */
export type WasmSource = string | URL | Response | Promise<Response> | BufferSource | WebAssembly.Module;
/** The package's version. A module of another version is refused with `version_mismatch`. */
export const version: string;

/** The only error that this package throws or rejects with, besides the reason of your own abort. */
export class KaunterError extends Error implements ErrorFacts {
  /** True for a `KaunterError`, also for that of another copy of the package, where `instanceof` is false. */
  static is(value: unknown): value is KaunterError;
  readonly name: "KaunterError";
  /** A stable word: the same in HTTP answers, logs and metrics. */
  readonly code: ErrorCode;
  readonly type: ErrorType;
  /** A sentence for the developer. Do not show it to a cashier; show `message`. */
  readonly detail: string | null;
  /** True if the same call may succeed later. */
  readonly retryable: boolean;
  /** How long to wait before the same call, in ms; `null` if the backend does not say. */
  readonly retryAfterMs: number | null;
  /** `maybe` always comes with a `tradeId`: call `resume` with it, and do not charge the sale again. */
  readonly moneyMoved: "no" | "maybe";
  /** The trade that the error is about, or that holds the sale. */
  readonly tradeId: string | null;
  /** The id of the failed call in the backend's log. */
  readonly traceId: string | null;
}

/**
 * Reads all codes of a still picture, in a browser. It needs no till, no camera and no backend. The default effort is
 * `still`. A transparent picture is read upon white, and upon black if white shows no code.
 *
 * Micro QR, rMQR and GS1 codes are not read, and no part of a message in several codes (structured append): half a
 * message must never be taken for a code. Rejects with `image_unsupported`, `argument_invalid`, `not_browser`, `worker_failed` and `module_*`.
 */
export function decode(image: ImageBitmapSource | Blob, options?: ReadOptions): Promise<DecodedCode[]>;

/** The pixels of a picture, row by row. An `ImageData` is one. */
export interface PixelData {
  /** 4 bytes per pixel (RGBA, alpha not premultiplied) or 1 byte (luma): the length tells which. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** Reads codes from pixels, on a page, in a worker or in Node. */
export class Reader implements Disposable {
  private constructor(key: symbol);
  /** Loads the module and makes a reader. Rejects with `argument_invalid`, `version_mismatch` and `module_*`. */
  static load(options?: { wasm?: WasmSource }): Promise<Reader>;
  /**
   * Reads the codes of a picture. The default effort is `live`. See `decode` for transparent pictures and for the codes
   * that are not read.
   *
   * Throws `argument_invalid`, `image_unsupported` if the bytes are neither RGBA nor luma, and `worker_failed` if the
   * module traps. The next call uses a new instance.
   */
  read(image: PixelData, options?: ReadOptions): DecodedCode[];
  /** Forgets what it learned from earlier pictures. */
  reset(): void;
  /** Frees the reader's memory. Later calls throw `argument_invalid`. */
  close(): void;
  [Symbol.dispose](): void;
}
