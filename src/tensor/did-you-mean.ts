/** More changed letters than this, or than a part of the name, are another name and no misspelling. */
const [mostChanges, mostShare] = [3, 0.4];

const alternatives = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** ` (did you mean resnet34?)`, for an error about a name that does not exist; nothing where no name is like it. */
export function didYouMean(name: string, names: readonly string[]): string {
  const likely = similarNames(name, names);
  return likely.length > 0 ? ` (did you mean ${alternatives.format(likely)}?)` : "";
}

/** The names that take the fewest changes to become this one, at most three; none where all take too many. */
function similarNames(name: string, names: readonly string[]): readonly string[] {
  const lower = name.toLowerCase();
  const distances = names.map((each) => changes(lower, each.toLowerCase()));
  const least = Math.min(...distances);
  if (least > mostChanges || least > mostShare * name.length) return [];
  return names.filter((_, i) => distances[i] === least).slice(0, 3);
}

/**
 * Letters to insert, remove, replace, or swap with their neighbour to make one text of another: the optimal string alignment
 * distance. Texts that differ much in length count as far apart.
 */
function changes(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > mostChanges) return Infinity;
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + Number(!isSame),
        isSwapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
