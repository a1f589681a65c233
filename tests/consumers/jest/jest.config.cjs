module.exports = {
  moduleNameMapper: { "^kaunter$": "kaunter/testing" },
  testEnvironment: "jsdom",
};
