// A camera made of a file: a code, drawn into two frames of I420 that Chromium plays as its camera.

import { constants, open } from "node:fs/promises";
import QRCode from "qrcode";

/**
 * Writes a y4m file; Chromium reads it afresh at each getUserMedia. `text: null` shows an empty counter. `shake`: so
 * many pixels to the side in every other frame, as in a hand.
 */
export async function show(
  file,
  text,
  { width = 640, height = 480, module = 8, dark = false, black = false, shake = 0 } = {},
) {
  const chroma = Buffer.alloc((width * height) / 2, 128);
  const frame = (aside) => {
    const luma = Buffer.alloc(width * height, black ? 12 : dark ? 24 : 225);
    // A little noise: a perfectly still picture is no camera.
    for (let at = 0; at < luma.length; at++) luma[at] += (at * 2654435761) >>> 29;
    if (text !== null) draw(luma, text, { width, height, module, dark, aside });
    return Buffer.concat([Buffer.from("FRAME\n"), luma, chroma]);
  };
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420jpeg\n`);
  await put(file, Buffer.concat([head, frame(0), frame(shake)]));
}

/**
 * Over what was there: a camera that is on plays the file meanwhile, and one that finds it cut short ends its track.
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

function draw(luma, text, { width, height, module, dark, aside }) {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: "M" });
  const size = modules.size;
  const step = Math.min(module, Math.floor((height - 40) / (size + 8)));
  const [left, top] = [Math.floor((width - size * step) / 2) + aside, Math.floor((height - size * step) / 2)];
  for (let y = 0; y < size * step; y++) {
    for (let x = 0; x < size * step; x++) {
      const on = modules.get(Math.floor(y / step), Math.floor(x / step));
      if (on) luma[(top + y) * width + left + x] = dark ? 230 : 20;
    }
  }
}

/** How Chromium is told to play the file. As root it needs no sandbox, and a test needs no network of its own. */
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
