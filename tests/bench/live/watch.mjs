// Goes before a module worker that reads frames: counts the frames that it has copied by the time they are closed; and,
// where a page's CPU is throttled, makes this thread as slow, for the browser's throttling slows a page's main thread
// only: each call into a Wasm module takes `factor` times as long. It tells when it is asked, so that it costs the page
// nothing.

const factor = Number(new URL(import.meta.url).searchParams.get("factor"));
const seen = { frames: 0, first: null };

const { copyTo, close } = VideoFrame.prototype;
const copied = new WeakSet();
VideoFrame.prototype.copyTo = function (...args) {
  copied.add(this);
  return copyTo.apply(this, args);
};
VideoFrame.prototype.close = function () {
  close.call(this);
  if (!copied.delete(this)) return;
  seen.frames += 1;
  seen.first ??= performance.timeOrigin + performance.now();
};
const channel = new BroadcastChannel("watch");
channel.onmessage = ({ data }) => {
  if (data === "tell") channel.postMessage(seen);
};

function idle(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

let inside = false;
function slowed(call) {
  return (...args) => {
    if (inside) return call(...args);
    inside = true;
    const began = performance.now();
    try {
      return call(...args);
    } finally {
      idle((factor - 1) * (performance.now() - began));
      inside = false;
    }
  };
}

const { instantiate } = WebAssembly;
if (factor > 1) {
  WebAssembly.instantiate = async (source, imports) => {
    const made = await instantiate(source, imports);
    const instance = made instanceof WebAssembly.Instance ? made : made.instance;
    const exports = Object.fromEntries(
      Object.entries(instance.exports).map(([name, value]) => [
        name,
        typeof value === "function" ? slowed(value) : value,
      ]),
    );
    const slow = Object.create(instance, { exports: { value: exports } });
    return made === instance ? slow : { module: made.module, instance: slow };
  };
}
