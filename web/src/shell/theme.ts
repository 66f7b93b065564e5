import { Store } from "@/lib/store";

// Also read by /theme.js before the first paint.
export type Theme = "system" | "light" | "dark";
const KEY = "hmt.theme";

export const theme = new Store<Theme>((localStorage.getItem(KEY) as Theme | null) ?? "system");
const prefersDark = () => window.matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const chosen = theme.get();
  const dark = chosen === "dark" || (chosen === "system" && prefersDark().matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

export function chooseTheme(next: Theme): void {
  if (next === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  theme.set(next);
  apply();
}

export function toggleTheme(): void {
  chooseTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

export function followSystemTheme(): void {
  prefersDark().addEventListener("change", apply);
}
