// One page for each error code, written from docs/errors.md, which is written from the table in src/core/error.rs.

import { read, write } from "./files.mjs";

const text = read("docs/errors.md");

/** The errors by code: `{ code, type, happened, from, retry, cashier, developer, money }`. */
export const errors = new Map();
for (const chapter of text.split(/^## /m).slice(1)) {
  const [type] = chapter.split("\n", 1);
  for (const section of chapter.split(/^### /m).slice(1)) {
    const [, code, happened] = /^`(\w+)`\n(.*)\n/.exec(section);
    const said = (name) => {
      const [, fact] = new RegExp(`^- ${name}: (.*)$`, "m").exec(section) ?? [];
      if (!fact) throw new Error(`docs/errors.md: ${code} has no line "${name}"`);
      return fact;
    };
    const [, from, retry] = /^(.*)\. Retry: (\w+)\.$/.exec(said("From"));
    const [cashier, developer, money] = ["For the cashier", "For the developer", "Money"].map(said);
    errors.set(code, { code, type, happened, from, retry, cashier, developer, money });
  }
}
if (errors.size < 50) throw new Error("docs/errors.md has no errors: its form has changed");
export const codes = new Set(errors.keys());

const RETRY = {
  no: "No. The same call, unchanged, fails again.",
  later: "Yes, later. `retryable` is true, and `retryAfterMs` says when, if that is known.",
  act: "After somebody has acted, as the sentence for the cashier says.",
  token: "The page does it by itself, with a fresh token from `getToken`.",
};
/** What else to read, by the error's type. */
const MORE = {
  setup: "[Your tool and its lines](/manual/tools), [serving the package](/package#serving-it)",
  camera: "[Browsers and cameras](/manual/camera)",
  scan: "[Browsers and cameras](/manual/camera), [hand scanner](/recipes/hand-scanner)",
  input: "[Values](/package#values), [your server](/manual/shop-server#when-a-call-is-refused)",
  auth: "[Rights](/manual/shop-server#rights), [security](/manual/security#tokens)",
  network: "[Lost network and reload](/recipes/offline)",
  unavailable: "[Operate the backend](/manual/operating#alarms), [lost network](/recipes/offline)",
  conflict: "[Outcomes](/concepts/outcomes), [several tills](/recipes/several-tills)",
  journal: "[Lost network and reload](/recipes/offline)",
};

const page = ({ code, type, happened, from, retry, cashier, developer, money }) => `---
description: "${happened.replaceAll('"', "'")}"
---
# ${code}

${happened}

| question | answer |
|---|---|
| What does the cashier do? | ${cashier} |
| What do you do? | ${developer} |
| What happened to the money? | ${money[0].toUpperCase()}${money.slice(1)} |
| Try again? | ${RETRY[retry]} |
| Who answers it? | ${from[0].toUpperCase()}${from.slice(1)} |
| Its type | \`${type}\` |

\`error.message\` has the sentence for the cashier: show it as it is, and keep \`detail\` for yourself.

See also: ${MORE[type]}, [all error codes](/errors/).
`;

/** Writes the page of each code. */
export function writeErrors() {
  for (const error of errors.values()) write(`errors/${error.code}.md`, page(error));
}
