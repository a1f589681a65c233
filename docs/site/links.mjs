// Links of the repository's documents, as they lead on the site. A document's link to another one is written for the
// repository; here it becomes the other one's address. A link to a file that is no page becomes plain text, because the
// site names no host. An error's code is a link to the error's page, wherever a document names it.

import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { addressOf, isPage, root } from "./addresses.mjs";
import { marksOf } from "./blocks.mjs";
import { codes } from "./errors.mjs";

const OUTSIDE = /^[a-z][a-z0-9+.-]*:/;

/** Extends the Markdown of the site; VitePress calls it with its parser. */
export function links(md) {
  md.core.ruler.push("repository_links", ({ tokens, env, Token }) => {
    const file = relative(root, env.realPath ?? env.path)
      .split(sep)
      .join("/");
    for (const [at, token] of tokens.entries()) {
      if (token.type !== "inline") continue;
      for (const child of token.children) if (child.type === "link_open") lead(child, file);
      const isHeading = tokens[at - 1]?.type === "heading_open";
      if (!isHeading) token.children = withCodes(token.children, file, Token);
      if (tokens[at - 2]?.type === "list_item_open") withBox(token.children, Token);
    }
  });
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, at, ...rest) => {
    const { live } = marksOf(tokens[at].info);
    return fence(tokens, at, ...rest) + (live ? `<LiveExample name="${live}" />` : "");
  };
}

function lead(link, file) {
  const href = link.attrGet("href");
  if (OUTSIDE.test(href) || href.startsWith("#") || href.startsWith("/")) return;
  const [path, anchor] = href.split("#");
  const target = join(dirname(file), decodeURI(path)).replace(/\/$/, "");
  const document = existsSync(join(root, target, "README.md")) ? `${target}/README.md` : target;
  if (isPage(document)) {
    const address = addressOf(document).replace(/(^|\/)index\.md$/, "$1");
    link.attrSet("href", `/${address}${anchor === undefined ? "" : `#${anchor}`}`);
  } else plain(link, target);
}

/** Keeps the text of a link, and says which file of the repository it is about. */
function plain(link, target) {
  if (!existsSync(join(root, target))) throw new Error(`a link leads to ${target}, which does not exist`);
  link.attrs = [
    ["class", "in-repository"],
    ["title", `In the repository: ${target}`],
  ];
}

/** A list's item that begins with `[ ]` has a box to tick, as on GitHub. */
function withBox(children, Token) {
  const [first] = children;
  if (first?.type !== "text" || !first.content.startsWith("[ ] ")) return;
  first.content = first.content.slice(3);
  const box = new Token("html_inline", "", 0);
  box.content = '<input type="checkbox" class="task" aria-label="Done">';
  children.unshift(box);
}

function withCodes(children, file, Token) {
  const all = [];
  let depth = 0;
  for (const child of children) {
    if (child.type === "link_open") depth++;
    if (child.type === "link_close") depth--;
    const isCode = child.type === "code_inline" && depth === 0 && codes.has(child.content);
    if (!isCode || addressOf(file) === `errors/${child.content}.md`) {
      all.push(child);
      continue;
    }
    const open = new Token("link_open", "a", 1);
    open.attrs = [["href", `/errors/${child.content}.html`]];
    all.push(open, child, new Token("link_close", "a", -1));
  }
  return all;
}
