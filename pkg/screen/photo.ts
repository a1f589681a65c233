// Reads the customer's code from a photo.

import { decode, inspectCode } from "kaunter";
import { chosen, type Photo } from "./chosen";

/** Reads a photo. Rejects as `decode` does. */
export async function codeOf(file: Blob): Promise<Photo> {
  const texts = [...new Set((await decode(file)).map(({ text }) => text))];
  return chosen(await Promise.all(texts.map(async (text) => ({ text, kind: (await inspectCode(text)).kind }))));
}
