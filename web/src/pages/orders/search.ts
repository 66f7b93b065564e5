export const states = ["all", "open", "filled", "refused", "unknown"] as const;

export interface OrdersSearch {
  show?: (typeof states)[number];
  q?: string;
}

export function readOrdersSearch(search: Record<string, unknown>): OrdersSearch {
  return {
    show: states.find((one) => one === search.show),
    q: search.q === undefined || search.q === "" ? undefined : String(search.q),
  };
}
