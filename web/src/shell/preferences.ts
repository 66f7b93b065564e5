import { Store } from "@/lib/store";

// What this browser remembers of how its user likes the screen.
export interface Preferences {
  singleKeys: boolean; // WCAG 2.1.4: keys without a modifier can be switched off
  percents: { stop: number; target: number }; // basis points, offered by the form
}

const KEY = "hmt.preferences";
const usual: Preferences = { singleKeys: true, percents: { stop: 500, target: 500 } };

function read(): Preferences {
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return usual;
  }
}

export const preferences = new Store<Preferences>(read());

export function prefer(change: Partial<Preferences>): void {
  const next = { ...preferences.get(), ...change };
  localStorage.setItem(KEY, JSON.stringify(next));
  preferences.set(next);
}
