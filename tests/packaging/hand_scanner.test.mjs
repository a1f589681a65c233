// A hand scanner as a source of codes, in a developer's page with the package: as a keyboard and as a device, beside the
// camera and alone. Its keys change nothing on the page, and a person's keys do what they always did.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { stage, until } from "../live/stage.mjs";
import { ENTER, Keyboard, TAB, us } from "./keys.mjs";

const CODE = "281012020190329150";

let all, plain, context;
before(async () => {
  all = await stage();
  plain = await all.browser();
  context = await plain.browser.newContext();
});
after(() => all.close());

/** A till with a hand scanner. */
async function open(options = "handScanner: true", init = "") {
  const page = await all.till(null, plain, { context, options, init });
  return { page, keys: await Keyboard.of(page) };
}

/** Begins a scan, and waits until it wants codes. */
async function begin(page, options = {}) {
  await page.evaluate((options) => {
    globalThis.scan = ends(till.scan({ timeoutMs: 20_000, sources: ["hand_scanner"], ...options }));
  }, options);
  await until("it scans", () => page.evaluate(() => till.state === "scanning"));
}
const ended = (page) => page.evaluate(() => scan);
const warnings = (page) =>
  page.evaluate(() => log.filter(({ type }) => type === "warning").map(({ detail }) => [detail.code, detail.detail]));

/** A page with everything that takes keys: `seen` tells how it stands. */
const SHOP = `
  document.body.innerHTML = \`
    <form id=form><input id=text value=old><input id=number type=number value=5><button id=pay type=button>Pay</button><button>Send</button></form>
    <textarea id=area>old</textarea><select id=list><option>1<option>2<option>3</select><input id=day type=date>
    <div id=free contenteditable>old</div><input id=tick type=checkbox><span id=shell></span><x-sealed id=sealed></x-sealed>
    <input id=digit maxlength=1><input id=articles data-hand-scanner>\`;
  shell.attachShadow({ mode: "open" }).innerHTML = "<input id=inner value=old>";
  const inner = shell.shadowRoot.firstChild;
  const hidden = sealed.attachShadow({ mode: "closed" });
  hidden.innerHTML = "<input value=old>";
  Object.assign(globalThis, { amount: 0, pressed: 0, submitted: 0, inner, hidden: hidden.firstChild });
  document.addEventListener("keydown", (event) => {
    if (/^[0-9]$/.test(event.key) && !event.composedPath()[0].matches("input, textarea, select, [contenteditable]"))
      globalThis.amount = amount * 10 + Number(event.key);
  });
  pay.onclick = () => pressed++;
  form.onsubmit = (event) => { event.preventDefault(); submitted++; };
  digit.oninput = () => digit.value && articles.focus(); // as fields of a one-time password do
  globalThis.seen = () => ({
    amount, pressed, submitted, ticked: tick.checked, free: free.textContent,
    values: [text, number, area, list, day, inner, digit, articles].map(({ value }) => value),
    focus: (document.activeElement.shadowRoot ?? document).activeElement.id,
  });`;

test("a code is taken at each end, in each place, and the page stays as it was", async () => {
  const { page, keys } = await open("handScanner: true", SHOP);
  const fresh = await page.evaluate(() => seen());
  const places = ["body", "text", "number", "area", "list", "day", "free", "pay", "tick", "inner", "digit", "articles"];
  for (const place of places) {
    const end = { text: [TAB], area: [], pay: [TAB] }[place] ?? [ENTER];
    await page.evaluate((place) => {
      document.activeElement.blur();
      (globalThis[place] ?? document.getElementById(place))?.focus?.();
    }, place);
    await begin(page);
    await keys.scan(CODE, end);
    const { value } = await ended(page);
    assert.deepEqual([value?.text, value?.source, value?.corners], [CODE, "hand_scanner", null], place);
    const focus = place === "body" ? "" : place;
    assert.deepEqual(await page.evaluate(() => seen()), { ...fresh, focus }, place);
  }
  assert.deepEqual([page.problems, await warnings(page)], [[], []]);
  assert.equal(await page.evaluate(() => asked.length), 0, "the camera was never asked for");
  await page.close();
});

