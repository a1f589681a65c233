// Runs all consumers, or with `--only WORDS` those whose id has one of the words, which commas separate. Keeps the
// results in results.json, and writes docs/tools.md. Fails if a consumer did not end as the table expects.

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Consumer, pack } from "./consumer.mjs";
import { BROWSER, PROGRAMS } from "./consumers.mjs";
import { DOCUMENT, document, RESULTS, readResults } from "./document.mjs";

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const words = values.only.split(",");
const closers = [];
const after = (close) => closers.push(close);
const results = await readResults().catch(() => ({}));
const surprises = [];

try {
  const tarball = await pack({ after });
  for (const consumer of [...BROWSER, ...PROGRAMS]) {
    if (words.some((word) => consumer.id.includes(word))) await one(consumer, tarball);
  }
} finally {
  for (const close of closers) await close();
}

async function one(consumer, tarball) {
  const { id, needs = {}, expect = {} } = consumer;
  const project = new Consumer(consumer, tarball);
  const began = performance.now();
  let seen;
  try {
    await project.install();
    seen = await (consumer.run ? project.runPrograms() : project.sell());
  } catch (error) {
    seen = { install: { how: "fails", error: error.message.slice(-700) } };
  } finally {
    await project.close();
  }
  console.log(`${id} (${Math.round((performance.now() - began) / 1000)} s)`);
  results[id] = { needs };
  for (const [way, { how, worker, asItIs, error, ...more }] of Object.entries(seen)) {
    console.log(`  ${way}: ${how}${worker ? `, worker ${worker}` : ""} ${JSON.stringify(more)}`);
    if (asItIs) console.log(`    as it is: ${asItIs}`);
    if (error) console.log(`    ${error}`);
    results[id][way] = { how, worker };
    if (how !== (expect[way] ?? "as it is")) surprises.push(`${id}, ${way}: ${how}`);
  }
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}

const missing = [...BROWSER, ...PROGRAMS].filter(({ id }) => !results[id]).map(({ id }) => id);
if (missing.length) console.log(`no results yet, so docs/tools.md was not written: ${missing.join(", ")}`);
else await writeFile(DOCUMENT, document(results));
if (surprises.length) {
  console.log(`not as the table expects:\n${surprises.join("\n")}`);
  process.exitCode = 1;
}
