import { useEffect, useRef } from "react";
import { preferences } from "./preferences";

// Keys without a modifier are off while one types and while a dialog or a menu is open.
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}

const somethingIsOpen = () =>
  document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;

// A chord such as "g d", or one key such as "n", "?" or "Ctrl+k" (Ctrl or Command).
export function useKeys(bindings: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  useEffect(() => {
    let first = "";
    let forget: ReturnType<typeof setTimeout> | undefined;
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      if (event.ctrlKey || event.metaKey) {
        const bound = latest.current[`Ctrl+${event.key.toLowerCase()}`];
        if (!bound || event.altKey || event.shiftKey) return;
        event.preventDefault();
        bound(event);
        return;
      }
      if (event.altKey || !preferences.get().singleKeys || isTyping(event.target) || somethingIsOpen())
        return;
      const chord = first ? `${first} ${event.key}` : "";
      const bound = (chord && latest.current[chord]) || latest.current[event.key];
      clearTimeout(forget);
      first = "";
      if (bound) {
        event.preventDefault();
        bound(event);
      } else if (Object.keys(latest.current).some((keys) => keys.startsWith(`${event.key} `))) {
        first = event.key;
        forget = setTimeout(() => {
          first = "";
        }, 1_200);
      }
    };
    window.addEventListener("keydown", pressed);
    return () => {
      window.removeEventListener("keydown", pressed);
      clearTimeout(forget);
    };
  }, []);
}
