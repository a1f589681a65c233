export default {
  entry: "./src/quick-start.js",
  output: { filename: "main.js" },
  devServer: { static: "public" },
};
