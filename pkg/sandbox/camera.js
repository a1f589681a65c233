// @ts-check
// The sandbox's camera: a picture of a counter with the customer's phone on it, drawn on a canvas. The phone's display
// is dim, tilted and reflects a lamp, and the sensor is noisy, so that the reader has something to do.

const WIDTH = 640;
const HEIGHT = 480;
/** A webcam has 30 pictures per second; drawing them costs the reader time on a small machine. */
const FPS = 20;
/** The side of the picture of noise, of which each frame shows another part. */
const GRAIN = 256;
/** Half of the phone's width and height in pixels. */
const PHONE = [125, 220];
/** Half of the side of the code with its quiet zone, and where its middle is above the phone's. */
const CODE = [102, -30];
/** The quiet zone in modules: ISO/IEC 18004 asks for four. */
const QUIET = 4;
/** How far the camera is from the phone, in pixels: a smaller number exaggerates the perspective. */
const DISTANCE = 900;

/** Where the phone is, in shares of the picture from the top left, and how it is turned, in radians. */
const START = { x: 0.5, y: 0.5, turn: 0.12, yaw: 0.3, pitch: -0.25 };

export class SandboxCamera {
  /** @type {HTMLCanvasElement | undefined} */
  #canvas;
  /** @type {MediaStreamTrack[]} */
  #tracks = [];
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #phone = { ...START };
  #code;

  /** @param {() => { size: number, modules: Uint8Array }} code what the phone shows now */
  constructor(code) {
    this.#code = code;
  }

  /** The picture. In a page, mouse and finger move its phone. */
  get canvas() {
    if (!this.#canvas) {
      this.#canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
      this.#canvas.style.touchAction = "none"; // a finger moves the phone, not the page
      for (const type of ["pointerdown", "pointermove"]) this.#canvas.addEventListener(type, this.#drag);
      this.#draw();
    }
    return this.#canvas;
  }

  /** A stream of the picture. It is drawn until the tracks of all streams have ended. */
  stream() {
    const stream = this.canvas.captureStream(FPS);
    this.#tracks.push(...stream.getTracks());
    // Not with the display's frames: a window behind another one gets none.
    this.#timer ??= setInterval(() => this.#next(), 1000 / FPS);
    return stream;
  }

