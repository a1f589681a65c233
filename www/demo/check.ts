// The page "Check this device": a button, the progress, a sentence, and a report to copy.

import { $, setText } from "../dom";
import { type Measured, reportOf, SENTENCES, verdictOf } from "./check_report";
import { loadDraw, readPictures, scanDrawn, tryCamera } from "./check_steps";

const start = $<HTMLButtonElement>("start");
const progress = $<HTMLProgressElement>("progress");
const result = $("result");

async function measure(): Promise<Measured> {
  const draw = await loadDraw();
  const half = (from: number) => (done: number) => {
    progress.value = from + done / 2;
  };
  const pictures = await readPictures(draw, half(0));
  const live = await scanDrawn(draw, half(0.5));
  const camera = $<HTMLInputElement>("camera-too").checked ? await tryCamera() : null;
  return { pictures, live, camera, browser: navigator.userAgent, cores: navigator.hardwareConcurrency };
}

function show(verdict: string, sentence: string, report: string): void {
  result.dataset.verdict = verdict;
  setText("result", sentence);
  setText("report", report);
  result.hidden = $("report-part").hidden = false;
}

start.onclick = async () => {
  start.disabled = true;
  progress.hidden = false;
  progress.value = 0;
  result.hidden = $("report-part").hidden = true;
  try {
    const measured = await measure();
    const verdict = verdictOf(measured);
    show(verdict, SENTENCES[verdict], reportOf(measured));
  } catch (error) {
    show("unable", SENTENCES.unable, `the check failed: ${error}\nbrowser: ${navigator.userAgent}`);
  }
  progress.hidden = true;
  start.disabled = false;
  setText("start", "Start again");
};

$("copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText($("report").textContent ?? "");
    setText("copied", "Copied.");
  } catch {
    getSelection()?.selectAllChildren($("report"));
    setText("copied", "The report is marked: copy it with the keyboard or the menu.");
  }
};
