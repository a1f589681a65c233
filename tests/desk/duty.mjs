// A process that gets a part of the processor: it is stopped and continued many times a second. So a backend's capacity
// is a known part of what it has on this machine, without rights that a test does not have.

import { Worker } from "node:worker_threads";

/** How long the process runs at a time, in milliseconds. Shorter: on a busy machine it often gets no turn in it. */
const RUN_MS = 8;

/** In a thread of its own, so that the pauses do not depend on how busy the test is. */
const STOPS = `
const { workerData: { pid, words, run_ms } } = require("node:worker_threads");
const [ASKED, STOP_MS] = [0, 1];
while (Atomics.load(words, ASKED) === 0) {
  const stop_ms = Atomics.load(words, STOP_MS);
  if (stop_ms > 0) {
    process.kill(pid, "SIGSTOP");
    Atomics.wait(words, ASKED, 0, stop_ms);
    process.kill(pid, "SIGCONT");
  }
  Atomics.wait(words, ASKED, 0, run_ms);
}
`;

/** Takes turns with the process from now on, until the test ends. */
export function duty(t, pid) {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(STOPS, { eval: true, workerData: { pid, words, run_ms: RUN_MS } });
  const ended = new Promise((done) => worker.once("exit", done));
  const end = async () => {
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    await ended;
  };
  t.after(end);
  return {
    end,
    /** It runs for this part of the time. Returns the part that whole milliseconds allow. */
    part(wanted) {
      const stop_ms = Math.max(0, Math.round(RUN_MS / wanted - RUN_MS));
      Atomics.store(words, 1, stop_ms);
      return RUN_MS / (RUN_MS + stop_ms);
    },
  };
}
