export default {
  source: { entry: { index: "./src/quick-start.js" } },
  html: { template: "./src/page.html" },
};
