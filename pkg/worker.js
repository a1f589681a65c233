// The module worker that reads codes: the same .wasm, compiled once by the page and posted here.

import initialise, { WorkerReader } from "./wasm/kaunter.js";

let reader;

self.onmessage = async ({ data }) => {
  try {
    if (data.type === "init") {
      await initialise({ module_or_path: data.module });
      reader = new WorkerReader();
      self.postMessage({ type: "ready" });
    } else if (data.type === "reset") {
      reader.reset();
    } else {
      const began = performance.now();
      const codes = data.type === "frame"
        ? await reader.readFrame(data.frame)
        : reader.readPixels(data.buffer, data.width, data.height, data.stride, data.format);
      self.postMessage({ type: "read", id: data.id, codes, ms: performance.now() - began });
    }
  } catch (error) {
    data.frame?.close();
    self.postMessage({ type: "failed", id: data.id, message: String(error?.message ?? error) });
  }
};
