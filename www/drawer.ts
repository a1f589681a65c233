// Settings: camera, sound, language, and the scanner's test.

import { $, dialog } from "./dom";
import { chooseCamera, listCameras, signOut } from "./effects";
import { isHosted } from "./hosted";
import { current, dispatch } from "./loop";
import { isPractice } from "./practice";
import * as sounds from "./sound";
import { language, speak } from "./words";

/** `languageChanged` runs when another language was chosen. */
export function wireDrawer(languageChanged: () => void): void {
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
    sounds.paid(); // as loud as it will be, and silent if it is off
  };
  words.onchange = () => {
    speak(words.value);
    languageChanged();
  };
  $("settings").onclick = () => {
    // During a sale the scanner can't be tested: the sale has the camera.
    $("test").hidden = current().view.kind !== "ready";
    $("practice-enter").hidden = isPractice || isHosted;
    $("sign-out").hidden = isPractice || isHosted || current().view.kind !== "ready";
    dialog("drawer").showModal();
    void cameras();
  };
  $("sign-out").onclick = () => {
    dialog("drawer").close();
    void signOut();
  };
  $("practice-enter").onclick = () => {
    dialog("drawer").close();
    dispatch({ type: "practice_pressed" });
  };
  $("test").onclick = () => {
    dialog("drawer").close();
    dispatch({ type: "test_pressed" });
  };
}

async function cameras(): Promise<void> {
  const found = await listCameras();
  const select = $<HTMLSelectElement>("camera");
  $("camera-row").hidden = found.length < 2;
  select.replaceChildren(...found.map(({ deviceId, label }, at) => new Option(label || `${at + 1}`, deviceId)));
  select.onchange = () => {
    const chosen = found.find(({ deviceId }) => deviceId === select.value);
    if (chosen) void chooseCamera(chosen);
  };
}