  /**
   * Moves the phone: 0.5, 0.5 is the middle of the picture.
   * @param {number} x
   * @param {number} y
   */
  move(x, y) {
    Object.assign(this.#phone, { x, y });
    if (!this.#timer && this.#canvas) this.#draw();
  }

  #drag = (/** @type {any} */ event) => {
    if (!(event.buttons & 1)) return;
    if (event.type === "pointerdown") this.#canvas?.setPointerCapture(event.pointerId);
    const box = this.canvas.getBoundingClientRect();
    this.move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };

  #next() {
    this.#tracks = this.#tracks.filter((track) => track.readyState === "live");
    if (this.#tracks.length > 0) return this.#draw();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #draw() {
    const pen = this.canvas.getContext("2d", { alpha: false });
    if (!pen) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    const place = placed(this.#phone, performance.now());
    drawCounter(pen);
    drawPhone(pen, place, this.#code());
    drawLamp(pen, place);
    drawWords(pen);
    drawNoise(pen);
  }
}

/**
 * The projection of the phone's plane, whose middle is 0, 0, into the picture. A hand is never quite still.
 * @param {typeof START} phone
 * @param {number} now
 * @returns {(u: number, v: number) => [number, number]}
 */
function placed(phone, now) {
  const sway = (/** @type {number} */ ms) => Math.sin((now / ms) * 2 * Math.PI);
  const left = phone.x * WIDTH + 2 * sway(1900);
  const top = phone.y * HEIGHT + 2 * sway(2700);
  // A phone beside the middle is seen from the side.
  const yaw = phone.yaw + 0.4 * (phone.x - 0.5) + 0.04 * sway(4100);
  const pitch = phone.pitch + 0.4 * (phone.y - 0.5) + 0.04 * sway(5300);
  const [sin, cos] = [Math.sin(phone.turn), Math.cos(phone.turn)];
  return (u, v) => {
    const [x, y] = [u * cos - v * sin, u * sin + v * cos];
    const near = DISTANCE / (DISTANCE + x * Math.sin(yaw) + y * Math.sin(pitch));
    return [left + x * Math.cos(yaw) * near, top + y * Math.cos(pitch) * near];
  };
}

/** @param {CanvasRenderingContext2D} pen */
function drawCounter(pen) {
  const wood = pen.createLinearGradient(0, 0, WIDTH, HEIGHT);
  wood.addColorStop(0, "#6d6258");
  wood.addColorStop(1, "#3d3732");
  pen.fillStyle = wood;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
}

/** @param {CanvasRenderingContext2D} pen */
function drawWords(pen) {
  pen.fillStyle = "#b9aea3";
  pen.font = "16px system-ui, sans-serif";
  pen.fillText("Sandbox, no real money", 12, HEIGHT - 14);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {(u: number, v: number) => [number, number]} place
 * @param {{ size: number, modules: Uint8Array }} code
 */
function drawPhone(pen, place, { size, modules }) {
  const area = (left, top, right, bottom) => {
    pen.moveTo(...place(left, top));
    for (const [u, v] of [
      [right, top],
      [right, bottom],
      [left, bottom],
    ])
      pen.lineTo(...place(u, v));
    pen.closePath();
  };
  const fill = (colour, draw) => {
    pen.beginPath();
    draw();
    pen.fillStyle = colour;
    pen.fill();
  };
  const [wide, high] = PHONE;
  const [half, middle] = CODE;
  fill("#17181b", () => area(-wide, -high, wide, high));
  fill("#8f969c", () => area(-wide + 9, -high + 14, wide - 9, high - 14));
  fill("#155e75", () => area(-wide + 9, -high + 14, wide - 9, -high + 48));
  fill("#b4bab9", () => area(-half, middle - half, half, middle + half));
  const side = (2 * half) / (size + 2 * QUIET);
  const at = (module) => (module + QUIET) * side - half;
  // One path: between two paths of neighbours, a light line would show.
  fill("#26292c", () => {
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const from = x;
        while (x < size && modules[y * size + x]) x++;
        if (x > from) area(at(from), middle + at(y), at(x), middle + at(y + 1));
      }
  });
}

/**
 * The soft reflection of a lamp on the display.
 * @param {CanvasRenderingContext2D} pen
 * @param {(u: number, v: number) => [number, number]} place
 */
function drawLamp(pen, place) {
  const [x, y] = place(70, -90);
  const light = pen.createRadialGradient(x, y, 0, x, y, 110);
  light.addColorStop(0, "rgb(255 250 235 / 45%)");
  light.addColorStop(1, "rgb(255 250 235 / 0%)");
  pen.fillStyle = light;
  pen.fillRect(x - 110, y - 110, 220, 220);
}

/** @type {HTMLCanvasElement | undefined} */
let grain;

/** @param {CanvasRenderingContext2D} pen */
function drawNoise(pen) {
  grain ??= drawnGrain();
  const pattern = pen.createPattern(grain, "repeat");
  if (!pattern) return;
  const at = () => -Math.floor(Math.random() * GRAIN);
  const [x, y] = [at(), at()];
  pen.setTransform(1, 0, 0, 1, x, y);
  pen.fillStyle = pattern;
  pen.fillRect(-x, -y, WIDTH, HEIGHT);
}

/** Grey dots. */
function drawnGrain() {
  const canvas = Object.assign(document.createElement("canvas"), { width: GRAIN, height: GRAIN });
  const pen = canvas.getContext("2d");
  const dots = pen?.createImageData(GRAIN, GRAIN);
  if (!pen || !dots) return canvas;
  for (let at = 0; at < dots.data.length; at += 4) {
    dots.data.fill(Math.random() < 0.5 ? 0 : 255, at, at + 3);
    dots.data[at + 3] = Math.random() * 40;
  }
  pen.putImageData(dots, 0, 0);
  return canvas;
}
