/** The look that the charts share. */

/** Distinct for readers with any colour vision: blue and orange of Okabe and Ito 2008. */
export const colours = { first: "#0072b2", second: "#d55e00" } as const;

export const ink = { strong: "#1f2328", normal: "#4b5563", faint: "#e5e7eb" } as const;

export const titleStyle = { color: ink.strong, fontSize: 17, fontWeight: "bold" } as const;

export const axisNameStyle = { color: ink.normal, fontSize: 13 } as const;

export const axisLabelStyle = { color: ink.normal, fontSize: 12 } as const;
