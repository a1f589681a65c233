// The base64 text of a module: xtask/testing.mjs puts it into the bundle.
declare module "*.wasm" {
  const base64: string;
  export default base64;
}
// What xtask/testing.mjs puts around the bundle.
declare const kaunterWorld: ReturnType<typeof import("../../pkg/testing/world.js").world>;
