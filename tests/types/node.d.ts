// The parts of Node that kaunter/reader uses; browsers do not have them.
declare const process: {
  versions?: { node?: string };
  getBuiltinModule(name: string): { readFile(file: URL): Promise<Uint8Array> };
};
