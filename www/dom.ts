// The page's elements, and its icons.

import { ICONS, type Icon } from "../pkg/screen/icons";

export const $ = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
export const dialog = (id: string): HTMLDialogElement => $<HTMLDialogElement>(id);

const SVG = "http://www.w3.org/2000/svg";
export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("ico");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A picture of SVG markup. Inserted as markup, it would be refused: the page has Trusted Types. */
export function picture(svg: string): HTMLImageElement {
  const made = new Image();
  made.alt = "";
  made.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  return made;
}

/** Makes an element with a class and children. */
export function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** Changes a text only where it is another one: a screen reader reads it again, and a selection is lost. */
export function setText(id: string, text: string): void {
  if ($(id).textContent !== text) $(id).textContent = text;
}

/** Shows a line of trouble, or hides it. */
export function tell(id: string, sentence: string | null): void {
  const line = $(id);
  if (!line.hidden && line.textContent === sentence) return;
  line.hidden = sentence === null;
  line.replaceChildren(...(sentence === null ? [] : [icon("alert"), sentence]));
}
