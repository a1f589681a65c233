// Writes the rows of a run as tables, and as a plot.

import { quantile } from "./measure.mjs";

/** The values of a field, each once. */
export const per = (rows, key) => [...new Set(rows.map((row) => row[key]))];

/** A table of the reads and times by category, with sums. */
export function tables(title, rows, names) {
  const lines = [`## ${title}`, "", `| category | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`];
  const line = (label, pick) => {
    const cells = names.map((name) => {
      const of = rows.filter((row) => row.name === name && pick(row));
      const times = `${quantile(
        of.map((row) => row.ms),
        0.5,
      ).toFixed(1)} / ${quantile(
        of.map((row) => row.ms),
        0.95,
      ).toFixed(1)} ms`;
      const known = of.filter((row) => row.known && !row.none);
      return known.length
        ? `${known.filter((row) => row.right).length}/${known.length}, ${times}`
        : `${of.filter((row) => row.wrong).length} false, ${times}`;
    });
    lines.push(`| ${label} | ${cells.join(" | ")} |`);
  };
  for (const category of per(rows, "category")) line(category, (row) => row.category === category);
  const sizes = per(
    rows.filter((row) => !row.none),
    "size",
  );
  if (sizes.length <= 3) for (const size of sizes) line(`**${size}**`, (row) => row.size === size && !row.none);
  if (rows.some((row) => !row.none)) line("**all with a code**", (row) => !row.none);
  if (rows.some((row) => row.none)) line("**without a code**", (row) => row.none);
  const wrong = names.map((name) => `${name} ${rows.filter((row) => row.name === name && row.wrong).length}`);
  lines.push("", `Wrong payloads: ${wrong.join(", ")}.`, "");
  return lines.join("\n");
}

/** Reads by category, a bar for each reader. */
export function plot(rows, names) {
  const colours = ["#0b7285", "#e8590c", "#868e96", "#ced4da"];
  const categories = per(
    rows.filter((row) => !row.none),
    "category",
  );
  const height = 40 + categories.length * (names.length * 7 + 8);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="${height}" font-family="sans-serif" font-size="11"><rect width="640" height="${height}" fill="#fff"/>`,
  ];
  names.forEach((name, at) => {
    parts.push(
      `<rect x="${110 + at * 120}" y="10" width="10" height="10" fill="${colours[at]}"/><text x="${125 + at * 120}" y="19">${name}</text>`,
    );
  });
  categories.forEach((category, nth) => {
    const top = 34 + nth * (names.length * 7 + 8);
    parts.push(`<text x="100" y="${top + names.length * 3.5 + 4}" text-anchor="end">${category}</text>`);
    names.forEach((name, at) => {
      const of = rows.filter((row) => row.name === name && row.category === category);
      const part = of.filter((row) => row.right).length / of.length;
      parts.push(
        `<rect x="110" y="${top + at * 7}" width="${(part * 500).toFixed(1)}" height="6" fill="${colours[at]}"/>`,
      );
    });
  });
  return `${parts.join("\n")}\n</svg>\n`;
}
