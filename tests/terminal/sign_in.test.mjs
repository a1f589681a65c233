// The cashier's page of a shop without a server of its own: people sign in with a PIN, and a manager lends a right.

import assert from "node:assert/strict";
import { test } from "node:test";
import { staffed } from "../desk/desk.mjs";
import { charge, counter, screen, until } from "./harness.mjs";
import { look } from "./look.mjs";

const without = (toml) => toml.replace(/^token_url = .*\n/m, "");

async function signIn(page, name, secret) {
  await page.fill("#sign-in-name", name);
  await page.fill("#sign-in-secret", secret);
  await page.click("#sign-in-go");
}

test("rule 38: a cashier signs in with a PIN and charges, and a manager signs in for a refund", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  await staffed(shop, {
    Aina: { rights: "charge,cancel" },
    Boss: { rights: "void,review,list", pin: "kopi o kosong" },
  });
  await shop.stopBackend();
  const people = shop.toml.bind(shop);
  shop.toml = (listen) => without(people(listen));
  await shop.startBackend();
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ wait: false });
  await page.waitForSelector("#sign-in[open]");
  await look(page, "9-sign-in");
  // Nobody signs in to practise, and leaving it asks for the sign-in again.
  await page.click("#sign-in-practice");
  await page.waitForSelector('body[data-practice][data-kind="ready"]');
  await page.click("#practice-leave");
  await page.waitForSelector("#sign-in[open]");
  await signIn(page, "aina", "000000");
  await until("it is refused", async () => /PIN is wrong/.test(await page.textContent("#sign-in-trouble")));
  assert.equal(await page.inputValue("#sign-in-secret"), "", "the secret is not kept");
  for (const key of ["Escape", "Escape", "Escape"]) await page.keyboard.press(key);
  // The browser closes it first, and the page opens it again.
  await until("nobody works without signing in", () => page.isVisible("#sign-in[open]"));
  // By the pad.
  for (const digit of "4815169") await page.click(`[data-pin="${digit}"]`);
  await page.click('[data-pin="⌫"]');
  await page.click("#sign-in-go");
  await screen(page, "ready");
  await until("the page says who works", async () => /till-1 · Aina/.test(await page.textContent("#terminal")));
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  // A refund needs a right that Aina has not: the manager agrees once.
  await page.click("#second");
  await page.selectOption("#why", "wrong amount");
  await page.click("#back-yes");
  await page.waitForSelector("#sign-in[open]");
  assert.match(await page.textContent("#sign-in-word"), /manager signs in/);
  await look(page, "9-sign-in-manager");
  await signIn(page, "Aina", "481516");
  await until("she may not", async () => /may not do that either/.test(await page.textContent("#sign-in-trouble")));
  await signIn(page, "Boss", "kopi o kosong");
  await until("it is given back", async () => (await shop.kept()) === 0);
  await until("the page says so", async () => /Given back/.test(await page.textContent("#title")));
  assert.match(await page.textContent("#terminal"), /Aina/, "the cashier stays");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.doesNotMatch(kept, /481516|kopi o kosong|eyJ/, "no secret and no token is kept");
  assert.deepEqual(
    page.problems.filter((problem) => !/status of 40[13]/.test(problem)),
    [],
  );
});
