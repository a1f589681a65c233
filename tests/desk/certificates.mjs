// Certificates of a test's own authority, made by OpenSSL.

import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An authority whose files are in this folder. `issue` writes a certificate for these names, and its key. */
export function authority(dir) {
  const path = (name) => join(dir, name);
  const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  const ca = ["-keyout", path("ca.key"), "-out", path("ca.pem")];
  openssl("req", "-x509", ...newKey, ...ca, "-subj", "/CN=A test's authority", "-days", "2");
  return {
    ca: readFileSync(path("ca.pem")),
    issue(name, names = "DNS:till.shop.example,IP:127.0.0.1") {
      const [cert, key, request, names_] = ["pem", "key", "csr", "ext"].map((end) => path(`${name}.${end}`));
      writeFileSync(names_, `subjectAltName=${names}\n`);
      openssl("req", "-new", ...newKey, "-keyout", key, "-out", request, "-subj", `/CN=${name}`);
      const by = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-extfile", names_];
      openssl("x509", "-req", "-in", request, ...by, "-days", "2", "-out", cert);
      chmodSync(key, 0o600);
      return { cert, key };
    },
  };
}
