// Sees each frame of a clone of the camera's track on a thread of its own, and tells when a scene was first there: the
// page's own frame callback comes late where the page is blocked, and would flatter whoever blocks it.

const BITS = 10;
let last = -1;

self.onmessage = async ({ data: { readable } }) => {
  const frames = readable.getReader();
  let buffer = new Uint8Array(0);
  for (;;) {
    const { value: frame, done } = await frames.read();
    if (done) return;
    const at = performance.timeOrigin + performance.now();
    // Two rows of light are all that is looked at.
    const rect = { x: 0, y: 0, width: 48, height: 4 };
    const size = frame.allocationSize({ rect });
    if (buffer.length < size) buffer = new Uint8Array(size);
    const [{ offset, stride }] = await frame.copyTo(buffer, { rect });
    frame.close();
    let mark = 0;
    for (let bit = 0; bit < BITS; bit++) if (buffer[offset + 2 * stride + bit * 4 + 2] > 128) mark |= 1 << bit;
    if (mark !== last) self.postMessage({ mark, at });
    last = mark;
  }
};
self.postMessage({ mark: "ready", at: performance.timeOrigin + performance.now() });
