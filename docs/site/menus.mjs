// The menus of the site.

import { errors } from "./errors.mjs";
import { tools } from "./starts.mjs";

const item = (text, link) => ({ text, link });
const group = (text, items) => ({ text, items });
const named = (names) => Object.entries(names).map(([link, text]) => item(text, link));

const START = [
  item("Quick start", "/start/"),
  ...tools.map(({ id, name }) => item(name, `/start/${id}`)),
  item("Ready-made screens", "/start/element"),
  item("PHP", "/start/php"),
  item("PHP point of sale", "/start/php-pos"),
];
const CONCEPTS = {
  "/concepts/sale": "Sale, trade and code",
  "/concepts/outcomes": "Outcomes and unconfirmed",
  "/concepts/parts": "Page, backend and gateway",
};
const RECIPES = {
  "/recipes/refund": "Give money back",
  "/recipes/late-money": "Late money",
  "/recipes/hand-scanner": "Hand scanner",
  "/recipes/ip-camera": "IP camera",
  "/recipes/offline": "Lost network and reload",
  "/recipes/several-tills": "Several tills",
  "/testing": "Test your checkout",
};
const LIVE = {
  "/going-live": "Going-live checklist",
  "/manual/shop-server": "Your server",
  "/manual/operating": "Operate the backend",
  "/manual/camera": "Browsers and cameras",
  "/manual/security": "Security",
  "/performance": "Performance",
};
const REFERENCE = {
  "/package": "The package",
  "/api/": "API",
  "/errors/": "Error codes",
  "/manual/element": "The element",
  "/words": "The element's texts",
  "/manual/tools": "Tools and their lines",
  "/manual/rules": "Rules about money",
  "/examples": "Examples",
  "/changes": "Changes",
};

const MAIN = [
  group("Start", [item("Try it here", "/try"), ...START]),
  group("Concepts", named(CONCEPTS)),
  group("Recipes", named(RECIPES)),
  group("Go live", named(LIVE)),
  group("Reference", named(REFERENCE)),
];
const types = [...new Set([...errors.values()].map(({ type }) => type))];
const ERRORS = [
  item("All error codes", "/errors/"),
  ...types.map((type) => {
    const codes = [...errors.values()].filter((error) => error.type === type).map(({ code }) => code);
    return group(
      type,
      codes.map((code) => item(code, `/errors/${code}`)),
    );
  }),
];

export const nav = [
  item("Try it here", "/try"),
  item("Quick start", "/start/"),
  item("Errors", "/errors/"),
  item("API", "/api/"),
  // A page beside this site, and not VitePress' own: the browser loads it anew.
  ...(process.env.KAUNTER_SITE_DEMO ? [{ ...item("Demo", "/demo/"), target: "_self" }] : []),
];
export const sidebar = { "/errors/": ERRORS, "/": MAIN };
