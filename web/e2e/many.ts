// Ten thousand armed triggers, written as rows: through the API they would take minutes. Each some per cent below
// the price, so that none fires.
export const MANY = 10_000;
const instruments = [
  { symbol: "INFY", token: 408065, price: 1572 },
  { symbol: "RELIANCE", token: 738561, price: 1402 },
  { symbol: "SBIN", token: 779521, price: 812 },
  { symbol: "TCS", token: 2953217, price: 3120 },
];

export function manyRows(): string {
  const lines = ["BEGIN;"];
  for (let i = 0; i < MANY; ++i) {
    const { symbol, token, price } = instruments[i % instruments.length] ?? {
      symbol: "INFY",
      token: 408065,
      price: 1572,
    };
    const level = Math.floor((price * (95 - (i % 60))) / 100);
    lines.push(
      `INSERT INTO hmt_gtt_orders (id, trading_symbol, exchange, instrument_token, condition_type, transaction_type, product_type_1, trigger_price_1, order_price_1, quantity_1, status) VALUES ('00000000-0000-4000-8000-${String(i).padStart(12, "0")}', '${symbol}', 'NSE', ${token}, 'single', 'SELL', 'CNC', '${level}', '${level - 1}', ${1 + (i % 50)}, 'active');`,
    );
  }
  return `${lines.join("\n")}\nCOMMIT;\n`;
}
