import { parseMoney } from "kaunter";
import { useTill } from "kaunter/react";
import { useEffect, useState } from "react";

/** A sale has one reference for ever: your own number of the bill. */
const newRef = () => `INV-${Date.now()}`;

export function Checkout({ options }) {
  const [ref, setRef] = useState(newRef);
  const [amount, setAmount] = useState("12.00");
  const [isBusy, setBusy] = useState(false);
  const [ended, setEnded] = useState(null);
  const [question, setQuestion] = useState(null);
  const { till, state, error, preview } = useTill({
    ...options,
    // Asked if the code does not say whose it is.
    chooseWallet: (_scan, wallets) => new Promise((answer) => setQuestion({ wallets, answer })),
  });

  // A payment that was in progress when the page was left: find out how it ended before anything else.
  useEffect(() => {
    const [trade] = till?.unfinished ?? [];
    if (trade) setEnded({ status: "unconfirmed", tradeId: trade.tradeId });
  }, [till]);

  async function collect(call, failed) {
    setBusy(true);
    setEnded(await call().catch(failed));
    setBusy(false);
  }
  function pay() {
    const sale = async () => till.charge({ ref, amount: parseMoney(amount, "MYR") });
    collect(sale, ({ message }) => ({ message })); // a charge fails only if nothing began
  }
  function check() {
    collect(
      () => till.resume(ended.tradeId),
      () => ended, // still unconfirmed
    );
  }
  function begin() {
    setRef(newRef());
    setEnded(null);
  }
  function choose(wallet) {
    question.answer(wallet);
    setQuestion(null);
  }

  return (
    <main>
      <h1>{ref}</h1>
      <label>
        RM <input value={amount} onChange={({ target }) => setAmount(target.value)} disabled={isBusy} />
      </label>
      <video ref={preview} muted playsInline />
      {question?.wallets.map((wallet) => (
        <button key={wallet.walletId} type="button" onClick={() => choose(wallet)}>
          {wallet.name}
        </button>
      ))}
      <output>{isBusy ? `The till is ${state}.` : said(ended)}</output>
      {error && <p role="alert">{error.message}</p>}
      {ended?.status === "unconfirmed" ? (
        <button type="button" onClick={check} disabled={isBusy}>
          Check again
        </button>
      ) : ended?.status === "paid" ? (
        <button type="button" onClick={begin}>
          Next bill
        </button>
      ) : (
        <button type="button" onClick={pay} disabled={!till || isBusy}>
          Pay
        </button>
      )}
    </main>
  );
}

/** What the cashier reads when a sale has ended. */
function said(ended) {
  if (!ended) return "Ready.";
  if (ended.status === "paid") return `Paid: ${ended.gatewayRef}`;
  if (ended.status === "unconfirmed") return "Not confirmed yet. Do not charge again.";
  return ended.message ?? ended.status;
}
