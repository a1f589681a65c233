// Prints the text of each code in a PNG file.

import { readFile } from "node:fs/promises";
import { Reader } from "kaunter/reader";
import { PNG } from "pngjs";

const [file] = process.argv.slice(2);
if (!file) {
  console.error("Give a PNG file: npm start -- picture.png");
  process.exit(2);
}
const image = PNG.sync.read(await readFile(file));
const reader = await Reader.load();
const codes = reader.read(image, { effort: "still" });
for (const { text } of codes) console.log(text);
if (codes.length === 0) {
  console.error("No code was found.");
  process.exitCode = 1;
}
