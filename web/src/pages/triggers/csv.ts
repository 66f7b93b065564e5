import type { Row } from "@/live/trigger_rows";

// The table's own column names, so that what is exported means what the database means.
const columns = [
  "id",
  "status",
  "exchange",
  "trading_symbol",
  "condition_type",
  "transaction_type",
  "direction",
  "product_type_1",
  "quantity_1",
  "trigger_price_1",
  "order_price_1",
  "leg_1_state",
  "product_type_2",
  "quantity_2",
  "trigger_price_2",
  "order_price_2",
  "leg_2_state",
  "monitored",
  "not_monitored_reason",
  "triggered_at",
  "triggered_leg",
  "triggered_price",
  "order_id",
  "order_status",
  "filled_quantity",
  "average_price",
  "error_message",
  "created_at",
  "updated_at",
  "expires_at",
] as const satisfies readonly (keyof Row)[];

// A spreadsheet takes a cell that begins with one of these for a formula.
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(rows: readonly Row[]): string {
  return [columns.join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))].join(
    "\r\n",
  );
}

export function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
