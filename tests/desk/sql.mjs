// Reads and writes a backend's store with the database's own program.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Debian's `psql` is a Perl script that looks for the right version: the program itself starts in a third of the time. */
function psql() {
  const base = "/usr/lib/postgresql";
  const programs = existsSync(base) ? readdirSync(base).map((version) => join(base, version, "bin/psql")) : [];
  return programs.find(existsSync) ?? "psql";
}

/** Runs SQL. Gives one line per row, with tabs between columns. */
export function sql(shop, text) {
  const url = shop.environment.KAUNTER_DATABASE_URL;
  const [program, args] = url
    ? [
        psql(),
        ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t", "--set=ON_ERROR_STOP=1", url],
      ]
    : ["sqlite3", ["-bail", "-separator", "\t", join(shop.dir, "kaunter.db")]];
  const { status, stdout, stderr, error } = spawnSync(program, args, { input: text, encoding: "utf8" });
  assert.equal(status, 0, `${program}: ${error ?? stderr} (Debian: apt-get install postgresql-client sqlite3)`);
  const lines = stdout.split("\n").filter(Boolean);
  return lines.map((line) => line.split("\t"));
}

export const quoted = (value) => (value === null ? "NULL" : `'${String(value).replaceAll("'", "''")}'`);
