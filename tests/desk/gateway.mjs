// A gateway that gives the answers that a test sets. The sandbox's answers always agree with its ledger; these need
// not.

import { createServer } from "node:http";
import { counter } from "../terminal/harness.mjs";
import { newTrade } from "./desk.mjs";

const CALLS = {
  "/token/api-token": "token",
  "/payment/integrator-master": "wallets",
  "/payment/create-trade": "create",
  "/payment/payment": "pay",
  "/payment/check-status": "status",
  "/payment/process-void": "void",
  "/payment/cancel-trade": "cancel",
};

export const ok = (data) => ({ code: 200, msg: "OK", data });

/**
 * `says[call]` is an answer, a list of answers (the last one stays), or a function of the fields and the request's
 * headers. An answer is a value (sent as JSON), a text (sent as it is), `{ http, body, type }`, "drop" (the connection
 * ends), or undefined: then it answers as a gateway that works.
 */
export async function gateway(t, says = {}) {
  let made = 0;
  const works = {
    token: () => ok({ status: 1, Auth_Token: "gateway-token-1" }),
    wallets: () =>
      ok([
        { id: "23", integrator_name: "GrabPay", active: "Y" },
        { id: "3", integrator_name: "Boost", active: "Y" },
      ]),
    create: () => ok({ trans_id: `20261127${String(made++).padStart(12, "0")}` }),
    pay: ({ trans_id }) => ok({ status: 200, user_order_status: "S", trans_id }),
    status: () => ok({ pay_status: "N" }),
    void: () => ok({ status: 1, transaction_id: "V1" }),
    cancel: () => ok({ cancel_status: "C" }),
  };
  const own = { says, log: [], of: (call) => own.log.filter((entry) => entry.call === call) };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const call = CALLS[request.url.replace("/version1", "")];
      const fields = Object.fromEntries(new URLSearchParams(body));
      own.log.push({ call, fields, headers: request.headers, socket: request.socket.remotePort });
      let says = own.says[call];
      if (Array.isArray(says)) says = says[Math.min(own.of(call).length, says.length) - 1];
      if (typeof says === "function") says = says(fields, request.headers);
      const answer = says ?? works[call]?.(fields) ?? { http: 404, body: "" };
      if (answer === "drop") return request.socket.destroy();
      const { http = 200, type = "application/json" } = answer;
      const text = answer.http ? (answer.body ?? "") : answer;
      response.writeHead(http, { "content-type": type }).end(typeof text === "string" ? text : JSON.stringify(text));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  own.base = `http://127.0.0.1:${server.address().port}/version1`;
  return own;
}

/** A backend that uses that gateway. */
export async function before(
  t,
  says,
  { make = counter, profile = "documented", change = (toml) => toml, ...options } = {},
) {
  const own = await gateway(t, says);
  const atOwn = (toml) => toml.replace(/^base_url = .*/m, `base_url = "${own.base}"`);
  const shop = await make(t, { scale: 0.1, profile, change: (toml) => change(atOwn(toml)), ...options });
  return { shop, own };
}

let codes = 0;
/** A code that no sale has used. */
export const fresh = () => `1345${String(Date.now()).slice(-8)}${String(codes++).padStart(6, "0")}`;

/** A trade as a till makes it; `code` is handed over where the trade awaits one. */
export async function sell(shop, ref, { minor = 1250, code = fresh(), terminal = "till-1", token } = {}) {
  token ??= await shop.token(terminal);
  const made = await shop.call("POST", "/v1/trades", { token, body: newTrade(ref, { minor }) });
  if (made.json?.status !== "awaiting_code") return made;
  return shop.call("POST", `/v1/trades/${made.json.trade_id}/code`, { token, body: { code } });
}
