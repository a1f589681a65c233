// Two tones that nobody confuses: paid is high and short, not paid is low and double. Unlocked by the first tap.

let audio: AudioContext | undefined;
export const sound = { on: true };

export function unlock(): void {
  audio ??= new AudioContext();
  void audio.resume();
}

export function paid(): void {
  tone(1320, 0, 0.12);
}

export function notPaid(): void {
  tone(220, 0, 0.18);
  tone(220, 0.28, 0.18);
}

function tone(hertz: number, afterSeconds: number, seconds: number): void {
  if (!audio || !sound.on || audio.state !== "running") return;
  const from = audio.currentTime + afterSeconds;
  const oscillator = new OscillatorNode(audio, { frequency: hertz });
  const volume = new GainNode(audio, { gain: 0.35 });
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(from);
  oscillator.stop(from + seconds);
}
