import { formatMicroseconds } from "@/lib/time";

// From one step to the next. The records count milliseconds: less than one is not claimed to be nothing.
export function apart(from: string, to: string): string {
  const span = Date.parse(to) - Date.parse(from);
  return span < 1 ? "+ <1 ms" : `+ ${formatMicroseconds(span * 1000)}`;
}
