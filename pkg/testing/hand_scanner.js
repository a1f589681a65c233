// @ts-check
// A hand scanner that reads the customer's phone in each scan that wants its codes and not the camera's. A test's own
// device works beside it.

/** The pause between two readings, as the camera's. */
const PAUSE_MS = 150;

export class HandScanner {
  #clock;
  #nextCode;
  /** @type {((event: { value: string }) => void) | undefined} */
  #hear;

  /**
   * @param {import("./clock.js").Clock} clock
   * @param {() => string} nextCode
   */
  constructor(clock, nextCode) {
    this.#clock = clock;
    this.#nextCode = nextCode;
  }

  /** The caller's option with this scanner as its device. The till refuses an option that is wrong. */
  options(given) {
    if (given !== true && (typeof given !== "object" || given === null)) return given;
    const { device, ...options } = given === true ? {} : given;
    if (device != null && typeof device.addEventListener !== "function") return given;
    const addEventListener = (type, hear) => {
      device?.addEventListener(type, hear);
      this.#hear = hear;
    };
    return { ...options, device: { addEventListener } };
  }

  /** A scan of the till begins. */
  begins(till, options) {
    const sources = options?.sources;
    if (Array.isArray(sources) && !sources.includes("camera")) this.#readsIn(till, 0);
  }

  #readsIn(till, ms) {
    this.#clock.setTimeout(() => {
      if (till.state !== "scanning") return;
      this.#hear?.({ value: this.#nextCode() });
      this.#readsIn(till, PAUSE_MS);
    }, ms);
  }
}
