// Small encoders of picture files, for codes of one pixel value per module: what a shop's customer sends or a designer
// exports. Each takes the rows of a code ("#" is dark), draws it with its margin, and gives the file's bytes.

import { deflateSync } from "node:zlib";

const MARGIN = 4;
/** Pixels of a module: a block of JPEG is a module. */
const MODULE = 8;

/** The dark modules of a code with its margin, and its side in pixels. */
function drawn(rows, module = MODULE) {
  const side = (rows.length + 2 * MARGIN) * module;
  const at = (pixel) => Math.floor(pixel / module) - MARGIN;
  return { side, isDark: (x, y) => rows[at(y)]?.[at(x)] === "#" };
}

const u16 = (number) => [(number >> 8) & 0xff, number & 0xff];
const u32 = (number) => [...u16(number >>> 16), ...u16(number)];
const le16 = (number) => u16(number).reverse();
const le32 = (number) => u32(number).reverse();
const ascii = (text) => [...Buffer.from(text, "latin1")];

const CRC = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function chunk(name, bytes) {
  const body = Buffer.concat([Buffer.from(name), Buffer.from(bytes)]);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return Buffer.concat([Buffer.from(u32(bytes.length)), body, Buffer.from(u32((crc ^ 0xffffffff) >>> 0))]);
}

/** Bytes of a pixel by PNG's colour type. */
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * A PNG. `dark` and `light` are the samples of a pixel: with 16 bits, of two bytes each. `more`: chunks before the data.
 */
export function png(rows, { type = 0, bits = 8, dark = [0], light = [255], more = [], width, height, module } = {}) {
  const { side, isDark } = drawn(rows, module);
  const [across, down] = [width ?? side, height ?? side];
  const samples = (sample) => Buffer.from(bits === 16 ? sample.flatMap(u16) : sample);
  const [ink, paper] = [samples(dark), samples(light)];
  const raw = Buffer.alloc(down * (1 + across * ((CHANNELS[type] * bits) / 8)));
  let at = 0;
  // The code is at the bottom right of a larger picture.
  for (let y = 0; y < down; y++) {
    at++; // no filter
    for (let x = 0; x < across; x++) at += (isDark(x - (across - side), y - (down - side)) ? ink : paper).copy(raw, at);
  }
  return Buffer.concat([
    Buffer.from([0x89, ...ascii("PNG\r\n\x1a\n")]),
    chunk("IHDR", [...u32(across), ...u32(down), bits, type, 0, 0, 0]),
    ...more.map(([name, bytes]) => chunk(name, bytes)),
    chunk("IDAT", deflateSync(raw)),
    chunk("IEND", []),
  ]);
}

