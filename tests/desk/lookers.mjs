// Tills that look at a payment again and again, as a page does or without regard to the pace that a backend asks for.

/** The level that a backend's metrics show. */
export async function level(shop) {
  const { text } = await shop.call("GET", "/metrics");
  return /kaunter_load_level\{level="(\w+)"\} 1/.exec(text)?.[1];
}

/** A till that looks at its payment until it is stopped. */
export class Till {
  /** `poll_ms`: the usual pause of a page. */
  constructor(shop, trade, token, poll_ms) {
    Object.assign(this, { shop, trade, token, poll_ms, looks: 0, failed: [], gap: 0, asked: null, status: null });
    /** A page looks at the pace that the backend asks for. Another client may have a pace of its own. */
    this.isPage = false;
    this.pause_ms = 0;
  }
  /** `answered` counts the answers of all tills. */
  start(answered) {
    this.running = this.run(answered);
  }
  async run(answered) {
    let last = answered.count;
    while (!this.stopped) {
      const began = performance.now();
      const path = `/v1/trades/${this.trade.trade_id}`;
      const { status, headers, json, text } = await this.shop.call("GET", path, { token: this.token });
      this.looks++;
      answered.count++;
      this.gap = Math.max(this.gap, answered.count - last);
      last = answered.count;
      if (status !== 200) this.failed.push(`${status} ${text}`);
      this.status = json?.status;
      this.asked = headers.get("kaunter-poll-ms");
      if (this.asked !== null) answered.paces.push(Number(this.asked));
      const pause_ms = this.isPage ? Number(this.asked ?? this.poll_ms) : this.pause_ms;
      await this.pause(began + pause_ms - performance.now());
    }
  }
  async pause(ms) {
    if (ms <= 0) return;
    await new Promise((done) => {
      this.wake = done;
      setTimeout(done, ms);
    });
  }
  async stop() {
    this.stopped = true;
    this.wake?.();
    await this.running;
  }
}
