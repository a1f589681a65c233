// "kaunter/global" and "kaunter/global-inline" are scripts for pages without modules: `<script src="kaunter.global.js">`
// sets `globalThis.kaunter`, which has every name of "kaunter".
import type * as names from "./index.js";

declare global {
  var kaunter: typeof names;
}
