// A page of its own, for browsers whose camera plays no file: its hash says what to do, and it sends home what it saw.
// The camera is a canvas on which a code is drawn again and again, so that its track is the browser's own; or the
// browser's.

import { picture } from "/drawn.js";

const { setting, code, ms, without = [], given } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const home = (seen) => fetch("/said", { method: "POST", body: JSON.stringify(seen) });

const posted = [];
const heard = { frames: 0 };
const { postMessage } = Worker.prototype;
Worker.prototype.postMessage = function (message, ...more) {
  posted.push(message.type);
  return postMessage.call(this, message, ...more);
};
const Real = Worker;
globalThis.Worker = class extends Real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) =>
      Object.assign(heard, { frames: data.frames ?? heard.frames, [data.type]: true }),
    );
  }
};

try {
  const page = Object.fromEntries(
    ["MediaStreamTrackProcessor", "VideoFrame"].map((name) => [name, name in globalThis]),
  );
  for (const name of without) delete globalThis[name];
  const stream = given ? picture(code) : undefined;
  if (given) delete MediaDevices.prototype.getUserMedia;
  else if (code) navigator.mediaDevices.getUserMedia = async () => picture(code);
  const { Till } = await import("/pkg/index.js");
  const problems = [];
  const till = await Till.open({
    backend: setting.backend,
    getToken: async () => setting.token,
    camera: given ? { stream } : {},
  });
  for (const type of ["warning", "camera"])
    till.addEventListener(type, ({ detail }) => problems.push(...[detail.code, detail.reason].filter(Boolean)));
  const end = await till.scan({ timeoutMs: ms }).then(
    ({ text }) => text,
    (error) => error.code,
  );
  await till.close();
  await home({
    browser: navigator.userAgent,
    page,
    end,
    problems,
    posted: [...new Set(posted)],
    heard,
    left: stream?.getVideoTracks()[0].readyState,
  });
} catch (error) {
  await home({ error: `${error}\n${error.stack}` });
}
