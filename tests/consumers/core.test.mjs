// Takes sales with the core of the tools, as the last run of all consumers recorded. `cargo xtask consumers` runs all.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { Consumer, pack } from "./consumer.mjs";
import { BROWSER, PROGRAMS } from "./consumers.mjs";
import { DOCUMENT, document, readResults } from "./document.mjs";

const all = [...BROWSER, ...PROGRAMS];
const results = await readResults();

test("docs/tools.md has the last results, and they are of the table's versions", async () => {
  assert.equal(await readFile(DOCUMENT, "utf8"), document(results), "cargo xtask consumers writes it");
  for (const { id, needs = {} } of all) assert.deepEqual(results[id].needs, needs, `run ${id} again`);
  assert.deepEqual(Object.keys(results).toSorted(), all.map(({ id }) => id).toSorted());
});

describe("the core", { concurrency: 2 }, () => {
  const closers = [];
  let tarball;
  before(async () => {
    tarball = await pack({ after: (close) => closers.push(close) });
  });
  after(async () => {
    for (const close of closers) await close();
  });
  for (const consumer of all.filter(({ isCore }) => isCore))
    test(`${consumer.label} sells as recorded`, async (t) => {
      const project = new Consumer(consumer, tarball);
      t.after(() => project.close());
      await project.install();
      const known = results[consumer.id];
      const seen = await (consumer.run ? project.runPrograms(known) : project.sell(known));
      const { needs, ...expected } = known;
      for (const [way, { how, worker }] of Object.entries(expected)) {
        assert.equal(seen[way].how, how, `${way}: ${seen[way].error}`);
        assert.equal(seen[way].worker, worker, `the worker in ${way}`);
      }
    });
});
