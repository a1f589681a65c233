import { useTill } from "kaunter/vue";
import { h, shallowRef } from "vue";

export const VueCheckout = {
  props: ["sale"],
  setup({ sale }) {
    // biome-ignore lint/correctness/useHookAtTopLevel: it is Vue's, not a hook of React
    const { till, state, preview } = useTill({ backend: "https://pay.shop.example", getToken: async () => "token" });
    const end = shallowRef(null);
    const pay = async () => {
      end.value = await till.value.charge(sale);
    };
    return () => [
      h("video", { ref: preview }),
      h("button", { type: "button", disabled: !till.value, onClick: pay }, "Pay"),
      h("output", end.value?.status ?? state.value),
    ];
  },
};
