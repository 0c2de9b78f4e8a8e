/** More than the largest model of the catalogue has entries. */
const most = 2000;

/** Findings in order, each on a line of its own. A file made to do harm can have more of them than anybody reads. */
export function listed(findings: readonly string[]): string {
  const lines = [...findings].sort().slice(0, most);
  if (findings.length > most) lines.push(`… and ${findings.length - most} more`);
  return lines.map((line) => `  ${line}`).join("\n");
}
