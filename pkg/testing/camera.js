// @ts-check
// A camera that shows the customer's phone, and a reader that reads its code, without a picture: the till gets the
// messages of a worker (pkg/protocol.d.ts), and everything after them is its own code.

import { Emitter } from "./stand_ins.js";

const SIDES = { width: 1280, height: 720 };

export class HTMLVideoElement {
  videoWidth = SIDES.width;
  videoHeight = SIDES.height;
  readyState = 4;
  muted = false;
  srcObject = null;
  style = { setProperty() {}, removeProperty() {} };
  #clock;
  constructor(clock) {
    this.#clock = clock;
  }
  get currentTime() {
    return this.#clock.elapsed() / 1000;
  }
  setAttribute() {}
  async play() {}
  requestVideoFrameCallback(hear) {
    return this.#clock.setTimeout(hear);
  }
  cancelVideoFrameCallback(id) {
    this.#clock.clearTimeout(id);
  }
}

const DEVICE = { deviceId: "testing", label: "Testing camera", kind: "videoinput", groupId: "" };

let tracks = 0;

export class MediaStreamTrack extends Emitter {
  id = `track-${++tracks}`;
  kind = "video";
  label = DEVICE.label;
  muted = false;
  readyState = "live";
  stop() {
    this.readyState = "ended";
  }
  clone() {
    return new MediaStreamTrack();
  }
  getSettings() {
    return { deviceId: DEVICE.deviceId, facingMode: "environment", ...SIDES };
  }
  getCapabilities() {
    return { deviceId: DEVICE.deviceId, facingMode: ["environment"], focusMode: ["continuous"] };
  }
  async applyConstraints() {}
}

/** `navigator.mediaDevices`, with one camera. */
export class MediaDevices extends Emitter {
  async getUserMedia() {
    const all = [new MediaStreamTrack()];
    return { getTracks: () => all, getVideoTracks: () => all };
  }
  async enumerateDevices() {
    return [DEVICE];
  }
}

/**
 * A class of workers that read a code of the customer's phone in each picture, until one is accepted.
 * @param {import("./clock.js").Clock} clock
 * @param {() => string} nextCode
 * @param {string} version
 */
export function workers(clock, nextCode, version) {
  return class Worker extends Emitter {
    #scan = null;
    #frames = 0;
    #timer = 0;
    postMessage(message) {
      if (message.type === "init") this.#tell({ type: "ready", version });
      if (message.type === "pause") this.terminate();
      if (message.type !== "scan") return;
      this.terminate();
      this.#scan = message.scan;
      this.#read(0, message.pulseMs);
    }
    terminate() {
      clock.clearTimeout(this.#timer);
    }
    #read(ms, pulseMs) {
      this.#timer = clock.setTimeout(() => {
        this.#frames++;
        this.#tell({ type: "read", id: null, readings: [reading(nextCode())], hint: null, pauseMs: 0 });
        this.#read(pulseMs, pulseMs);
      }, ms);
    }
    #tell(message) {
      const data = { scan: this.#scan, frames: this.#frames, tookMs: 1, ...message };
      Promise.resolve().then(() => this.emit("message", { data }));
    }
  };
}

function reading(text) {
  const [left, right, top, bottom] = [400, 880, 120, 600];
  const corners = [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  return { text, bytes, eci: null, corners, confirmed: true, arrived: false };
}
