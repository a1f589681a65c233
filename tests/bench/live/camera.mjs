// The camera of the live bench: scenes as PGM, played as a y4m file that Chromium takes for its camera. A strip in the
// first four rows tells which scene a frame shows: four pixels a bit, read again by marker.mjs.

import { open, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Not 30: a page shows frames at 60 a second, and the camera's must not keep step with them, or luck lasts for a whole
 * film.
 */
export const FPS = 29;
const BITS = 10;

/**
 * A scene is shown for so many frames, after a counter without a phone for a few: never the same number, so that no
 * timer falls into step.
 */
export const SHOWN = 18;
const EMPTY = (nth) => 3 + ((nth * 5) % 4);
/** Before the first scene: every scanner has started by then. */
const LEAD = 36;

/** Writes the film of these scenes. Each is { nth, frames: [names of files] }; `empty` is a counter without a phone. */
export async function film(file, folder, scenes, empty, [width, height]) {
  const out = await open(file, "w");
  const chroma = Buffer.alloc((width * height) / 2, 128);
  const head = Buffer.from("FRAME\n");
  try {
    await out.write(`YUV4MPEG2 W${width} H${height} F${FPS}:1 Ip A1:1 C420jpeg\n`);
    const put = async (luma, mark) => {
      strip(luma, width, mark);
      await out.writev([head, luma, chroma]);
    };
    const nothing = await luma(join(folder, empty));
    for (let at = 0; at < LEAD; at++) await put(nothing, 0);
    for (const { nth, frames } of scenes) {
      for (let at = 0; at < EMPTY(nth); at++) await put(nothing, 0);
      const pictures = await Promise.all(frames.map((name) => luma(join(folder, name))));
      for (const at of order(pictures.length)) await put(pictures[at], nth + 1);
    }
    // After the last scene the film says so, until it begins anew.
    for (let at = 0; at < 30; at++) await put(nothing, END);
  } finally {
    await out.close();
  }
}

export const END = 2 ** BITS - 1;

/** The frames in their order, the last three again and again: a hand trembles on. */
function order(count) {
  const shown = Math.max(SHOWN, count + 12);
  return Array.from({ length: shown }, (_, at) => (at < count ? at : count - 3 + ((at - count) % 3)));
}

/** Greys as a camera sends them: 16 is black, 235 is white. */
async function luma(path) {
  const bytes = await readFile(path);
  const [, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString("latin1")).map(Number);
  const grey = bytes.subarray(bytes.length - width * height);
  return Buffer.from(grey.map((value) => 16 + Math.round((value * 219) / 255)));
}

function strip(luma, width, mark) {
  for (let bit = 0; bit < BITS; bit++) {
    const value = (mark >> bit) & 1 ? 235 : 16;
    for (let y = 0; y < 4; y++) luma.fill(value, y * width + bit * 4, y * width + bit * 4 + 4);
  }
}
