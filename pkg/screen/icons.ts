// The icons, drawn as paths so that none depends on a font. Each is a path on 24 x 24, drawn with round line caps.

export const ICONS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  alert: "M12 5v9M12 18.4v.2",
  back: "M9 6L4 11l5 5M4 11h10a5 5 0 0 1 5 5v2",
  clock: "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16M12 8v4l3 2",
  phone: "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1M11 17.8h2",
  scan: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M4 12h16",
  list: "M5 7h14M5 12h14M5 17h9",
  sliders: "M5 8h3M12 8h7M5 16h7M16 16h3M10 6a2 2 0 1 0 0 4a2 2 0 0 0 0-4M14 14a2 2 0 1 0 0 4a2 2 0 0 0 0-4",
  copy: "M9 9h10v10H9zM5 15V5h10",
  person: "M12 4a3.6 3.6 0 1 0 0 7.2a3.6 3.6 0 0 0 0-7.2M5 20c.8-3.6 3.6-5.6 7-5.6s6.2 2 7 5.6",
  off: "M4 4l16 16M5 10.5a11 11 0 0 1 4-2.4M8.4 14.2a6 6 0 0 1 2.6-1.4M14.6 7.9A11 11 0 0 1 19 10.5M12 18.4v.2",
} as const;
export type Icon = keyof typeof ICONS;
