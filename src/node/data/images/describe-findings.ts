const mostFindings = 10;

/** Image files with what is wrong with each, the first ten: `2 image files are left out:` and a line for each. */
export function describeFindings(findings: readonly string[], verdict: string): string {
  const files = findings.length === 1 ? "1 image file" : `${findings.length} image files`;
  const more = findings.length > mostFindings ? [`and ${findings.length - mostFindings} more`] : [];
  const lines = [...findings.slice(0, mostFindings), ...more];
  return [`${files} ${verdict}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
