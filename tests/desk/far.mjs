// A PostgreSQL that is far away: each of its answers travels for a while. So the capacity of a backend is small, and the
// same on every machine.

import { connect, createServer } from "node:net";

/** The address of the same database, behind a way that `slow()` makes longer. */
export async function farAway(t, url) {
  const { hostname, port } = new URL(url);
  let delay_ms = 0;
  const way = createServer((near) => {
    const far = connect(Number(port), hostname);
    let due = 0;
    near.on("data", (chunk) => far.write(chunk));
    far.on("data", (chunk) => {
      // No answer overtakes an earlier one, also when the way gets shorter.
      due = Math.max(due, performance.now() + delay_ms);
      setTimeout(() => near.destroyed || near.write(chunk), due - performance.now());
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  });
  await new Promise((done) => way.listen(0, "127.0.0.1", done));
  t.after(() => way.close());
  const address = new URL(url);
  address.port = String(way.address().port);
  return {
    url: String(address),
    slow(ms) {
      delay_ms = ms;
    },
  };
}
