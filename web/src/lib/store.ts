import { useSyncExternalStore } from "react";

// One value that many components read. `set` tells the readers only when the value is another one.
export class Store<T> {
  private readers = new Set<() => void>();
  constructor(private value: T) {}

  get = (): T => this.value;

  set = (next: T): void => {
    if (Object.is(next, this.value)) return;
    this.value = next;
    for (const reader of this.readers) reader();
  };

  subscribe = (reader: () => void): (() => void) => {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
