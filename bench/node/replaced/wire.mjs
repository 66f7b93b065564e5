// A binary frame of the ticker: how many packets, then each with its length.
// Source of the layout: Kite Connect 3, WebSocket streaming.
const unitsPerRupee = (token) => ({ 3: 10_000_000, 6: 10_000 })[token & 0xff] ?? 100;

export function parseFrame(buffer) {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const ticks = [];
  if (view.byteLength < 2) return ticks;
  const count = view.getUint16(0);
  let at = 2;
  for (let i = 0; i < count; i++) {
    const length = view.getUint16(at);
    at += 2;
    const token = view.getUint32(at);
    ticks.push({ instrument_token: token, last_price: view.getUint32(at + 4) / unitsPerRupee(token) });
    at += length;
  }
  return ticks;
}
