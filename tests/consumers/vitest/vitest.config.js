export default {
  test: { alias: [{ find: /^kaunter$/, replacement: "kaunter/testing" }] },
};
