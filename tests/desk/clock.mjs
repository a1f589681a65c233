// A backend whose wall clock a test sets with libfaketime. The monotonic clock is not changed. A process sees the same
// when its host slept or its clock was corrected.

import { readdirSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian's build for programs with threads is in a folder per architecture. */
function find() {
  for (const kind of ["x86_64-linux-gnu", "aarch64-linux-gnu"]) {
    const dir = `/usr/lib/${kind}/faketime`;
    try {
      const file = readdirSync(dir).find((name) => name.startsWith("libfaketimeMT.so"));
      if (file) return join(dir, file);
    } catch {
      /* another kind of machine */
    }
  }
  return null;
}

const found = find();
/** For a test's options: skips the test, with a message, if the library is missing. */
export const skip = found ? false : "SKIPPED: the clock's tests need libfaketime (Debian: apt-get install faketime)";

/** The environment of a program whose wall clock `set` sets, as an offset like `-2d`, `+1h`, `+0`. */
export async function wall(offset = "+0") {
  const file = join(await mkdtemp(join(tmpdir(), "kaunter-wall-")), "offset");
  const set = (to) => writeFileSync(file, `${to}\n`);
  set(offset);
  return {
    set,
    env: {
      LD_PRELOAD: found,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    },
  };
}

/** The same counter; its backend has its own wall clock. */
export async function onItsOwnClock(shop, offset) {
  const clock = await wall(offset);
  await shop.stopBackend();
  Object.assign(shop.environment, clock.env);
  await shop.startBackend();
  return clock.set;
}
