// The package's worker with a fault that a test asks for: `?fault=trap|hang|format`, in the life that \`life\` counts.

import { WorkerReader } from "/pkg/wasm/kaunter.js";
import "/pkg/worker.js";

const fault = new URL(import.meta.url).searchParams.get("fault");
const read = WorkerReader.prototype.readFrame;
let frames = 0;

WorkerReader.prototype.readFrame = function (frame) {
  frames++;
  if (fault === "trap" && frames > 3) {
    // Memory that is not there: the module itself traps, as a decoder that panics does.
    this.__wbg_ptr = 0xfffffff0;
    return this.readPixels(new ArrayBuffer(4), 1, 1);
  }
  while (fault === "hang" && frames > 3);
  return read.call(this, frame);
};

// Some hardware frames have no format that a page may know.
if (fault === "format") Object.defineProperty(VideoFrame.prototype, "format", { get: () => null });
