// The way from the backend to the gateway: HTTPS with a private authority, through a proxy. The gateway is the sandbox
// behind a TLS terminator.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { counter } from "../terminal/harness.mjs";
import { handOver, later, line, newTrade, open, reaches, reconfigured } from "./desk.mjs";

function openssl(...args) {
  const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

/** An authority, and a certificate of it for this machine. */
function authority(dir, name) {
  const [ca, caKey, cert, key] = ["ca", "ca-key", "cert", "key"].map((part) => join(dir, `${name}-${part}.pem`));
  const fresh = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  openssl(...fresh, "-subj", `/CN=${name}`, "-keyout", caKey, "-out", ca);
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=IP:127.0.0.1"];
  openssl(...fresh, "-subj", "/CN=gateway", ...leaf, "-CA", ca, "-CAkey", caKey, "-keyout", key, "-out", cert);
  return { ca, cert: readFileSync(cert), key: readFileSync(key) };
}

/** Pipes two sockets into each other. */
function join2(one, other) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
    from.pipe(to);
  }
}

async function listening(t, server) {
  const sockets = new Set();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return server.address().port;
}

/** Speaks TLS in front of the sandbox, and counts the bytes that it could read. */
async function terminator(t, { cert, key }, sandbox) {
  const own = { bytes: 0, handshakes: 0 };
  const server = createTlsServer({ cert, key }, (socket) => {
    own.handshakes++;
    socket.on("data", (part) => {
      own.bytes += part.length;
    });
    join2(socket, connect(Number(new URL(sandbox).port), "127.0.0.1"));
  });
  server.on("tlsClientError", () => {});
  own.base = `https://127.0.0.1:${await listening(t, server)}/version1`;
  return own;
}

/** An http proxy that asks for a password, and counts what it was asked for. */
async function proxy(t, password) {
  const own = { tunnels: [], refused: 0, others: 0 };
  const server = createServer((_, response) => {
    own.others++;
    response.writeHead(405).end();
  });
  const expected = `Basic ${Buffer.from(`till:${password}`).toString("base64")}`;
  server.on("connect", (request, socket) => {
    if (request.headers["proxy-authorization"] !== expected) {
      own.refused++;
      return socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    }
    own.tunnels.push(request.url);
    const [host, port] = request.url.split(":");
    const gateway = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      join2(socket, gateway);
    });
    gateway.on("error", () => socket.destroy());
  });
  own.address = (word) => `http://till:${encodeURIComponent(word)}@127.0.0.1:${port}`;
  const port = await listening(t, server);
  return own;
}

test("over HTTPS with a private authority and through a proxy a sale is paid; another authority or a wrong password sends nothing", async (t) => {
  const shop = await counter(t);
  const [ours, another] = ["ours", "another"].map((name) => authority(shop.dir, name));
  const gateway = await terminator(t, ours, shop.sandbox);
  const [password, wrong] = [`hunter2@/:${randomBytes(8).toString("hex")}`, "hunter3-is-wrong"];
  const way = await proxy(t, password);
  // The environment's own variables are not read: nobody answers there.
  for (const name of ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
    shop.environment[name] = "http://127.0.0.1:9";
  shop.environment.NO_PROXY = "127.0.0.1";
  await reconfigured(shop, (toml) => toml.replace(/^base_url = .*/m, `base_url = "${gateway.base}"`));
  const own = shop.toml;
  const start = async ({ ca, proxy }) => {
    await shop.stopBackend();
    shop.environment.KAUNTER_GATEWAY_PROXY = proxy ?? "";
    shop.toml = (listen) => (ca ? own(listen).replace("[gateway]", `[gateway]\nca_file = "${ca}"`) : own(listen));
    await shop.startBackend();
  };
  const refused = async (ref) => {
    const before = [gateway.bytes, (await shop.calls("create")).length];
    const answer = await shop.call("POST", "/v1/trades", { token: await shop.token(), body: newTrade(ref) });
    later(answer, 502, "gateway_unavailable");
    assert.deepEqual([gateway.bytes, (await shop.calls("create")).length], before, "nothing was sent");
  };
  const pays = async (ref) => {
    const trade = await open(shop, ref);
    await handOver(shop, trade, await shop.code());
    const paid = await reaches(shop, trade, ["paid"]);
    assert.deepEqual(await line(shop, paid), { charged: 1200, refunded: 0, sent: 1 });
  };

  await start({ ca: ours.ca });
  await pays("private");
  assert.deepEqual([way.tunnels, way.refused], [[], 0], "without a proxy");

  await start({ ca: ours.ca, proxy: way.address(password) });
  await pays("proxied");
  assert.deepEqual([...new Set(way.tunnels)], [new URL(gateway.base).host]);
  assert.deepEqual([way.refused, way.others], [0, 0], "the proxy sees the gateway's address, and no call");

  await start({ ca: ours.ca, proxy: way.address(wrong) });
  await refused("wrong-password");
  assert.ok(way.refused > 0);

  for (const ca of [another.ca, null]) {
    await start({ ca });
    await refused("another-authority");
  }
  await shop.stopBackend();
  const secrets = [password, encodeURIComponent(password), wrong].flatMap((word) => [
    word,
    Buffer.from(`till:${word}`).toString("base64"),
  ]);
  for (const secret of secrets) assert.ok(!shop.words.includes(secret), "the password is in the log");
  assert.match(shop.words, /UnknownIssuer/, "the log says why");
  assert.match(shop.words, /proxy auth/i, "the log says why");
});
