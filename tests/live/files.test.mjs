// Is a code read from any picture file, and is its text right in any character set: by `decode` in three engines, and by
// `kaunter/reader` in Node? The files are drawn here, and the codes are those of src/reader/tests/charsets.rs.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Reader } from "kaunter/reader";
import { firefox, webkit } from "./engines.mjs";
import { ADOBE, bmp, exif, gif, jpeg, png, webp } from "./formats.mjs";
import { stage } from "./stage.mjs";

let all;
before(async () => {
  all = await stage();
});
after(() => all.close());

const codes = JSON.parse(await readFile(new URL("../corpus/charsets.json", import.meta.url)));
const [{ rows, text: TEXT }] = codes;
const CLEAR = [0, 0, 0, 0];

/** Each kind of file, with a code that says `TEXT`. */
const kinds = {
  "PNG, grey": png(rows),
  "PNG, grey of 16 bits": png(rows, { bits: 16, light: [65_535] }),
  "PNG, RGB": png(rows, { type: 2, dark: [20, 30, 120], light: [255, 250, 240] }),
  "PNG, RGB of 16 bits": png(rows, { type: 2, bits: 16, dark: [0, 0, 0], light: [65_535, 65_535, 65_535] }),
  "PNG, RGBA of 16 bits, black on transparent": png(rows, {
    type: 6,
    bits: 16,
    dark: [0, 0, 0, 65_535],
    light: CLEAR,
  }),
  "PNG, palette": png(rows, { type: 3, light: [1], more: [["PLTE", [0, 0, 0, 255, 255, 255]]] }),
  "PNG, palette, black on transparent": png(rows, {
    type: 3,
    light: [1],
    more: [
      ["PLTE", [0, 0, 0, 0, 0, 0]],
      ["tRNS", [255, 0]],
    ],
  }),
  "PNG, grey with alpha, black on transparent": png(rows, { type: 4, dark: [0, 255], light: [0, 0] }),
  "PNG, black on transparent": png(rows, { type: 6, dark: [0, 0, 0, 255], light: CLEAR }),
  "PNG, dark blue on transparent": png(rows, { type: 6, dark: [20, 30, 120, 255], light: CLEAR }),
  "PNG, white on transparent": png(rows, { type: 6, dark: CLEAR, light: [255, 255, 255, 255] }),
  "PNG, light modules on transparent": png(rows, { type: 6, dark: [255, 255, 255, 255], light: CLEAR }),
  "PNG, half transparent": png(rows, { type: 6, dark: [0, 0, 0, 220], light: [0, 0, 0, 60] }),
  "PNG, 20,000 pixels long": png(rows, { width: 300, height: 20_000 }),
  "PNG, 20,000 pixels wide": png(rows, { width: 20_000, height: 300 }),
  GIF: gif(rows),
  "GIF, black on transparent": gif(rows, { transparent: true }),
  WebP: webp(rows),
  "WebP, black on transparent": webp(rows, { transparent: true }),
  BMP: bmp(rows),
  "JPEG, grey": jpeg(rows),
  "JPEG, YCbCr": jpeg(rows, { dark: [0, 128, 128], light: [255, 128, 128] }),
  "JPEG, progressive": jpeg(rows, { dark: [0, 128, 128], light: [255, 128, 128], progressive: true }),
  "JPEG, CMYK": jpeg(rows, { dark: [255, 255, 255, 0], light: [255, 255, 255, 255], segments: [ADOBE] }),
  ...Object.fromEntries(
    [2, 3, 4, 5, 6, 7, 8].map((turn) => [`JPEG, EXIF orientation ${turn}`, jpeg(rows, { segments: [exif(turn)] })]),
  ),
};

const engines = {
  Chromium: async (_t, address) => {
    const { browser } = await all.browser();
    await (await browser.newPage()).goto(address);
    return true;
  },
  Firefox: firefox,
  WebKit: (t, address) => webkit(t, address, "-MediaStreamTrackProcessing"),
};

for (const [engine, open] of Object.entries(engines))
  test(`${engine}: a code is read from every kind of file, and its text in every character set`, async (t) => {
    all.files.clear();
    for (const [kind, file] of Object.entries(kinds)) all.files.set(kind, file);
    for (const { name, rows } of codes) all.files.set(name, png(rows));
    const said = all.said();
    const names = encodeURIComponent(JSON.stringify([...all.files.keys()]));
    if (!(await open(t, `${all.origin}/files#${names}`))) return;
    const { seen, error } = await said;
    assert.equal(error, undefined);
    const texts = Object.keys(kinds).map((kind) => [kind, JSON.stringify(seen[kind]?.map?.(({ text }) => text))]);
    const unread = texts.filter(([, text]) => text !== JSON.stringify([TEXT]));
    assert.deepEqual(unread, []);
    for (const { name, text, encoding, eci, bytes } of codes)
      assert.deepEqual(seen[name], [{ text, encoding, eci, bytes }], name);
  });

/** The RGBA of a code, at four pixels a module. */
function pixels(rows, dark = [0, 0, 0, 255], light = [255, 255, 255, 255]) {
  const side = (rows.length + 8) * 4;
  const at = (pixel) => Math.floor(pixel / 4) - 4;
  const one = (_, place) => (rows[at(Math.floor(place / side))]?.[at(place % side)] === "#" ? dark : light);
  const data = Uint8Array.from(Array.from({ length: side * side }, one).flat());
  return { data, width: side, height: side };
}

test("Node: the text of a code is right in every character set, and its bytes are exact", async () => {
  const reader = await Reader.load();
  for (const { name, rows, text, encoding, eci, bytes } of codes) {
    const [code] = reader.read(pixels(rows));
    assert.deepEqual({ ...code, bytes: [...code.bytes], corners: 0 }, { text, encoding, eci, bytes, corners: 0 }, name);
  }
});

test("Node: a code on a transparent ground is read, whatever its colour", async () => {
  const reader = await Reader.load();
  const inks = [
    [[0, 0, 0, 255], CLEAR],
    [[20, 30, 120, 255], CLEAR],
    [CLEAR, [255, 255, 255, 255]],
    [[255, 255, 255, 255], CLEAR],
  ];
  for (const [dark, light] of inks)
    for (const effort of ["live", "still"]) {
      const found = reader.read(pixels(rows, dark, light), { effort });
      assert.deepEqual(
        found.map(({ text }) => text),
        [TEXT],
        `${dark} on ${light}, ${effort}`,
      );
    }
});
