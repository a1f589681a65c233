// The shop's server in Node: it registers a bill, mints a token for it, and closes it when the backend says that it is
// paid.
// The keys come from the environment. Never send the server key to a browser.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const { KAUNTER_BACKEND, KAUNTER_SERVER_KEY, PORT = "8000" } = process.env;
if (!KAUNTER_BACKEND || !KAUNTER_SERVER_KEY) {
  console.error("Set KAUNTER_BACKEND and KAUNTER_SERVER_KEY.");
  process.exit(2);
}

// Yours: what a bill asks for, in sen.
const bills = new Map([
  ["INV-2041", 1250],
  ["INV-2042", 990],
]);
// Yours: sign the cashier in, and say which terminal this is. This one lets everybody in.
const sessions = new Map();

/** Asks the backend. It follows no redirect, so that the server key goes nowhere else. */
async function kaunter(method, path, body) {
  const answer = await fetch(KAUNTER_BACKEND + path, {
    method,
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
    headers: { authorization: `Bearer ${KAUNTER_SERVER_KEY}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return answer.json();
}

/** Registers a bill and mints a token for it; before a bill is rung up, a token that charges nothing. */
async function token(cashier, ref) {
  const minor = bills.get(ref);
  const sale = { ref, amount: { minor, currency: "MYR" } };
  if (minor !== undefined) await kaunter("PUT", "/v1/sales", sale);
  const right = minor === undefined ? { rights: ["cancel"] } : { rights: ["charge", "cancel"], sale };
  return kaunter("POST", "/v1/terminal-tokens", { shop: "demo", ...cashier, ...right });
}

/** True only if exactly the bill's amount was paid and is kept. */
async function isPaid(ref) {
  const minor = bills.get(ref);
  if (minor === undefined) return false;
  const sale = await kaunter("GET", `/v1/sales?${new URLSearchParams({ ref, minor, currency: "MYR" })}`);
  return sale.closes_bill === true;
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, "http://shop");
  if (pathname === "/login") {
    const id = randomUUID();
    sessions.set(id, { terminal: "till-1", cashier: "Aminah" });
    return { body: true, headers: { "set-cookie": `session=${id}; HttpOnly; SameSite=Strict` } };
  }
  const cashier = sessions.get(/session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1]);
  if (!cashier) return { status: 403, body: { error: "sign in first" } };
  if (request.method === "GET") return { body: await isPaid(searchParams.get("ref")) };
  let text = "";
  for await (const chunk of request) text += chunk;
  return { body: await token(cashier, JSON.parse(text || "{}").ref) };
}

createServer(async (request, response) => {
  const {
    status = 200,
    headers = {},
    body,
  } = await answer(request).catch((error) => {
    console.error(error);
    return { status: 502, body: { error: "the backend did not answer" } };
  });
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}).listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));
