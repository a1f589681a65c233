// How a backend is reached: under which names it answers, and what the operator's listener alone says.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { counter } from "../terminal/harness.mjs";
import { reconfigured } from "./desk.mjs";

/** A call with any `Host`; `null` sends none. */
function ask(address, path, { host, method = "GET", headers = {}, ...more } = {}) {
  return new Promise((done, failed) => {
    const named = host ? { host } : {};
    const options = { agent: false, method, setHost: host !== null, headers: { ...headers, ...named }, ...more };
    const sent = http.request(address + path, options, async (answer) => {
      let text = "";
      for await (const chunk of answer) text += chunk;
      const json = /json/.test(answer.headers["content-type"]) ? JSON.parse(text) : null;
      done({ status: answer.statusCode, headers: answer.headers, text, json });
    });
    sent.once("error", failed).end();
  });
}

const named = (lines) => (toml) => `${lines}\n${toml}`;

test("a call under another host's name reads nothing, so that DNS rebinding is of no use", async (t) => {
  const origin = "https://pos.shop.example";
  const shop = await reconfigured(
    await counter(t, { origins: [origin] }),
    named('public_url = "https://till.shop.example"\nhsts = true'),
  );
  const paths = ["/", "/terminal.json", "/openapi.json", "/v1/trades?open=true", "/v1/nothing"].map((path) => [
    shop.backend,
    path,
  ]);
  const operators = [
    [shop.operator, "/metrics"],
    [shop.operator, "/readyz"],
  ];
  for (const host of ["evil.example", "till.shop.example.evil.example", null]) {
    for (const [address, path] of [...paths, ...operators]) {
      const { status, json, text } = await ask(address, path, { host });
      assert.deepEqual([status, json?.code, json?.param], [400, "bad_request", "host"], `${host}${path}`);
      assert.doesNotMatch(text, /shop\.example|demo/, "it names no host and no shop");
    }
    assert.equal((await ask(shop.backend, "/healthz", { host })).text, "ok\n", "a load balancer may know no name");
  }
  const whole = await ask(shop.backend, "", { path: "http://evil.example/terminal.json" });
  assert.equal(whole.json?.param, "host", "the name in the request line counts too");
  const read = await ask(shop.backend, "/v1/sales", { host: "evil.example", headers: { origin } });
  assert.equal(read.headers["access-control-allow-origin"], origin, "a configured page can read why");
  for (const host of ["till.shop.example", "TILL.shop.example:443", "localhost:1", "10.0.0.7", "[::1]"])
    assert.equal((await ask(shop.backend, "/terminal.json", { host })).status, 200, host);
  assert.equal((await ask(shop.operator, "/metrics", { host: "localhost" })).status, 200);
  // Each answer tells the browser to keep to https, and no other host of the domain.
  for (const path of ["/", "/healthz", "/v1/sales", "/v1/nothing"]) {
    const { headers } = await ask(shop.backend, path);
    assert.equal(headers["strict-transport-security"], "max-age=31536000", path);
  }
  assert.equal((await ask(shop.operator, "/metrics")).headers["strict-transport-security"], undefined);

  // Listed names are all names.
  await reconfigured(shop, (toml) => toml.replace("hsts = true", 'hosts = ["tills.local"]'));
  for (const host of ["tills.local", "till.shop.example"]) {
    const { status, headers } = await ask(shop.backend, "/", { host });
    assert.deepEqual([status, headers["strict-transport-security"]], [200, undefined], host);
  }
  for (const host of ["127.0.0.1", "localhost"])
    assert.equal((await ask(shop.backend, "/", { host })).status, 400, host);
  assert.equal((await ask(shop.operator, "/metrics", { host: "127.0.0.1" })).status, 200);
});

test("metrics and readiness are on the operator's listener only", async (t) => {
  const shop = await counter(t);
  for (const path of ["/metrics", "/readyz"]) {
    const { status, json } = await ask(shop.backend, path);
    assert.deepEqual([status, json?.code], [404, "route_not_found"], path);
    assert.equal((await ask(shop.operator, path)).status, 200, path);
  }
  for (const path of ["/", "/terminal.json", "/v1/trades?open=true"]) {
    const { status, json } = await ask(shop.operator, path);
    assert.deepEqual([status, json?.code], [404, "route_not_found"], path);
  }
  assert.equal((await ask(shop.operator, "/metrics", { method: "POST" })).json.code, "method_not_allowed");
  // Without the setting nobody reads them.
  await reconfigured(shop, (toml) => toml.replace(/\[operator\]\n.*\n/, ""));
  assert.equal(shop.operator, undefined);
  assert.equal((await ask(shop.backend, "/metrics")).status, 404);
  // A taken address is named.
  const { port } = new URL(shop.backend);
  await shop.stopBackend();
  shop.toml = (
    (own) => (listen) =>
      `${own(listen)}\n[operator]\nlisten = "${listen}"\n`
  )(shop.toml.bind(shop));
  await assert.rejects(shop.startBackend(`127.0.0.1:${port}`), /operator\.listen = "127\.0\.0\.1:\d+" can't be used/);
});
