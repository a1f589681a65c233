// The package's worker with a fault that a test asks for, `?fault=...`: it tells of its first reading, and when the
// fault is there.

import { LiveReader } from "/pkg/wasm/reader.js";
import "/pkg/worker.js";

const fault = new URL(import.meta.url).searchParams.get("fault");
const { readFrame, readPixels } = LiveReader.prototype;
const { close } = VideoFrame.prototype;
const tell = (type) => self.postMessage({ type, at: performance.timeOrigin + performance.now() });
const hang = () => {
  tell("faults");
  for (;;);
};
let frames = 0;

LiveReader.prototype.readFrame = function (frame) {
  if (++frames === 1) tell("reads");
  if (fault === "trap" && frames > 3) {
    tell("faults");
    // Memory that is not there: the module itself traps, as a decoder that panics does.
    this.__wbg_ptr = 0xfffffff0;
    return this.readPixels(new ArrayBuffer(4), 1, 1);
  }
  // In the browser's own copy, with the frame open.
  if (fault === "hang with a frame open" && frames > 3) hang();
  return readFrame.call(this, frame);
};

// In the decoder: the frame is copied by then, and closed.
if (fault === "hang")
  VideoFrame.prototype.close = function () {
    close.call(this);
    if (frames > 3) hang();
  };

// Some hardware frames have no format that a page may know.
if (["format", "hang when drawn"].includes(fault))
  Object.defineProperty(VideoFrame.prototype, "format", { get: () => null });
if (fault === "hang when drawn")
  LiveReader.prototype.readPixels = function (...given) {
    if (frames > 2) hang();
    return readPixels.apply(this, given);
  };
