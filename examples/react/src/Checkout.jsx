import { formatMoney, parseMoney } from "kaunter";
import { useTill } from "kaunter/react";
import { useEffect, useState } from "react";

/** A sale has one reference for ever: your own number of the bill. */
const newRef = () => `INV-${Date.now()}`;

export function Checkout({ options }) {
  const [ref, setRef] = useState(newRef);
  const [amount, setAmount] = useState("12.00");
  const [isBusy, setBusy] = useState(false);
  // How the last payment stands. Its own sale is shown, which may be an older one than `ref`.
  const [ended, setEnded] = useState(null);
  // Payments that are not confirmed: those to show before the next bill, and those that the cashier has left open.
  const [open, setOpen] = useState([]);
  const [left, setLeft] = useState([]);
  const [question, setQuestion] = useState(null);
  const { till, state, error, preview } = useTill({
    ...options,
    // Asked if the code does not say whose it is.
    chooseWallet: (_scan, wallets) => new Promise((answer) => setQuestion({ wallets, answer })),
  });

  // Payments that were in progress when the page was left: find out how they ended before anything else.
  useEffect(() => {
    const [first, ...others] = (till?.unfinished ?? []).map(unconfirmed);
    if (first) setEnded(first);
    setOpen(others);
  }, [till]);

  const sale = ended?.sale ?? { ref };

  async function collect(call) {
    setBusy(true);
    setEnded(await call());
    setBusy(false);
  }
  async function charge() {
    try {
      const { amount: known = parseMoney(amount, "MYR") } = sale;
      return await till.charge({ ref: sale.ref, amount: known });
    } catch ({ message, tradeId }) {
      // Nothing began, or another payment has this sale: then its end counts.
      return tradeId ? watch({ tradeId, sale }) : { message, sale: ended?.sale };
    }
  }
  // A check that fails leaves it unconfirmed.
  const watch = (trade) => till.resume(trade.tradeId).catch(() => unconfirmed(trade));

  /** Goes to the next payment that is not confirmed, or else to a new bill. */
  function next() {
    const later = ended.status === "unconfirmed" ? [...left, ended] : left;
    const [first = null, ...others] = open;
    setEnded(first);
    setOpen(first ? others : later);
    setLeft(first ? later : []);
    if (!first) setRef(newRef());
  }
  function choose(wallet) {
    question.answer(wallet);
    setQuestion(null);
  }

  return (
    <main>
      <h1>{sale.ref}</h1>
      {sale.amount ? (
        <p>{formatMoney(sale.amount)}</p>
      ) : (
        <label>
          RM <input value={amount} onChange={({ target }) => setAmount(target.value)} disabled={isBusy} />
        </label>
      )}
      <video ref={preview} muted playsInline />
      {question?.wallets.map((wallet) => (
        <button key={wallet.walletId} type="button" onClick={() => choose(wallet)}>
          {wallet.name}
        </button>
      ))}
      <output>{isBusy ? doing(state) : said(ended)}</output>
      {error && <p role="alert">{error.message}</p>}
      {ended?.status === "unconfirmed" && (
        <button type="button" onClick={() => collect(() => watch(ended))} disabled={isBusy}>
          Check again
        </button>
      )}
      {!NO_CHARGE.includes(ended?.status) && (
        <button type="button" onClick={() => collect(charge)} disabled={!till || isBusy}>
          Pay
        </button>
      )}
      {ended && (
        <button type="button" onClick={next} disabled={isBusy}>
          {ended.status === "unconfirmed" ? "Leave it open for now" : "Next bill"}
        </button>
      )}
    </main>
  );
}

/** A charge of such a sale is wrong: it is collected, given back, or perhaps collected. */
const NO_CHARGE = ["paid", "voided", "unconfirmed"];

const unconfirmed = ({ tradeId, sale }) => ({ status: "unconfirmed", tradeId, sale });

/** What the cashier reads during a payment. The till is idle, or about the last sale, until it begins. */
const doing = (state) => (state === "idle" || state === "review" ? "One moment." : `The till is ${state}.`);

/** What the cashier reads when a sale has ended. */
function said(ended) {
  if (!ended) return "Ready.";
  if (ended.status === "paid") return `Paid: ${ended.gatewayRef}`;
  if (ended.status === "unconfirmed") return "Not confirmed yet. Do not charge again.";
  if (ended.status === "cancelled") return "Cancelled. The customer has paid nothing.";
  return ended.status === "voided" ? "The money was given back." : ended.message;
}
