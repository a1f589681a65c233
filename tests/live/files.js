// A page of its own for files: reads each file of its hash with `decode`, and sends home what it read.

const names = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const home = (seen) => fetch("/said", { method: "POST", body: JSON.stringify(seen) });

async function read(decode, name) {
  const response = await fetch(`/file/${encodeURIComponent(name)}`);
  try {
    const codes = await decode(await response.blob());
    return codes.map(({ text, encoding, eci, bytes }) => ({ text, encoding, eci, bytes: [...bytes] }));
  } catch (error) {
    return `${error.code ?? error}`;
  }
}

try {
  const { decode } = await import("/pkg/reader.js");
  const seen = {};
  for (const name of names) seen[name] = await read(decode, name);
  await home({ seen });
} catch (error) {
  await home({ error: `${error}\n${error.stack}` });
}
