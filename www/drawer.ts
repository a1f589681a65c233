// Settings: camera, sound, language, and the scanner's test.

import { counter } from "./counter";
import { $, dialog } from "./dom";
import { test } from "./scan";
import { current, trouble } from "./screen";
import * as sounds from "./sound";
import { till } from "./stage";
import { language, speak, told } from "./words";

/** `spoken` runs when another language was chosen. */
export function drawer(spoken: () => void): void {
  const [on, volume, words] = [
    $<HTMLInputElement>("sound"),
    $<HTMLInputElement>("volume"),
    $<HTMLSelectElement>("language"),
  ];
  on.checked = sounds.sound.on;
  volume.value = String(sounds.sound.volume);
  volume.disabled = !on.checked;
  words.value = language();
  on.onchange = volume.onchange = () => {
    Object.assign(sounds.sound, { on: on.checked, volume: Number(volume.value) });
    volume.disabled = !on.checked;
    sounds.keep();
    sounds.paid(); // as loud as it will be; nothing where it is off
  };
  words.onchange = () => {
    speak(words.value);
    spoken();
  };
  $("settings").onclick = () => {
    // Nothing to test with while a sale has the camera.
    $("test").hidden = current() !== "ready" || !counter.till;
    dialog("drawer").showModal();
    void cameras();
  };
  $("test").onclick = () => {
    dialog("drawer").close();
    void test();
  };
}

async function cameras(): Promise<void> {
  const found = counter.till
    ? await till()
        .camera.list()
        .catch(() => [])
    : [];
  const select = $<HTMLSelectElement>("camera");
  $("camera-row").hidden = found.length < 2;
  select.replaceChildren(...found.map(({ deviceId, label }, at) => new Option(label || `${at + 1}`, deviceId)));
  select.onchange = () => {
    const chosen = found.find(({ deviceId }) => deviceId === select.value);
    if (chosen)
      till()
        .camera.use(chosen)
        .catch((error: unknown) => trouble(told(error)));
  };
}
