// The browser's character sets. Their tables would be larger than the reader.

/**
 * Throws if the browser does not know the character set, or if the bytes are not valid in it.
 * `__proto__: null`: Object.prototype adds no option.
 */
export const textIn = (encoding, bytes) => new TextDecoder(encoding, { __proto__: null, fatal: true }).decode(bytes);