test("a person's keys do what they always did, also quick ones in a field", async () => {
  const { page, keys } = await open("handScanner: true", SHOP);
  const focus = (place) =>
    page.evaluate((place) => {
      document.activeElement.blur();
      globalThis[place]?.focus();
    }, place);
  await keys.type("1250");
  await until("the pad has the digits", () => page.evaluate(() => amount === 1250));
  await focus("text");
  await keys.press(us("quick"), 40);
  assert.equal(await page.inputValue("#text"), "quickold");
  await keys.press([ENTER], 120);
  assert.equal(await page.evaluate(() => submitted), 1);
  await focus("pay");
  await keys.press([ENTER], 120);
  await keys.type(" ");
  await until("Enter and Space press", () => page.evaluate(() => pressed === 2));
  await focus("free");
  await keys.type("new");
  await until("it is written", () => page.evaluate(() => free.textContent.includes("new")));
  await focus("hidden");
  await keys.type("new");
  assert.equal(await page.evaluate(() => hidden.value), "newold", "a field that no script can see");
  await page.close();
});

test("without a scan a burst does no harm, and a field that asks for it gets it", async () => {
  const { page, keys } = await open("handScanner: true", SHOP);
  const fresh = await page.evaluate(() => seen());
  for (const place of ["body", "text", "pay"]) {
    await page.evaluate((place) => globalThis[place]?.focus(), place);
    await keys.scan(CODE);
    assert.deepEqual(await page.evaluate(() => seen()), { ...fresh, focus: place === "body" ? "" : place }, place);
  }
  await page.focus("#articles");
  await keys.scan("9556001000018");
  assert.equal(await page.inputValue("#articles"), "9556001000018");
  await begin(page);
  await page.evaluate(() => {
    articles.value = "";
  });
  await keys.scan(CODE);
  assert.equal((await ended(page)).value?.text, CODE);
  assert.equal(await page.inputValue("#articles"), "", "a scan comes first");
  await page.evaluate(() => till.close());
  await page.focus("#text");
  await keys.scan("123");
  assert.equal(await page.inputValue("#text"), "123old", "a closed till leaves the keyboard alone");
  await page.close();
});

test("another keyboard layout is seen through or told, and a wrong end is told", async () => {
  const { page, keys } = await open('handScanner: { suffix: "enter" }');
  const azerty = "à&é\"'(-è_ç";
  const french = [...CODE].map((digit) => ({ key: azerty[digit], code: `Digit${digit}`, vk: 48 + Number(digit) }));
  await begin(page);
  await keys.press([...french, ENTER], 12);
  assert.equal((await ended(page)).value?.text, CODE);
  await page.evaluate(() => {
    document.body.innerHTML = "<input id=name value=old>";
    document.getElementById("name").focus();
  });
  // An input method takes the keys, and writes what it makes of them.
  const method = us(CODE).map((key) => ({ ...key, key: "Process", vk: 229, text: "", composed: key.key }));
  await begin(page);
  await keys.press([...method, ENTER], 12);
  assert.equal((await ended(page)).value?.text, CODE);
  assert.equal(await page.inputValue("#name"), "old", "an input method's text is taken back");
  await begin(page);
  const dead = { key: "Dead", code: "", text: "" };
  await keys.press([...us(CODE), dead, ENTER], 12);
  await keys.scan(CODE, [TAB]);
  await until("both are told", async () => (await warnings(page)).length === 2);
  const [layout, end] = await warnings(page);
  assert.match(layout.join(), /^code_invalid,.* layout/);
  assert.match(end.join(), /^code_invalid,.* with Tab: `handScanner.suffix` is "enter"/);
  assert.ok(!JSON.stringify([layout, end]).includes(CODE.slice(0, 6)), "no warning has a code");
  await keys.scan("TNG-7Q2M/a=");
  assert.equal((await ended(page)).value?.text, "TNG-7Q2M/a=");
  await page.close();
});

