// What kaunter/reader asks of Node; a browser has none of it.
declare const process: {
  versions?: { node?: string };
  getBuiltinModule(name: string): { readFile(file: URL): Promise<Uint8Array> };
};
