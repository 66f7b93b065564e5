// Percentages are whole basis points: 100 are 1 %.
const MINUS = "\u2212";

export function formatBasisPoints(basisPoints: number): string {
  const size = Math.abs(basisPoints);
  const sign = basisPoints < 0 ? MINUS : basisPoints > 0 ? "+" : "";
  return `${sign}${Math.trunc(size / 100)}.${String(size % 100).padStart(2, "0")}%`;
}

// "-5", "+2.5", "−5 %". Null when it is not a percentage with at most two decimals below 1000.
export function parseBasisPoints(text: string): number | null {
  const match = /^([+\-\u2212]?)(\d{1,3})(?:\.(\d{1,2}))?%?$/.exec(text.replace(/\s/g, ""));
  if (!match) return null;
  const size = Number(match[2]) * 100 + Number((match[3] ?? "").padEnd(2, "0"));
  return match[1] === "" || match[1] === "+" ? size : -size;
}
