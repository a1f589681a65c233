// Makes a worker as slow as a page whose CPU is throttled: the browser's throttling slows a page's main thread only.
// Each call into a Wasm module, and each message's handler where there is none, takes `factor` times as long.

const factor = Number(new URL(import.meta.url).searchParams.get("factor"));

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
WebAssembly.instantiate = async (source, imports) => {
  const made = await instantiate(source, imports);
  const instance = made instanceof WebAssembly.Instance ? made : made.instance;
  const exports = Object.fromEntries(Object.entries(instance.exports).map(([name, value]) => [name, typeof value === "function" ? slowed(value) : value]));
  const slow = Object.create(instance, { exports: { value: exports } });
  return made === instance ? slow : { module: made.module, instance: slow };
};
