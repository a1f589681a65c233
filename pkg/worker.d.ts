// "kaunter/worker" is the script of the reader's worker. Bundle it as a separate entry, and pass its address to `init`.
export {};
