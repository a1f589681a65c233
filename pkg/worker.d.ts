// "kaunter/worker" runs the reader in a module worker: bundle it as an entry of its own, and give its address to
// `init`.
export {};
