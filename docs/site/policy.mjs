// The site's Content-Security-Policy, which each page carries: scripts of the site only, and no other address is called.

import { createHash } from "node:crypto";

const INLINE = /<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g;
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Adds the policy to a built page. Inline scripts of VitePress are allowed by their hashes. */
export function withPolicy(html) {
  const hashes = [...html.matchAll(INLINE)].map(([, text]) => hash(text));
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'wasm-unsafe-eval' ${[...new Set(hashes)].join(" ")}`.trim(),
    // Highlighted code has its colours in style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const meta = `<meta http-equiv="content-security-policy" content="${policy}">`;
  return html.replace(/<meta charset="?utf-8"?>/i, (charset) => `${charset}\n    ${meta}`);
}
