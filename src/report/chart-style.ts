/** The look that the charts share. */

/** Distinct for readers with any colour vision; Okabe and Ito 2008. */
export const colours = {
  blue: "#0072b2",
  orange: "#d55e00",
  green: "#009e73",
  purple: "#cc79a7",
  sky: "#56b4e9",
  amber: "#e69f00",
} as const;

export const ink = { strong: "#1f2328", normal: "#4b5563", faint: "#e5e7eb" } as const;

export const titleStyle = { color: ink.strong, fontSize: 17, fontWeight: "bold" } as const;

export const axisNameStyle = { color: ink.normal, fontSize: 13 } as const;

export const axisLabelStyle = { color: ink.normal, fontSize: 12 } as const;
