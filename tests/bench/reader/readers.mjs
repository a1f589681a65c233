// Kaunter's reader and the readers that people use, each behind the same two functions: pixels in, texts or places out.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const require = createRequire(import.meta.url);
globalThis.ImageData ??= class ImageData {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};

// The most codes that zxing-wasm returns. No picture of the sets has as many.
export const MAX_CODES = 255;

/** The readers by name. Each is loaded by a function that gives its version, `read` and, if it tells where codes are, `places`. */
export const readers = {
  async kaunter() {
    const { Reader, version } = await import(join(root, "pkg/reader.js"));
    const reader = await Reader.load();
    const read = (data, width, height, maxCodes) => {
      reader.reset();
      return reader.read({ data, width, height }, { maxCodes, effort: "still" }).map((code) => code.text);
    };
    const places = (data, width, height) => {
      reader.reset();
      return reader.read({ data, width, height }, { maxCodes: MAX_CODES, effort: "still" }).map((code) => code.corners);
    };
    return { version, read, places };
  },
  async "zxing-wasm"() {
    const { prepareZXingModule, readBarcodes } = await import("zxing-wasm/reader");
    const file = await readFile(require.resolve("zxing-wasm/reader/zxing_reader.wasm"));
    await prepareZXingModule({
      overrides: { wasmBinary: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) },
      fireImmediately: true,
    });
    const settings = { formats: ["QRCode"], textMode: "Plain" };
    const read = async (data, width, height, maxNumberOfSymbols) =>
      (await readBarcodes(new ImageData(data, width, height), { ...settings, maxNumberOfSymbols }))
        .filter((code) => code.isValid)
        .map((code) => code.text);
    const all = { ...settings, maxNumberOfSymbols: MAX_CODES };
    const places = async (data, width, height) =>
      (await readBarcodes(new ImageData(data, width, height), all))
        .filter((code) => code.isValid)
        .map(({ position: at }) => [at.topLeft, at.topRight, at.bottomRight, at.bottomLeft]);
    return { version: await versionOf("zxing-wasm"), read, places };
  },
  async qr() {
    const { default: decode, decodeQR = decode } = await import("qr/decode.js");
    const read = (data, width, height) => {
      try {
        return [decodeQR({ data, width, height })];
      } catch {
        return [];
      }
    };
    return { version: await versionOf("qr"), read };
  },
  async jsqr() {
    const decode = require("jsqr");
    const read = (data, width, height) => {
      const code = decode(data, width, height);
      return code ? [code.data] : [];
    };
    return { version: await versionOf("jsqr"), read };
  },
};

async function versionOf(name) {
  const near = [join(root, "tests/bench/node_modules", name), join(root, "node_modules", name)];
  for (const folder of near) {
    try {
      return JSON.parse(await readFile(join(folder, "package.json"))).version;
    } catch {
      /* the other one */
    }
  }
  throw new Error(`${name} is not installed: run npm ci`);
}
