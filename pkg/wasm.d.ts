// "kaunter/till.wasm" and "kaunter/reader.wasm" are the two modules. The bundler decides what an import of a .wasm file
// gives: most bundlers give its address.
declare const address: string;
export default address;
