// The sandbox of a test's page, and a list of what its tills did. The pages of React and of Vue share it.

import { Till } from "kaunter";
import { sandbox } from "kaunter/sandbox";

/** `story`: each opening, its failure, and each end of a close. `tills`: by the counter's name. `asked`: who asked for a token. */
export const seen = { story: [], tills: {}, asked: [], tracks: [], waiting: [] };

const { open } = Till;
Till.open = async (options) => {
  seen.story.push("open");
  try {
    return await open.call(Till, options);
  } catch (error) {
    seen.story.push("failed");
    throw error;
  }
};
const { close } = Till.prototype;
Till.prototype.close = async function () {
  await close.call(this);
  seen.story.push("close");
};
const devices = navigator.mediaDevices;
const ask = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (wish) => {
  const stream = await ask(wish);
  seen.tracks.push(...stream.getTracks());
  return stream;
};

const world = await sandbox({ persist: false });

/**
 * The options of one counter. `token` is what its `getToken` does: it gives a token, fails, or waits until the test lets
 * it go on.
 */
export const options = ({ name, round = 1, token = "gives" }) => ({
  ...world,
  async getToken(context) {
    seen.asked.push(`${name} ${round}`);
    if (token === "fails") throw new Error("The shop's server is down.");
    if (token === "waits") await new Promise((go) => seen.waiting.push(go));
    return world.getToken(context);
  },
  /** A token is refused once after the test has said so. */
  fetch(input, init) {
    if (!seen.refuses) return world.fetch(input, init);
    seen.refuses = false;
    return world.fetch(input, { ...init, headers: { ...init.headers, authorization: "Bearer old" } });
  },
});

/** Begins the page: `render(counters)` shows these counters and no other. */
export const begin = (render) => Object.assign(globalThis, { seen, world, render, ready: true });