/** A GIF. A table of 128 colours makes codes of 8 bits, and clearing the table in time keeps them so. */
export function gif(rows, { transparent = false } = {}) {
  const { side, isDark } = drawn(rows);
  const table = [0, 0, 0, 255, 255, 255, ...Array(126 * 3).fill(0)];
  const codes = [];
  for (let at = 0; at < side * side; at++) {
    if (at % 100 === 0) codes.push(128);
    codes.push(isDark(at % side, Math.floor(at / side)) ? 0 : 1);
  }
  codes.push(129);
  const blocks = [];
  for (let at = 0; at < codes.length; at += 255) {
    const block = codes.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  const control = transparent ? [0x21, 0xf9, 4, 1, 0, 0, 1, 0] : [];
  const size = [...le16(side), ...le16(side)];
  const image = [0x2c, 0, 0, 0, 0, ...size, 0, 7, ...blocks, 0];
  return Buffer.from([...ascii("GIF89a"), ...size, 0xf6, 0, 0, ...table, ...control, ...image, 0x3b]);
}

/** A lossless WebP: red and blue are constant, so each pixel is one bit, of its green. */
export function webp(rows, { transparent = false } = {}) {
  const { side, isDark } = drawn(rows);
  const bits = [];
  const put = (number, count) => {
    for (let bit = 0; bit < count; bit++) bits.push((number >> bit) & 1);
  };
  /** A code of one symbol takes no bits. */
  const one = (symbol) => {
    put(1, 1);
    put(0, 1);
    put(1, 1);
    put(symbol, 8);
  };
  put(0x2f, 8);
  put(side - 1, 14);
  put(side - 1, 14);
  put(transparent ? 1 : 0, 1);
  put(0, 3); // version
  put(0, 3); // no transform, no colour cache, one group of codes
  // Green: two symbols, dark 0 and light 255. With transparency the light pixels are clear: alpha follows green.
  const two = (first, second) => {
    put(1, 1);
    put(1, 1);
    put(1, 1);
    put(first, 8);
    put(second, 8);
  };
  two(0, 255);
  one(0);
  one(0);
  if (transparent) two(0, 255);
  else one(255);
  one(0); // distance
  for (let at = 0; at < side * side; at++) {
    const dark = isDark(at % side, Math.floor(at / side));
    put(dark ? 0 : 1, 1);
    if (transparent) put(dark ? 1 : 0, 1);
  }
  const data = [];
  for (let at = 0; at < bits.length; at += 8)
    data.push(bits.slice(at, at + 8).reduce((byte, bit, place) => byte | (bit << place), 0));
  if (data.length % 2) data.push(0);
  return Buffer.from([
    ...ascii("RIFF"),
    ...le32(data.length + 12),
    ...ascii("WEBPVP8L"),
    ...le32(data.length),
    ...data,
  ]);
}

/** A BMP of 24 bits. */
export function bmp(rows) {
  const { side, isDark } = drawn(rows);
  const stride = Math.ceil((side * 3) / 4) * 4;
  const data = Buffer.alloc(stride * side, 255);
  for (let at = 0; at < side * side; at++) {
    const [x, y] = [at % side, Math.floor(at / side)];
    if (isDark(x, y)) data.fill(0, (side - 1 - y) * stride + x * 3, (side - 1 - y) * stride + x * 3 + 3);
  }
  const head = [...le32(40), ...le32(side), ...le32(side), ...le16(1), ...le16(24), ...Array(24).fill(0)];
  return Buffer.concat([
    Buffer.from([...ascii("BM"), ...le32(54 + data.length), ...le32(0), ...le32(54), ...head]),
    data,
  ]);
}

/**
 * A JPEG whose blocks are all flat, so only their DC is coded. `inks` are the components' values (0 or 255) of a dark and
 * of a light pixel. `progressive`: the AC follows in a scan of its own. `segments`: APP segments.
 */
export function jpeg(rows, { dark = [0], light = [255], progressive = false, segments = [] } = {}) {
  const { side, isDark } = drawn(rows);
  const blocks = side / 8;
  const parts = dark.map((_, at) => at);
  const bytes = [0xff, 0xd8];
  const segment = (marker, body) => bytes.push(0xff, marker, ...u16(body.length + 2), ...body);
  for (const [marker, body] of segments) segment(marker, body);
  // Quantisers of 8: a flat block's DC is 8 times its level, so the difference of dark and light is 255.
  segment(0xdb, [0, ...Array(64).fill(8)]);
  segment(progressive ? 0xc2 : 0xc0, [
    8,
    ...u16(side),
    ...u16(side),
    parts.length,
    ...parts.flatMap((part) => [part + 1, 0x11, 0]),
  ]);
  // DC: category 0 is "0", 7 "10" and 8 "110". AC: the end of a block is "0".
  segment(0xc4, [0, ...[1, 1, 1, ...Array(13).fill(0)], 0, 7, 8]);
  segment(0xc4, [0x10, ...[1, ...Array(15).fill(0)], 0]);
  const scan = (components, spectrum, write) => {
    segment(0xda, [components.length, ...components.flatMap((part) => [part + 1, 0]), ...spectrum, 0]);
    const bits = [];
    write(bits);
    while (bits.length % 8) bits.push(1);
    for (let at = 0; at < bits.length; at += 8) {
      const byte = bits.slice(at, at + 8).reduce((byte, bit) => (byte << 1) | bit, 0);
      bytes.push(byte);
      if (byte === 0xff) bytes.push(0);
    }
  };
  const dc = (bits, last, part, block) => {
    const level = (isDark((block % blocks) * 8, Math.floor(block / blocks) * 8) ? dark : light)[part] - 128;
    const difference = level - last[part];
    last[part] = level;
    const size = difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference));
    bits.push(...{ 0: [0], 7: [1, 0], 8: [1, 1, 0] }[size]);
    const value = difference < 0 ? difference + (1 << size) - 1 : difference;
    for (let bit = size - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  scan(parts, [0, progressive ? 0 : 63], (bits) => {
    const last = parts.map(() => 0);
    for (let block = 0; block < blocks * blocks; block++)
      for (const part of parts) {
        dc(bits, last, part, block);
        if (!progressive) bits.push(0);
      }
  });
  if (progressive)
    for (const part of parts)
      scan([part], [1, 63], (bits) => {
        for (let block = 0; block < blocks * blocks; block++) bits.push(0);
      });
  return Buffer.from([...bytes, 0xff, 0xd9]);
}

/** An APP1 segment with the orientation of EXIF: 1 to 8. */
export const exif = (orientation) => [
  0xe1,
  [
    ...ascii("Exif\0\0MM"),
    ...u16(42),
    ...u32(8),
    ...u16(1),
    ...[...u16(0x0112), ...u16(3), ...u32(1), ...u16(orientation), 0, 0],
    ...u32(0),
  ],
];

/** Adobe's APP14 segment, without a transform: CMYK, whose values are inverted. */
export const ADOBE = [0xee, [...ascii("Adobe"), ...u16(100), 0, 0, 0, 0, 0]];
