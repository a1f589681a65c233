// Uses the entries for frameworks as a front-end developer does. Each line compiles, except those with
// `@ts-expect-error`.
import type { KaunterError, Till, TillState } from "kaunter";
import { KaunterTill, type KaunterTillProps, type UseTill, useTill } from "kaunter/react";
import { useTill as withVue } from "kaunter/vue";

const options = { backend: "https://pay.shop.example", getToken: () => "token" };

/** A hook of the shop's own. */
export function useCounter(): Pick<UseTill, "till" | "preview"> & { text: string } {
  const { till, state, trade, error, preview } = useTill(options);
  const known: TillState = state;
  const why: KaunterError | null = error;
  // @ts-expect-error the `ref` of the component's video is the preview
  useTill({ ...options, preview: document.createElement("video") });
  return { till, preview, text: `${known} ${trade?.status} ${why?.code}` };
}

/** The element as a component of the shop's own. */
export function Counter(props: Pick<KaunterTillProps, "sale">) {
  // @ts-expect-error an outcome is not an error
  void KaunterTill({ options, ...props, onOutcome: ({ code }) => code });
  return KaunterTill({
    options,
    ...props,
    onOutcome: ({ status, sale }) => [status, sale.ref],
    onError: ({ code, tradeId }) => [code, tradeId],
  });
}

export function setup(): { isOpen(): boolean; text(): string } {
  const { till, state, trade, error, preview } = withVue({ ...options, camera: { facing: "user" } });
  const open: Till | null = till.value;
  preview.value = document.querySelector("video");
  // @ts-expect-error a till is nothing else
  till.value = "till";
  return { isOpen: () => open !== null, text: () => `${state.value} ${trade.value?.tradeId} ${error.value?.message}` };
}