test("camera and scanner together, each alone, and without a camera at all", async () => {
  await plain.look(null);
  const { page, keys } = await open();
  await begin(page, { sources: undefined });
  assert.equal(await page.evaluate(() => asked.length), 1);
  await keys.scan(CODE);
  assert.equal((await ended(page)).value?.source, "hand_scanner", "beside the camera");
  await begin(page, { sources: ["camera"] });
  await keys.scan(CODE);
  await plain.look("TNG-7Q2M");
  const { value } = await ended(page);
  assert.deepEqual([value?.text, value?.source], ["TNG-7Q2M", "camera"], "the scanner is not asked");
  await page.evaluate(async () => {
    await till.camera.release();
    plan.push(refuse("NotFoundError"), refuse("NotFoundError"), refuse("NotFoundError"), refuse("NotFoundError"));
  });
  await begin(page, { sources: undefined });
  await until("the missing camera is told", async () => (await warnings(page)).length === 1);
  assert.equal((await warnings(page))[0][0], "camera_not_found");
  await keys.scan(CODE);
  assert.equal((await ended(page)).value?.text, CODE, "the scan goes on without it");
  const wrong = await page.evaluate(async () => {
    const refused = (call) =>
      call.then(
        () => "taken",
        ({ code, message }) => [code, /`(.*?)`/.exec(message)[1]].join(),
      );
    const plainTill = await openTill();
    return Promise.all([
      refused(plainTill.scan({ sources: ["hand_scanner"] })),
      refused(plainTill.scan({ sources: [] })),
      refused(plainTill.scan({ sources: ["eye"] })),
      ...[5, { suffix: "x" }, { keyboard: 1 }, { keyboard: false }, { device: {} }].map((handScanner) =>
        refused(openTill({ handScanner })),
      ),
    ]);
  });
  assert.deepEqual(wrong, [
    "argument_invalid,handScanner",
    "argument_invalid,sources",
    "argument_invalid,sources",
    "argument_invalid,handScanner",
    "argument_invalid,handScanner.suffix",
    "argument_invalid,handScanner.keyboard",
    "argument_invalid,handScanner.device",
    "argument_invalid,handScanner.device",
  ]);
  await page.close();
});

test("a merchant's code, accept, a time-out and an abort are as with the camera; a charge is paid by a hand scanner", async () => {
  const { page, keys } = await open();
  await begin(page, { timeoutMs: 50 });
  assert.equal((await ended(page)).error?.code, "scan_timeout");
  await page.evaluate(() => {
    globalThis.offered = [];
    const accept = ({ text }) => offered.push(text) > 1;
    globalThis.scan = ends(till.scan({ sources: ["hand_scanner"], accept }));
  });
  for (const code of ["TNG-0001", "TNG-0001", CODE]) await keys.scan(code);
  assert.equal((await ended(page)).value?.text, CODE);
  assert.deepEqual(await page.evaluate(() => offered), ["TNG-0001", CODE], "each code is offered once");
  const code = await all.shop.code();
  await page.evaluate(() => {
    const sale = { ref: "HAND-1", amount: kaunter.parseMoney("12.50", "MYR") };
    globalThis.paid = till.charge(sale, { walletId: "23", scan: { sources: ["hand_scanner"] } });
  });
  await until("it scans", () => page.evaluate(() => till.state === "scanning"));
  await keys.scan(code);
  assert.equal((await page.evaluate(() => paid)).status, "paid");
  assert.equal(await all.shop.kept(), 1250);
  await page.close();
});

/** A script of a package, as the address of a module. */
async function packaged(name) {
  const file = new URL(`../../node_modules/@point-of-sale/${name}/dist/${name}.esm.js`, import.meta.url);
  return `data:text/javascript;base64,${(await readFile(file)).toString("base64")}`;
}

/**
 * The operating system's side of WebHID and Web Serial: this machine has no scanner. `reads` lets the device read a
 * code. The packages and all of the till are real.
 */
