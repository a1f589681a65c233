const { resetTesting, setOutcome } = require("kaunter/testing");
const { checkout } = require("./checkout.js");

beforeEach(() => resetTesting());

test("a paid sale", async () => {
  expect(await checkout("INV-1")).toBe("Thank you");
});

test("a declined sale", async () => {
  setOutcome({ status: "declined", reason: "insufficient_funds" });
  expect(await checkout("INV-2")).toMatch(/balance|funds|money/i);
});
