// Writes the npm packages of the programs: kaunter-backend and kaunter-sandbox, which only start a program, and for
// each target a package with each program. Usage: node xtask/programs.mjs OUT TARGET=FOLDER...; FOLDER has the programs.

import { chmod, copyFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const templates = join(root, "packaging/npm");
const LICENCES = ["LICENSE-MIT", "LICENSE-APACHE"];

/** The packages that people install, and the program of each. `papers` has the program's notices. */
const PACKAGES = [
  {
    name: "kaunter-backend",
    prefix: "@kaunter/backend-",
    program: "kaunter-backend",
    papers: "src/backend",
    description: "The backend of kaunter: keeps the gateway's keys, and knows what became of the money.",
  },
  {
    name: "kaunter-sandbox",
    prefix: "@kaunter/sandbox-",
    program: "kaunter-demo",
    papers: "src/demo",
    description: "A counter of kaunter with a simulated gateway, a customer's phone and a real backend. No real money.",
  },
];

const json = async (path) => JSON.parse(await readFile(join(root, path), "utf8"));
const targets = await json("packaging/npm/targets.json");

/** Writes all packages below `out`, and gives their folders. `built` has the folder of the programs of each target. */
export async function assemble(out, built) {
  const { version, license, homepage, repository, bugs, engines } = await json("pkg/package.json");
  const common = { version, license, homepage, repository: { ...repository, directory: "packaging/npm" }, bugs };
  await rm(out, { recursive: true, force: true });
  const folders = [];
  const write = async (name, manifest) => {
    const folder = join(out, name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), `${JSON.stringify({ name, ...common, ...manifest }, null, 2)}\n`);
    for (const licence of LICENCES) await copyFile(join(root, licence), join(folder, licence));
    folders.push(folder);
    return folder;
  };
  for (const one of PACKAGES) {
    for (const target of targets.filter(({ target }) => target in built)) {
      const { os, cpu } = target;
      const description = `The program of ${one.name} for ${os} on ${cpu}.`;
      // Yarn's Plug'n'Play must unpack it, because a program can't be started inside an archive.
      const manifest = { description, os: [os], cpu: [cpu], preferUnplugged: true };
      await addProgram(await write(`${one.prefix}${os}-${cpu}`, manifest), one, target, built[target.target]);
    }
    const folder = await write(one.name, launcher(one, version, engines));
    await copyFile(join(templates, "launcher.mjs"), join(folder, "launcher.mjs"));
    await copyFile(join(templates, one.name, "README.md"), join(folder, "README.md"));
  }
  return folders;
}

/** The manifest of a package that starts the program of this machine. */
function launcher({ description, name, prefix, program }, version, engines) {
  const names = targets.map(({ os, cpu }) => `${prefix}${os}-${cpu}`);
  return {
    description,
    type: "module",
    engines,
    bin: { [name]: "launcher.mjs" },
    files: ["launcher.mjs", ...LICENCES],
    optionalDependencies: Object.fromEntries(names.map((name) => [name, version])),
    kaunter: { program, prefix },
  };
}

/** The program, its notices, and the cashier's page where the program looks for it: `shipped_pages` in Rust. */
async function addProgram(folder, { program, papers }, { os }, built) {
  const name = os === "win32" ? `${program}.exe` : program;
  const to = join(folder, "bin", name);
  await mkdir(join(folder, "bin"));
  await copyFile(join(built, name), to);
  await chmod(to, 0o755);
  await cp(join(root, "www/dist"), join(folder, "share/kaunter/terminal"), { recursive: true });
  for (const paper of ["THIRD-PARTY.txt", "sbom.cdx.json"])
    await copyFile(join(root, papers, paper), join(folder, paper));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out, ...given] = process.argv.slice(2);
  const built = Object.fromEntries(given.map((one) => one.split("=")).map(([target, folder]) => [target, folder]));
  const unknown = Object.keys(built).filter((one) => !targets.some(({ target }) => target === one));
  if (unknown.length) throw new Error(`${unknown} is not in packaging/npm/targets.json`);
  for (const folder of await assemble(resolve(out), built)) console.log(folder);
}
