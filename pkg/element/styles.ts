// How the element looks. The names of the page's custom properties are in docs/element.md.

import { css } from "lit";

export const styles = css`
:host {
  --paper: var(--kaunter-paper, #f4f6f4); --ink: var(--kaunter-ink, #14201c); --quiet: var(--kaunter-quiet, #4a5853);
  --line: var(--kaunter-line, #7d8b85); --card: var(--kaunter-card, #fff);
  --brand: var(--kaunter-brand, #0b5d4b); --on-brand: var(--kaunter-on-brand, #fff);
  --good: var(--kaunter-good, #08622f); --good-paper: var(--kaunter-good-paper, #e2f5e8);
  --bad: var(--kaunter-bad, #a3241b); --bad-paper: var(--kaunter-bad-paper, #fdecea);
  --warn: var(--kaunter-warn, #7d4b00); --warn-paper: var(--kaunter-warn-paper, #fff0cc);
  --radius: var(--kaunter-radius, 14px);
  display: block; color: var(--ink);
  font: var(--kaunter-font, 18px/1.4 system-ui, sans-serif);
}
@supports (color: light-dark(red, red)) {
  :host {
    --paper: var(--kaunter-paper, light-dark(#f4f6f4, #101614));
    --ink: var(--kaunter-ink, light-dark(#14201c, #eaf2ee));
    --quiet: var(--kaunter-quiet, light-dark(#4a5853, #a9b8b2));
    --line: var(--kaunter-line, light-dark(#7d8b85, #75867f));
    --card: var(--kaunter-card, light-dark(#fff, #202b27));
    --brand: var(--kaunter-brand, light-dark(#0b5d4b, #36b593));
    --on-brand: var(--kaunter-on-brand, light-dark(#fff, #04231b));
    --good: var(--kaunter-good, light-dark(#08622f, #5bd694));
    --good-paper: var(--kaunter-good-paper, light-dark(#e2f5e8, #0d2519));
    --bad: var(--kaunter-bad, light-dark(#a3241b, #ff9288));
    --bad-paper: var(--kaunter-bad-paper, light-dark(#fdecea, #2c1412));
    --warn: var(--kaunter-warn, light-dark(#7d4b00, #ffc35c));
    --warn-paper: var(--kaunter-warn-paper, light-dark(#fff0cc, #2e2209));
  }
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
.screen { display: flex; flex-direction: column; align-items: center; gap: 10px; padding: 16px; text-align: center;
  background: var(--paper); border-radius: var(--radius); overflow-wrap: anywhere; }
.screen > * { margin: 0; max-width: 100%; }
.is-paid { background: var(--good-paper); }
.is-declined, .is-refused, .is-closed { background: var(--bad-paper); }
.is-unconfirmed, .is-kept { background: var(--warn-paper); }
.sandbox { align-self: stretch; padding: 2px 8px; font-size: .8em; color: var(--quiet); background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; }
.icon { width: 72px; height: 72px; border-radius: 50%; display: grid; place-items: center; background: var(--quiet);
  color: var(--paper); }
.icon svg { width: 60%; height: 60%; }
svg { width: 1.25em; height: 1.25em; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round;
  stroke-linejoin: round; flex: none; }
.is-waiting .icon, .is-voided .icon { background: var(--brand); color: var(--on-brand); }
.is-paid .icon { background: var(--good); } .is-paid .title { color: var(--good); }
:is(.is-declined, .is-refused, .is-closed) .icon { background: var(--bad); }
:is(.is-declined, .is-refused, .is-closed) .title { color: var(--bad); }
:is(.is-unconfirmed, .is-kept) .icon { background: var(--warn); }
:is(.is-unconfirmed, .is-kept) .title { color: var(--warn); }
:is(.is-unconfirmed, .is-kept) .sentence { font-weight: 600; }
.title { font-size: 1.6em; line-height: 1.2; font-weight: 700; }
[tabindex="-1"]:focus { outline: none; }
.amount { font-size: 2.2em; line-height: 1.15; font-weight: 700; font-variant-numeric: tabular-nums; }
.sentence { max-width: 46ch; font-size: 1.1em; }
.small { font-size: .9em; color: var(--quiet); }
.tabular { font-variant-numeric: tabular-nums; }
.trouble { display: flex; gap: 8px; text-align: start; color: var(--bad); font-weight: 600; max-width: 46ch; }
.eye { position: relative; width: 100%; max-width: 520px; aspect-ratio: 4 / 3; overflow: hidden; background: #000;
  border-radius: var(--radius); }
video, ::slotted(video) { display: block; width: 100%; height: 100%; object-fit: cover; }
.frame { position: absolute; inset: 9% 21%; border: 3px solid #fff; border-radius: 20px;
  box-shadow: 0 0 0 400px #0006; }
.hint { min-height: 1.4em; font-weight: 600; color: var(--warn); }
.code { width: 100%; max-width: 360px; aspect-ratio: 1; padding: 10px; background: #fff;
  border-radius: var(--radius); forced-color-adjust: none; }
.asks .code { max-width: 160px; }
.code img { display: block; width: 100%; height: 100%; }
.row { display: flex; flex-wrap: wrap; justify-content: center; gap: 10px; align-self: stretch; }
.row > * { flex: 1 1 10em; max-width: 22em; }
.wallets { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 9em), 1fr)); gap: 10px;
  align-self: stretch; padding: 0; list-style: none; }
.wallets button { width: 100%; height: 100%; flex-direction: column; }
.logo { width: 48px; height: 48px; object-fit: contain; border-radius: 10px; background: #fff; }
.letter { display: grid; place-items: center; width: 48px; height: 48px; border-radius: 10px; font-size: 1.4em;
  font-weight: 700; background: var(--brand); color: var(--on-brand); }
button, .button { font: inherit; line-height: 1.25; min-height: 48px; padding: 8px 16px; display: inline-flex;
  align-items: center; justify-content: center; gap: 8px; border: 2px solid var(--line);
  border-radius: var(--radius); background: var(--card); color: var(--ink); cursor: pointer;
  touch-action: manipulation; }
button:hover:enabled, .button:hover { border-color: currentColor; }
.primary { background: var(--brand); border-color: var(--brand); color: var(--on-brand); font-weight: 700; }
.danger { background: var(--bad); border-color: var(--bad); color: var(--paper); font-weight: 700; }
[aria-pressed="true"] { background: var(--ink); color: var(--paper); }
button:disabled { opacity: .6; cursor: default; }
:is(button, input, select):focus-visible, .button:focus-within { outline: 3px solid var(--brand);
  outline-offset: 2px; }
.banner { align-self: stretch; justify-content: start; border-color: var(--warn); background: var(--warn-paper);
  font-weight: 600; text-align: start; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.ask { display: grid; gap: 10px; width: 100%; max-width: 460px; padding: 14px; text-align: start;
  background: var(--card); border: 2px solid var(--line); border-radius: var(--radius); }
.ask > * { margin: 0; } .ask h3 { font-size: 1.1em; }
.ask label { display: grid; gap: 4px; } .ask fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: 4px; }
.ask fieldset label { display: flex; align-items: center; gap: 8px; min-height: 40px; }
.ask :is(input:not([type="radio"]), select) { font: inherit; min-height: 48px; padding: 8px 12px; width: 100%;
  color: inherit; background: var(--paper); border: 2px solid var(--line); border-radius: var(--radius); }
.ask input[type="radio"] { width: 22px; height: 22px; }
.receipt { display: grid; grid-template-columns: auto auto; gap: 4px 16px; margin: 0; text-align: start; }
.receipt dt { color: var(--quiet); } .receipt dd { margin: 0; font-variant-numeric: tabular-nums; }
progress { width: 100%; max-width: 360px; accent-color: var(--brand); }
@media (forced-colors: active) { .icon, .letter, [aria-pressed="true"] { border: 2px solid; } }
@media (prefers-reduced-motion: no-preference) { .is-waiting .icon svg { animation: breathe 2s ease-in-out infinite;
  } }
@keyframes breathe { 50% { opacity: .45; } }
`;
