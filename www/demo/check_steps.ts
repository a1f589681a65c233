// What the page "Check this device" measures: drawn pictures, codes before a drawn camera, and the device's own camera.

import { Reader, type Scan, Till } from "kaunter";
import { sandbox } from "kaunter/sandbox";

/** A drawn picture and the code in it. */
interface Picture {
  readonly text: string;
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}
type Draw = (number: number) => Picture;

export interface Pictures {
  readonly shown: number;
  readonly read: number;
  /** Codes with a text that was not shown. There must be none. */
  readonly wrong: number;
  /** The time of each picture, in ms, in ascending order. */
  readonly times: readonly number[];
}

export interface Live {
  readonly shown: number;
  /** From the start of each scan that read its code to the code, in ms, in ascending order. */
  readonly times: readonly number[];
  /** How the frames came to the reader: `stream`, `track`, `frame`, `pixels`, or `page` without a worker. */
  readonly road: string;
}

export interface OwnCamera {
  readonly size: string;
  /** From the request to the end of the first look, in ms. */
  readonly firstLookMs: number | null;
  /** The error's code if there is no camera. */
  readonly fault: string | null;
}

/** The pictures that are read. It is what the page promises. */
export const PICTURES = 40;
/** Scans of the drawn camera, and the longest time of one. */
const SCANS = 10;
const MAX_SCAN_MS = 4000;
/** The seed of the till set that this page draws. Any other one draws other pictures of the same kinds. */
const SEED = 57;
/** The longest wait for the device's own camera. A person answers the browser's question meanwhile. */
const MAX_CAMERA_MS = 20_000;

/** What is posted to workers, and when their first look ended: the page watches the road that the frames take. */
const posted = new Set<string>();
let firstLook: (() => void) | null = null;

/** Loads what draws the pictures. It is beside this page, and no part of the package. */
export async function loadDraw(): Promise<Draw> {
  const at = (name: string) => new URL(`scenes/${name}`, document.baseURI).href;
  const scenes = await import(/* @vite-ignore */ at("scenes.js"));
  await scenes.default({ module_or_path: at("scenes.wasm") });
  return (number) => {
    const drawn = scenes.draw(SEED, number);
    const picture = { text: drawn.text(), width: drawn.width(), height: drawn.height(), grey: drawn.grey() };
    drawn.free();
    return picture;
  };
}

/** Gives the page time to show its progress. */
const breathe = () => new Promise((done) => setTimeout(done));
const ascending = (times: number[]) => times.sort((a, b) => a - b);

/** Reads each picture as a camera's first frame. */
export async function readPictures(draw: Draw, progress: (done: number) => void): Promise<Pictures> {
  const reader = await Reader.load();
  let [read, wrong] = [0, 0];
  const times: number[] = [];
  for (let number = 0; number < PICTURES; number++) {
    const { text, width, height, grey } = draw(number);
    reader.reset();
    const began = performance.now();
    const codes = reader.read({ data: grey, width, height });
    times.push(performance.now() - began);
    if (codes.some((code) => code.text === text)) read++;
    wrong += codes.filter((code) => code.text !== text).length;
    progress((number + 1) / PICTURES);
    await breathe();
  }
  reader.close();
  return { shown: PICTURES, read, wrong, times: ascending(times) };
}

/** Scans codes before a drawn camera, by the way that a till's frames take on this device. */
export async function scanDrawn(draw: Draw, progress: (done: number) => void): Promise<Live> {
  watchWorkers();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 640, height: 480 });
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("This browser draws no pictures.");
  const till = await openTill({ stream: canvas.captureStream(30) });
  const times: number[] = [];
  try {
    for (let scan = 0; scan < SCANS; scan++) {
      // Even numbers of the first kind have the canvas' size; there are 17 kinds.
      const { text, width, height, grey } = draw(17 * 2 * (scan + 1));
      const image = rgba(grey, width, height);
      let frames = 0;
      const shows = setInterval(() => pen.putImageData(image, 0, -(frames++ % 2)), 33);
      const began = performance.now();
      // The stream may still hold a frame of the last code.
      const accept = (scan: Scan) => scan.text === text;
      const read = await till.scan({ timeoutMs: MAX_SCAN_MS, accept }).catch(() => null);
      if (read) times.push(performance.now() - began);
      clearInterval(shows);
      progress((scan + 1) / SCANS);
    }
  } finally {
    await till.close();
  }
  const road = ["stream", "track", "frame", "pixels"].filter((type) => posted.has(type)).at(-1) ?? "page";
  return { shown: SCANS, times: ascending(times), road };
}

/** Starts the device's camera, until the reader has looked at it once. */
export async function tryCamera(): Promise<OwnCamera> {
  watchWorkers();
  const till = await openTill({});
  const leave = new AbortController();
  let fault: string | null = null;
  let firstLookMs: number | null = null;
  const began = performance.now();
  const looked = new Promise<void>((done) => {
    firstLook = () => {
      firstLookMs = performance.now() - began;
      done();
    };
  });
  const scan = till.scan({ timeoutMs: MAX_CAMERA_MS, signal: leave.signal }).then(
    () => {},
    (error: { code?: string }) => {
      if (!leave.signal.aborted) fault = error.code ?? String(error);
    },
  );
  await Promise.race([looked, scan]);
  const video = cameras.at(-1)?.getVideoTracks()[0]?.getSettings();
  leave.abort();
  await scan;
  firstLook = null;
  await till.close();
  return { size: video ? `${video.width} x ${video.height}` : "none", firstLookMs, fault };
}

/** A till whose backend is in this page. */
async function openTill(camera: { stream?: MediaStream }): Promise<Till> {
  const { backend, getToken, fetch } = await sandbox({ persist: false });
  return await Till.open({ backend, getToken, fetch, camera });
}

function rgba(grey: Uint8Array, width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  for (const [at, value] of grey.entries()) image.data.set([value, value, value, 255], at * 4);
  return image;
}

/** The streams that the browser gave. */
const cameras: MediaStream[] = [];
let isWatching = false;

/** Notes what goes to the package's workers, and when one has looked at a frame. */
function watchWorkers(): void {
  if (isWatching) return;
  isWatching = true;
  const { postMessage, addEventListener } = Worker.prototype;
  Worker.prototype.postMessage = function (this: Worker, message: { type?: string }, ...more: never[]) {
    posted.add(message?.type ?? "");
    return postMessage.call(this, message, ...more);
  } as typeof postMessage;
  Worker.prototype.addEventListener = function (this: Worker, type: string, ...more: unknown[]) {
    if (type === "message") {
      const hear = ({ data }: MessageEvent) => data?.tookMs > 0 && firstLook?.();
      addEventListener.call(this, type, hear as EventListener);
    }
    return (addEventListener as (...given: unknown[]) => void).call(this, type, ...more);
  } as typeof addEventListener;
  const devices = globalThis.MediaDevices?.prototype;
  if (!devices) return;
  const { getUserMedia } = devices;
  devices.getUserMedia = async function (constraints) {
    const stream = await getUserMedia.call(this, constraints);
    cameras.push(stream);
    return stream;
  };
}
