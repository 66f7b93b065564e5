// Ten thousand armed triggers, written as rows: through the API they would take minutes. Each some per cent below
// the price, so that none fires.
export const MANY = 10_000;

export interface Share {
  symbol: string;
  token: number;
  price: number;
}

export const FOUR: readonly Share[] = [
  { symbol: "INFY", token: 408065, price: 1572 },
  { symbol: "RELIANCE", token: 738561, price: 1402 },
  { symbol: "SBIN", token: 779521, price: 812 },
  { symbol: "TCS", token: 2953217, price: 3120 },
];

// The trigger of that number, on one share after the other.
export function levelOf(share: Share, i: number): number {
  return Math.floor((share.price * (95 - (i % 60))) / 100);
}

export function manyRows(shares: readonly Share[] = FOUR): string {
  const lines = ["BEGIN;"];
  for (let i = 0; i < MANY; ++i) {
    const share = shares[i % shares.length] as Share;
    const level = levelOf(share, i);
    lines.push(
      `INSERT INTO hmt_gtt_orders (id, trading_symbol, exchange, instrument_token, condition_type, transaction_type, product_type_1, trigger_price_1, order_price_1, quantity_1, status) VALUES ('00000000-0000-4000-8000-${String(i).padStart(12, "0")}', '${share.symbol}', 'NSE', ${share.token}, 'single', 'SELL', 'CNC', '${level}', '${level - 1}', ${1 + (i % 50)}, 'active');`,
    );
  }
  return `${lines.join("\n")}\nCOMMIT;\n`;
}