const DEVICES = {
  "webhid-barcode-scanner": `
    const bar = Object.assign(new EventTarget(), {
      vendorId: 1504, productId: 1, collections: [{ usage: 2, usagePage: 140 }], async open() {},
    });
    const hid = Object.assign(new EventTarget(), { requestDevice: async () => [bar] });
    Object.defineProperty(navigator, "hid", { value: hid });
    globalThis.reads = (text) => {
      const data = new DataView(new ArrayBuffer(63));
      [text.length, 93, 81, 49, ...new TextEncoder().encode(text)].forEach((byte, at) => data.setUint8(at, byte));
      bar.dispatchEvent(Object.assign(new Event("inputreport"), { data, device: bar, reportId: 2 }));
    };`,
  "webserial-barcode-scanner": `
    let cable;
    const readable = new ReadableStream({ start: (controller) => { cable = controller; } });
    const port = { readable, async open() {}, getInfo: () => ({}) };
    const serial = Object.assign(new EventTarget(), { requestPort: async () => port });
    Object.defineProperty(navigator, "serial", { value: serial });
    globalThis.reads = (text) => cable.enqueue(new TextEncoder().encode(text + "\\r\\n"));`,
};

for (const [name, system] of Object.entries(DEVICES)) {
  test(`a code of @point-of-sale/${name} is taken during a scan only`, async () => {
    const init = `${system}
      const { default: Scanner } = await import("${await packaged(name)}");
      globalThis.device = new Scanner();
      const connected = new Promise((done) => device.addEventListener("connected", done));
      void device.connect();
      await connected;`;
    const { page } = await open("handScanner: { device, keyboard: false }", init);
    await begin(page);
    await page.evaluate((code) => reads(code), CODE);
    const { value } = await ended(page);
    assert.deepEqual([value?.text, value?.source], [CODE, "hand_scanner"]);
    // Read without a scan, and forgotten.
    await page.evaluate(async (code) => {
      const heard = new Promise((done) => device.addEventListener("barcode", done));
      reads(code);
      await heard;
    }, "TNG-0001");
    await begin(page);
    await page.evaluate(() => reads("TNG-0002"));
    assert.equal((await ended(page)).value?.text, "TNG-0002");
    await page.close();
  });
}

/** The package's worker, whose signs of life are counted. */
const PULSES = `globalThis.pulses = 0;
  await kaunter.init({ worker: () => {
    const worker = new Worker("/pkg/wasm/worker.js", { type: "module" });
    worker.addEventListener("message", ({ data }) => { pulses += data.type === "pulse"; });
    return worker;
  } });`;

test("rule 48: the phone of the last sale pays no other sale until it is taken away and shown again", async () => {
  const code = await all.shop.code();
  await plain.look(code);
  const { page } = await open("", PULSES);
  const charge = (ref) =>
    page.evaluate((ref) => {
      const sale = { ref, amount: kaunter.parseMoney("12.50", "MYR") };
      globalThis.paid = till.charge(sale, { walletId: "23" });
      return paid;
    }, ref);
  assert.equal((await charge("PHONE-1")).status, "paid");
  await begin(page, { sources: ["camera"] });
  await until("the cashier is told", async () => (await warnings(page)).length === 1);
  assert.match((await warnings(page))[0].join(), /^code_reused,.*still in the picture/);
  assert.equal(await page.evaluate(() => till.state), "scanning");
  await plain.look("TNG-7Q2M");
  assert.equal((await ended(page)).value?.text, "TNG-7Q2M", "another code is taken at once");
  await plain.look(null);
  await begin(page, { sources: ["camera"] });
  // A pulse comes every 150 ms.
  const pulses = await page.evaluate(() => pulses);
  await until("the picture was empty for a while", () => page.evaluate((of) => pulses >= of, pulses + 12));
  await plain.look(code);
  assert.equal((await ended(page)).value?.text, code, "shown again");
  await page.close();
});
