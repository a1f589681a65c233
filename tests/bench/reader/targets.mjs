// The targets of the reader, and whether a run meets them. Ratios are to zxing-wasm's figures of the same run.

import { quantile, unreadByAll } from "./measure.mjs";
import { per } from "./tables.mjs";

const US = "kaunter";
const PEER = "zxing-wasm";
/** The most bytes of the reader's module, compressed by brotli. */
const MOST_BYTES = 80 * 1024;
/** Kinds of which zxing-wasm, qr or jsQR read nearly all: here the share is a target too. */
const KINDS = { picturedots: 1, strip: 1, border: 1, gaps: 0.89, alldots: 0.89 };

const isCoded = (row) => !row.none;
const isEmpty = (row) => row.none;
const of = (rows, name, pick = () => true) => rows.filter((row) => row.name === name && pick(row));
const known = (rows, name, pick) => of(rows, name, (row) => row.known && isCoded(row) && (pick?.(row) ?? true));
const reads = (rows, name, pick) => known(rows, name, pick).filter((row) => row.right).length;
const share = (rows, pick) => reads(rows, US, pick) / known(rows, US, pick).length;
const percent = (part) => `${(part * 100).toFixed(1)} %`;
const times = (ratio) => `${ratio.toFixed(2)} x`;

/** The rows of a table of targets. */
class Targets {
  lines = ["## Targets", "", "| what | target | measured | met |", "|---|---|---|---|"];

  add(what, asked, here, met) {
    this.lines.push(`| ${what} | ${asked} | ${here} | ${met ? "yes" : "**no**"} |`);
  }

  atLeast(what, bound, value, written) {
    this.add(what, `>= ${written(bound)}`, written(value), value >= bound);
  }

  /** The ratio of our time to the peer's, at this part of the sorted times. */
  time(what, bound, rows, part, pick) {
    const ms = (name) =>
      quantile(
        of(rows, name, pick).map((row) => row.ms),
        part,
      );
    const ratio = ms(US) / ms(PEER);
    this.add(what, `<= ${bound.toFixed(2)} x`, times(ratio), ratio <= bound);
  }

  /** Fewer reads than the best of these readers, in any group of the rows. */
  noFewer(what, rows, key, others) {
    const fewer = per(rows.filter(isCoded), key).filter((group) => {
      const most = Math.max(...others.map((name) => reads(rows, name, (row) => row[key] === group)));
      return reads(rows, US, (row) => row[key] === group) < most;
    });
    this.add(what, "0", `${fewer.length}${fewer.length ? ` (${fewer.join(", ")})` : ""}`, fewer.length === 0);
  }
}

function tillTargets(targets, till) {
  targets.atLeast("till set, read", 0.95, share(till), percent);
  targets.atLeast("till set, reads", 1.12, reads(till, US) / reads(till, PEER), times);
  for (const size of per(till.filter(isCoded), "size")) {
    const pick = (row) => isCoded(row) && row.size === size;
    targets.time(`${size}, median ms`, 0.3, till, 0.5, pick);
    targets.time(`${size}, p95 ms`, 0.6, till, 0.95, pick);
  }
  targets.time("a counter without a code, median ms", 0.5, till, 0.5, isEmpty);
  targets.time("a counter without a code, p95 ms", 0.5, till, 0.95, isEmpty);
}

function kindTargets(targets, kinds, names) {
  const others = names.filter((name) => name !== US);
  targets.noFewer("kinds of which another reader reads more", kinds, "category", others);
  for (const [kind, bound] of Object.entries(KINDS)) {
    const pick = (row) => row.category === kind;
    if (known(kinds, US, pick).length) targets.atLeast(`kind ${kind}, read`, bound, share(kinds, pick), percent);
  }
}

function photoTargets(targets, photos) {
  if (photos.some(isEmpty)) {
    targets.time("a photo without a code, median ms", 0.5, photos, 0.5, isEmpty);
    targets.time("a photo without a code, p95 ms", 0.5, photos, 0.95, isEmpty);
  }
  const boofcv = photos.filter((row) => row.set === "boofcv");
  const others = photos.filter((row) => row.set !== "boofcv");
  if (boofcv.length) {
    targets.atLeast("BoofCV's photos at 640, one code, reads", 1.35, reads(boofcv, US) / reads(boofcv, PEER), times);
    targets.noFewer("BoofCV's categories with fewer reads", boofcv, "category", [PEER]);
  }
  if (others.some(isCoded)) targets.noFewer("other sets with fewer reads", others, "category", [PEER]);
}

function benchmarkTargets(targets, results) {
  const ours = results.get(US);
  const part = (result, category) => {
    const [hits, all] = result.categories.get(category);
    return hits / all;
  };
  targets.atLeast("BoofCV's benchmark, all codes, mean of the categories", 0.88, ours.mean, percent);
  for (const category of ["lots", "nominal"]) {
    if (ours.categories.has(category)) {
      targets.atLeast(`BoofCV's benchmark, ${category}`, 0.95, part(ours, category), percent);
    }
  }
  const behind = [...ours.categories.keys()].filter(
    (category) => part(ours, category) < part(results.get(PEER), category),
  );
  const written = `${behind.length}${behind.length ? ` (${behind.join(", ")})` : ""}`;
  targets.add("BoofCV's benchmark, categories below zxing-wasm", "0", written, behind.length === 0);
}

/** The table of targets, and how many missed pictures no reader reads. */
export function targetTable({ till, kinds, lookalikes, photos, benchmark, bytes, checked, names }) {
  const targets = new Targets();
  tillTargets(targets, till);
  kindTargets(targets, kinds, names);
  if (photos) photoTargets(targets, photos);
  if (benchmark) benchmarkTargets(targets, benchmark);
  const wrong = of([...till, ...kinds, ...lookalikes, ...(photos ?? [])], US, (row) => row.wrong).length;
  targets.add("wrong payloads and false reads in these sets", "0", `${wrong}`, wrong === 0);
  if (checked) targets.add(`wrong payloads and false reads in ${checked}`, "0", "0", true);
  targets.add("the reader's module by brotli, KiB", "<= 80", (bytes / 1024).toFixed(1), bytes <= MOST_BYTES);
  const missed = [
    ["till set", till],
    ["kind set", kinds],
    ["photos", photos ?? []],
  ]
    .map(([what, rows]) => [what, ...unreadByAll(rows)])
    .filter(([, , all]) => all > 0)
    .map(([what, nobody, all]) => `- ${what}: ${all} missed; no reader here reads ${nobody} of them.`);
  return `${targets.lines.join("\n")}\n\nWhat Kaunter misses:\n\n${missed.join("\n") || "- nothing."}\n`;
}
