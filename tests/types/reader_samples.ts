// Written by src/reader/wasm/tests/samples.rs: what the reader's module hands to JavaScript, as it declares it.
import type { DecodedCode, Reading, ReaderHint } from "../../pkg/wasm/reader.js";

export const aDecodedCode: DecodedCode = { bytes: new Uint8Array([50]), corners: [{"x":0.0,"y":0.0},{"x":9.5,"y":0.0},{"x":9.5,"y":9.5},{"x":0.0,"y":9.5}], eci: null, encoding: "utf-8", text: "2" };
export const fieldsOfDecodedCode: Record<keyof DecodedCode, true> = { bytes: true, corners: true, eci: true, encoding: true, text: true };
export const aReading: Reading = { arrived: false, bytes: new Uint8Array([50]), confirmed: true, corners: [{"x":0.0,"y":0.0},{"x":9.5,"y":0.0},{"x":9.5,"y":9.5},{"x":0.0,"y":9.5}], eci: 26, text: "2" };
export const fieldsOfReading: Record<keyof Reading, true> = { arrived: true, bytes: true, confirmed: true, corners: true, eci: true, text: true };
export const wordsOfReaderHint: Record<ReaderHint, true> = { "closer": true, "farther": true, "glare": true, "dark": true, "hold_still": true };
