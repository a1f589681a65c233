// How a backend is reached: under which names it answers, what the operator's listener alone says, and its own TLS.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { counter, until } from "../terminal/harness.mjs";
import { authority } from "./certificates.mjs";
import { later, line, newTrade, reconfigured } from "./desk.mjs";

/** A call with any `Host`; `null` sends none. */
function ask(address, path, { host, method = "GET", headers = {}, body, ...more } = {}) {
  return new Promise((done, failed) => {
    const named = host ? { host } : {};
    const typed = body ? { "content-type": "application/json" } : {};
    const options = {
      agent: false,
      method,
      setHost: host !== null,
      headers: { ...headers, ...named, ...typed },
      ...more,
    };
    const { request } = address.startsWith("https:") ? https : http;
    const sent = request(address + path, options, async (answer) => {
      const serial = answer.socket.getPeerCertificate?.().serialNumber;
      let text = "";
      for await (const chunk of answer) text += chunk;
      const json = /json/.test(answer.headers["content-type"]) ? JSON.parse(text) : null;
      done({ status: answer.statusCode, headers: answer.headers, text, json, serial });
    });
    sent.once("error", failed).end(body && JSON.stringify(body));
  });
}

const named = (lines) => (toml) => `${lines}\n${toml}`;

test("hidden files in the page's folder are not served", async (t) => {
  const shop = await counter(t);
  const page = join(shop.dir, "page");
  mkdirSync(join(page, "sub"), { recursive: true });
  for (const file of ["index.html", ".env", "sub/.env"]) writeFileSync(join(page, file), "<p>hunter2</p>");
  await reconfigured(shop, (toml) => toml.replace(/^dir = .*/m, `dir = ${JSON.stringify(page)}`));
  assert.equal((await ask(shop.backend, "/index.html")).status, 200, "the oracle");
  for (const path of ["/.env", "/%2eenv", "/%2Eenv", "/sub/.env", "/sub/%2Eenv"])
    assert.equal((await ask(shop.backend, path)).status, 404, path);
});

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
  const folder = await ask(shop.backend, "", { path: "//assets" });
  assert.deepEqual([folder.status, folder.headers.location], [404, undefined], "no path leads to another host");
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

/** As `fetch` gives an answer. */
const asFetch = (answer) => ({ ...answer, headers: new Headers(answer.headers) });

/** A raw connection. */
function raw(t, shop, says) {
  const { hostname, port } = new URL(shop.backend);
  const socket = connect(Number(port), hostname);
  const seen = { closed: false, openAt: null };
  socket.on("connect", () => {
    seen.openAt = performance.now();
    socket.write(says);
  });
  socket.on("error", () => {});
  socket.resume().on("close", () => {
    seen.closed = true;
    seen.after = performance.now() - seen.openAt;
  });
  t.after(() => socket.destroy());
  return seen;
}

test("its own TLS: handshakes have a limit, a renewed certificate needs no restart, and a stop waits for payments", async (t) => {
  const shop = await counter(t, { scale: 1 });
  const [token, code] = [await shop.token(), await shop.code()];
  const { ca, issue } = authority(shop.dir);
  const [first, second] = [issue("first"), issue("second")];
  const [cert, key] = ["cert.pem", "cert.key"].map((name) => `${shop.dir}/${name}`);
  copyFileSync(first.cert, cert);
  copyFileSync(first.key, key);
  await reconfigured(shop, (toml) => `${toml}\n[tls]\ncert = "${cert}"\nkey = "${key}"\n`);
  assert.match(shop.backend, /^https:/);
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });
  t.after(() => agent.destroy());
  const call = (path, more) => ask(shop.backend, path, { ca, headers: { "kaunter-token": token }, ...more });

  // Half a handshake, none at all, and no TLS.
  const slow = [Buffer.from([22, 3, 1, 2, 0]), ""].map((says) => raw(t, shop, says));
  const plain = raw(t, shop, "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
  const kept = await call("/healthz", { agent });
  assert.deepEqual([kept.status, kept.text], [200, "ok\n"], "others are answered meanwhile");
  await until("a caller without TLS is closed at once", () => plain.closed, { ms: 2_000 });
  await assert.rejects(ask(shop.backend, "/healthz"), /self-signed|unable to/, "a stranger's certificate");
  await until("the operator reads why", () => /a TLS handshake failed/.test(shop.backendProgram.words));
  assert.equal((await call("/terminal.json")).headers["strict-transport-security"], undefined);

  // As a certificate's program renews it: one file after the other.
  for (const [from, to] of [
    [second.cert, cert],
    [second.key, key],
  ]) {
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  }
  const renewed = await until("the new certificate is used", async () => {
    const answer = await call("/healthz");
    return answer.serial !== kept.serial && answer;
  });
  assert.equal((await call("/healthz", { agent })).serial, kept.serial, "an open connection goes on");
  assert.equal(renewed.status, 200);
  await until("slow handshakes are closed", () => slow.every(({ closed }) => closed));
  for (const { after } of slow) assert.ok(after > 4_000 && after < 9_000, `after ${after} ms`);

  // A payment in progress gets its answer.
  const begin = async (ref, code, hang_ms) => {
    const trade = (await call("/v1/trades", { method: "POST", body: newTrade(ref) })).json;
    await shop.fault("pay", { hang_ms }, { trade_id: trade.trade_id });
    const sent = (await shop.calls("pay")).length;
    const handed = call(`/v1/trades/${trade.trade_id}/code`, { method: "POST", body: { code } });
    await until("the payment has left", async () => (await shop.calls("pay")).length > sent);
    return { trade, handed };
  };
  const { trade, handed } = await begin("over-tls", code, 1_500);
  const [idle, { child }] = [raw(t, shop, ""), shop.backendProgram];
  await until("somebody has connected", () => idle.openAt);
  child.kill("SIGTERM");
  const answer = await handed;
  assert.deepEqual([answer.status, answer.json.status], [200, "paid"]);
  await shop.backendProgram.gone;
  assert.equal(child.exitCode, 0);
  assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });

  // One address may have one connection, and it has a call.
  await reconfigured(shop, (toml) => toml.replace("[limits]", "[limits]\nconnections = 2"));
  const full = await begin("full", await shop.code(), 1_000);
  later(asFetch(await call("/healthz")), 503, "overloaded");
  assert.equal((await full.handed).json.status, "paid");
});
