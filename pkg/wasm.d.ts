// "kaunter/wasm" is the module's file. What an import of it gives is the bundler's doing: most give its address.
declare const address: string;
export default address;
