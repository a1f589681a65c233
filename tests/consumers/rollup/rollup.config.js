import { nodeResolve } from "@rollup/plugin-node-resolve";

export default {
  input: { main: "src/quick-start.js" },
  output: { dir: "dist" },
  plugins: [nodeResolve()],
};
