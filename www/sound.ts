// Sounds that are easy to tell apart: paid is high and short, not paid is low and double. Browsers play nothing before
// the first tap or key.

const KEPT = "kaunter.volume";
/** The gain at full volume. A pure tone at gain 1 is too loud for a counter. */
const LOUDEST = 0.6;

let audio: AudioContext | undefined;
const kept = Number(localStorage.getItem(KEPT) ?? 60);
/** `volume` is 0 to 100. `on: false` keeps it for when sound is turned on again. */
export const sound = { on: localStorage.getItem(`${KEPT}.on`) !== "false", volume: Number.isFinite(kept) ? kept : 60 };

export function unlock(): void {
  audio ??= new AudioContext();
  void audio.resume();
}

export function keep(): void {
  localStorage.setItem(KEPT, String(sound.volume));
  localStorage.setItem(`${KEPT}.on`, String(sound.on));
}

export function paid(): void {
  tone(1320, 0, 0.09);
  tone(1760, 0.09, 0.14);
}

export function notPaid(): void {
  tone(220, 0, 0.18);
  tone(220, 0.28, 0.18);
}

/** A person has to decide about something: neither paid nor not paid. */
export function attention(): void {
  for (const after of [0, 0.2, 0.4]) tone(660, after, 0.1);
}

/** A code was read: a short tick, which says nothing about money. */
export function read(): void {
  tone(880, 0, 0.03, 0.4);
}

function tone(hertz: number, afterSeconds: number, seconds: number, part = 1): void {
  const gain = (LOUDEST * part * sound.volume) / 100;
  if (!audio || !sound.on || gain === 0) return;
  const from = audio.currentTime + afterSeconds;
  const oscillator = new OscillatorNode(audio, { frequency: hertz });
  const loudness = new GainNode(audio, { gain });
  oscillator.connect(loudness).connect(audio.destination);
  oscillator.start(from);
  oscillator.stop(from + seconds);
}
