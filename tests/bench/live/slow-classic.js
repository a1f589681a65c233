// As slow.mjs, for a worker that is no module and has no Wasm: its handler's answer is held back.
{
  const factor = Number(self.slowFactor);
  const post = self.postMessage.bind(self);
  let began = null;
  const idle = (ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  self.postMessage = (...args) => {
    if (began !== null) idle((factor - 1) * (performance.now() - began));
    began = null;
    post(...args);
  };
  let handler = null;
  Object.defineProperty(self, "onmessage", {
    get: () => handler,
    set: (value) => {
      handler = value;
    },
  });
  self.addEventListener("message", (event) => {
    began = performance.now();
    handler?.call(self, event);
  });
}
