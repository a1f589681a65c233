// The page of one run: a scanner, and beside it a worker that sees when a scene is there.

import { scanners } from "./scanners.mjs";

const query = new URLSearchParams(location.search);
const [name, slow] = [query.get("scanner"), Number(query.get("slow"))];
const now = () => performance.timeOrigin + performance.now();
/** What the run saw. Times are milliseconds since 1970, comparable across threads. */
const log = { marks: [], reads: [], firstFrame: null, frames: 0, long: 0, settings: null };
globalThis.log = log;

new PerformanceObserver((list) => {
  log.long += list.getEntries().length;
}).observe({ type: "longtask" });

const marker = new Worker("/live/marker.mjs", { type: "module" });
await new Promise((done) => marker.addEventListener("message", done, { once: true }));
marker.onmessage = ({ data }) => log.marks.push(data);

// Every scanner gets the same camera, whatever it would rather have; a clone of its track goes to the marker.
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async () => {
  const stream = await real({ video: true });
  const [track] = stream.getVideoTracks();
  log.settings = (({ width, height, frameRate }) => ({ width, height, frameRate }))(track.getSettings());
  const { readable } = new MediaStreamTrackProcessor({ track: track.clone(), maxBufferSize: 2 });
  marker.postMessage({ readable }, [readable]);
  return stream;
};

// A worker of a scanner's is watched, or slowed as the page is.
const Real = Worker;
const watch = new URL(`/live/watch.mjs?factor=${slow}`, location).href;
globalThis.Worker = class extends Real {
  constructor(url, options) {
    const address = new URL(url, location).href;
    if (options?.type !== "module" && slow === 1) {
      super(address, options);
      return;
    }
    const source =
      options?.type === "module"
        ? `import ${JSON.stringify(watch)}; import ${JSON.stringify(address)};`
        : `self.slowFactor = ${slow}; importScripts("${location.origin}/live/slow-classic.js", ${JSON.stringify(address)});`;
    super(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), options);
  }
};

const tell = {
  read: (text) => log.reads.push({ text, at: now() }),
  frame: () => {
    log.firstFrame ??= now();
    log.frames += 1;
  },
};

/** How many frames were looked at; where a worker takes them by itself, it is asked. */
globalThis.looked = () => {
  if (name !== "kaunter") return log.frames;
  return new Promise((done) => {
    const channel = new BroadcastChannel("watch");
    channel.onmessage = ({ data: { frames, first } }) => {
      log.firstFrame = first;
      channel.close();
      done(frames);
    };
    channel.postMessage("tell");
  });
};

/** How many times as long as in its own thread an even piece of work takes: told of the page and of a worker. */
globalThis.pace = (ms) => {
  let turns = 0;
  for (const end = performance.now() + ms; performance.now() < end; turns++);
  return turns;
};
globalThis.workerPace = (ms) =>
  new Promise((done) => {
    const source =
      "onmessage = ({ data }) => { let turns = 0; for (const end = performance.now() + data; performance.now() < end; turns++); postMessage(turns); }";
    const worker = new Real(URL.createObjectURL(new Blob([source])));
    worker.onmessage = ({ data }) => {
      worker.terminate();
      done(data);
    };
    worker.postMessage(ms);
  });

globalThis.begin = async (setting, size) => {
  const video = document.querySelector("video");
  await scanners[name]({ video, tell, setting, size });
};
globalThis.loaded = true;
