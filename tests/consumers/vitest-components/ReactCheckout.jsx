import { useTill } from "kaunter/react";
import { useState } from "react";

export function ReactCheckout({ sale }) {
  const { till, state, preview } = useTill({ backend: "https://pay.shop.example", getToken: async () => "token" });
  const [end, setEnd] = useState(null);
  return (
    <main>
      <video ref={preview} muted />
      <button type="button" disabled={!till} onClick={async () => setEnd(await till.charge(sale))}>
        Pay
      </button>
      <output>{end?.status ?? state}</output>
    </main>
  );
}
