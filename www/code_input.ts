// The ways around a camera that can't read the code: a photo, or a typed code. The code goes to the till only.

import { faultOf } from "../pkg/screen/fault";
import { codeOf } from "../pkg/screen/photo";
import { $, dialog } from "./dom";
import { dispatch } from "./loop";

export function wireCodeInput(): void {
  $<HTMLInputElement>("photo").onchange = () => void photographed();
  $("type").onclick = () => dialog("typed").showModal();
  $("typed-pay").onclick = () => {
    const code = $<HTMLInputElement>("code").value.trim();
    dialog("typed").close();
    if (code) dispatch({ type: "code_given", code });
  };
  // A code that was typed and not sent is not kept.
  dialog("typed").addEventListener("close", () => {
    $<HTMLInputElement>("code").value = "";
  });
}

async function photographed(): Promise<void> {
  const input = $<HTMLInputElement>("photo");
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  try {
    const photo = await codeOf(file);
    if ("code" in photo) dispatch({ type: "code_given", code: photo.code });
    else dispatch({ type: "warned", sentence: photo });
  } catch (error) {
    dispatch({ type: "warned", sentence: { fault: faultOf(error) } });
  }
}
