// "kaunter/till.wasm" and "kaunter/reader.wasm" are the files of the two modules. What an import of one gives is the
// bundler's doing: most give its address.
declare const address: string;
export default address;
