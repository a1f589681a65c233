// @ts-check
// "kaunter/vue": a till for the life of a component.

import { onMounted, onUnmounted, shallowRef, watch } from "vue";
import { CLOSED, ComponentTill } from "./component.js";

/** @type {typeof import("./vue.d.ts").useTill} */
export function useTill(options) {
  const till = shallowRef(CLOSED.till);
  const state = shallowRef(CLOSED.state);
  const trade = shallowRef(CLOSED.trade);
  const error = shallowRef(CLOSED.error);
  const preview = shallowRef(null);
  const component = new ComponentTill(options, (view) => {
    till.value = view.till;
    state.value = view.state;
    trade.value = view.trade;
    error.value = view.error;
  });
  watch(preview, (video) => component.setVideo(video), { flush: "sync" });
  onMounted(() => component.setMounted(true));
  onUnmounted(() => component.setMounted(false));
  return { till, state, trade, error, preview };
}
