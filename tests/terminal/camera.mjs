// Writes a camera file for Chromium: a code, drawn into two I420 frames.

import { constants, open } from "node:fs/promises";
import QRCode from "qrcode";

/**
 * Writes a y4m file, which Chromium reads again at each getUserMedia. `text: null` shows an empty counter. `shake`
 * moves every second frame by that many pixels, as a hand does. `beside` has more codes, each with its place:
 * `{ text, left, top, module }`.
 */
export async function show(
  file,
  text,
  { width = 640, height = 480, module = 8, dark = false, black = false, shake = 0, beside = [] } = {},
) {
  const chroma = Buffer.alloc((width * height) / 2, 128);
  const frame = (aside) => {
    const luma = Buffer.alloc(width * height, black ? 12 : dark ? 24 : 225);
    // A little noise, because a camera never gives two equal frames.
    for (let at = 0; at < luma.length; at++) luma[at] += (at * 2654435761) >>> 29;
    if (text !== null) draw(luma, text, { width, height, module, dark, aside });
    for (const one of beside) draw(luma, one.text, { width, height, module: 4, dark, aside, ...one });
    return Buffer.concat([Buffer.from("FRAME\n"), luma, chroma]);
  };
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420jpeg\n`);
  await put(file, Buffer.concat([head, frame(0), frame(shake)]));
}

/**
 * Overwrites the file in place. A running camera plays it meanwhile, and would end its track if the file became
 * shorter.
 */
async function put(file, film) {
  const out = await open(file, constants.O_WRONLY | constants.O_CREAT);
  try {
    await out.write(film, 0, film.length, 0);
    await out.truncate(film.length);
  } finally {
    await out.close();
  }
}

function draw(luma, text, { width, height, module, dark, aside, left: at, top: from }) {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: "M" });
  const size = modules.size;
  const step = Math.min(module, Math.floor((height - 40) / (size + 8)));
  const middle = (side) => Math.floor((side - size * step) / 2);
  const [left, top] = [(at ?? middle(width)) + aside, from ?? middle(height)];
  for (let y = 0; y < size * step; y++) {
    for (let x = 0; x < size * step; x++) {
      const on = modules.get(Math.floor(y / step), Math.floor(x / step));
      if (on) luma[(top + y) * width + left + x] = dark ? 230 : 20;
    }
  }
}

/** Chromium's arguments. Root can't use its sandbox, and a test needs no browser services from the network. */
export function flags(file) {
  return [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${file}`,
  ];
}
