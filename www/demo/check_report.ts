// What the check's numbers mean: a sentence for the cashier, and a report for the person who looks after the device.

import { version } from "kaunter";
import type { Live, OwnCamera, Pictures } from "./check_steps";

export interface Measured {
  readonly pictures: Pictures;
  readonly live: Live;
  readonly camera: OwnCamera | null;
  readonly browser: string;
  readonly cores: number;
}

export type Verdict = "good" | "slow" | "unable";

/** Of 40 pictures, any device reads the same ones; fewer than this are a fault of its browser. */
const MIN_READ = 34;
/** A camera gives a frame every 33 ms. A device whose usual picture takes longer leaves frames out. */
const MAX_MEDIAN_MS = 33;
/** A customer who holds up the phone for longer begins to move it. */
const MAX_LIVE_MS = 1000;

/** The time below which a part of all is; 0 if there is none. */
export const quantile = (times: readonly number[], part: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;

export function verdictOf({ pictures, live, camera }: Measured): Verdict {
  const reads = pictures.wrong === 0 && pictures.read >= MIN_READ && live.times.length >= live.shown - 1;
  if (!reads || camera?.fault) return "unable";
  const isQuick = quantile(pictures.times, 0.5) <= MAX_MEDIAN_MS && quantile(live.times, 0.5) <= MAX_LIVE_MS;
  return isQuick ? "good" : "slow";
}

export const SENTENCES: Record<Verdict, string> = {
  good: "This device is good: it reads payment codes quickly.",
  slow: "This device is slow: it reads payment codes, and customers have to hold the phone still for longer.",
  unable: "This device can't be used like this. Copy the report, and send it to the person who set up your till.",
};

/** WebAssembly's SIMD: a module with one such instruction is valid. */
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

const ms = (time: number) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

/** The report. It has no codes. */
export function reportOf(measured: Measured): string {
  const { pictures, live, camera, browser, cores } = measured;
  const lines = [
    `Kaunter ${version}, check of a device: ${verdictOf(measured)}`,
    `browser: ${browser}`,
    `processor cores: ${cores}, SIMD: ${WebAssembly.validate(SIMD) ? "yes" : "no"}`,
    `pictures read: ${pictures.read} of ${pictures.shown}, wrong: ${pictures.wrong}`,
    `a picture takes: median ${ms(quantile(pictures.times, 0.5))}, 95 % below ${ms(quantile(pictures.times, 0.95))}`,
    `drawn camera: ${live.times.length} of ${live.shown} scans, frames come by ${live.road}`,
    `a scan takes: median ${ms(quantile(live.times, 0.5))}, longest ${ms(live.times.at(-1) ?? 0)}`,
  ];
  if (camera) {
    const look = camera.firstLookMs === null ? "none" : ms(camera.firstLookMs);
    lines.push(`own camera: ${camera.fault ?? camera.size}, first look after ${look}`);
  }
  return lines.join("\n");
}
