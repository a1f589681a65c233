// Counters in Vue.

import { useTill } from "kaunter/vue";
import { createApp, h, shallowRef } from "vue";
import { begin, options, seen } from "./world.js";

const Counter = {
  props: ["name", "round", "token", "hasVideo"],
  setup(props) {
    // biome-ignore lint/correctness/useHookAtTopLevel: it is Vue's, not a hook of React
    const { till, state, trade, error, preview } = useTill({
      ...options(props),
      getToken: (context) => options(props).getToken(context),
    });
    return () => {
      seen.tills[props.name] = till.value;
      return h("section", { id: props.name }, [
        props.hasVideo && h("video", { ref: preview }),
        h("p", till.value ? state.value : "closed"),
        h("b", trade.value?.status),
        h("i", error.value?.code),
      ]);
    };
  },
};

const counters = shallowRef([]);
createApp({
  render: () => counters.value.map((counter) => h(Counter, { key: counter.name, ...counter })),
}).mount(document.body.appendChild(document.createElement("main")));
begin((shown) => {
  counters.value = shown;
});
