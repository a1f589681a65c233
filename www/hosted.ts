// The demo has this page in a frame, and gives its till a counter: a backend, a token and a camera. Only the demo's build
// contains this; both pages are of one origin.

import type { ShownCode, TillOptions } from "kaunter";

/** Set by the build: whether it is the demo's. */
declare const __DEMO__: boolean;

/** What the page around the frame provides. */
export interface Host extends Pick<TillOptions, "backend" | "getToken"> {
  readonly stream: MediaStream;
  readonly fetch: typeof fetch;
  /** The till shows this code to the customer. */
  codeShown(payload: string): void;
}

/** The demo's page put this one into a frame. */
export const isHosted = __DEMO__ && parent !== window && new URLSearchParams(location.search).has("hosted");

const host = () => (parent as unknown as { kaunterHost: Host }).kaunterHost;

export function hostedCounter(): Pick<TillOptions, "backend" | "getToken" | "fetch" | "camera"> {
  const { backend, stream } = host();
  return { backend, getToken: (context) => host().getToken(context), fetch: callHost, camera: { stream } };
}

/** Whether the backend answers. */
export const askHost = () => callHost(`${host().backend}/healthz`);

export function hostSees({ payload }: ShownCode): void {
  host().codeShown(payload);
}

/** Answers and errors of another window are of other classes than this window's. */
const callHost: typeof fetch = async (input, init) => {
  let answer: Response;
  try {
    answer = await host().fetch(input, init);
  } catch (error) {
    init?.signal?.throwIfAborted();
    throw new TypeError(String(error));
  }
  const { status, headers } = answer;
  return new Response(status === 204 ? null : await answer.text(), { status, headers: [...headers] });
};
