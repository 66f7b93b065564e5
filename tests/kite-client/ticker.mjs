// The stock ticker against the simulated broker: prices of every scale arrive as they were set.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { check, equal, eventually } from './checks.mjs';

async function setPrice(url, instrument, price) {
  const answer = await fetch(`${url}/sim/price`,
    { method: 'POST', body: JSON.stringify({ instrument, price }) });
  equal(`${instrument} is set to ${price}`, answer.status, 200);
}

// One of each scale and layout: equity, index, two currencies and a commodity.
async function watchedInstruments(kite) {
  const dump = await kite.getInstruments();
  const future = (exchange, name) => dump.find((row) => row.exchange === exchange
    && row.name === name && row.instrument_type === 'FUT');
  return [
    { row: dump.find((row) => row.exchange === 'NSE' && row.tradingsymbol === 'SBIN'), price: 815.55 },
    { row: dump.find((row) => row.tradingsymbol === 'SENSEX' && row.segment === 'INDICES'),
      price: 85001.37, isIndex: true },
    { row: future('CDS', 'USDINR'), price: 89.1275 },
    { row: future('BCD', 'USDINR'), price: 88.9925 },
    { row: future('MCX', 'CRUDEOIL'), price: 5251 },
  ];
}

const near = (a, b) => Math.abs(a - b) < 1e-9;

function checkTick(tick, { row, price, isIndex }) {
  const name = `${row.exchange}:${row.tradingsymbol}`;
  equal(`${name} is in full mode`, tick.mode, 'full');
  check(`${name} has its price`, near(tick.last_price, price), tick.last_price);
  equal(`${name} is tradable or not`, tick.tradable, !isIndex);
  const { open, high, low, close } = tick.ohlc;
  check(`${name} has its range in order`, low <= price && price <= high && low <= open
    && open <= high, tick.ohlc);
  check(`${name} has the change from its close`,
    near(tick.change, ((tick.last_price - close) * 100) / close), tick.change);
  const age = Date.now() - new Date(tick.exchange_timestamp).getTime();
  check(`${name} is of now`, age > -2000 && age < 5000, tick.exchange_timestamp);
  if (isIndex) return;
  check(`${name} has bids below asks`, tick.depth.buy[0].price < tick.depth.sell[0].price
    && tick.depth.buy[4].price < tick.depth.buy[0].price, tick.depth);
  check(`${name} was traded now`, tick.last_trade_time !== null);
}

async function testOrderUpdate(kite, orders) {
  const { order_id: id } = await kite.placeOrder('regular', {
    exchange: 'NSE', tradingsymbol: 'SBIN', transaction_type: 'BUY', quantity: 1, product: 'MIS',
    order_type: 'MARKET', market_protection: 2, tag: 'update',
  });
  const update = await eventually(() => orders.find((order) => order.order_id === id
    && order.status === 'COMPLETE'));
  equal('the fill is told on the socket', update?.tag, 'update');
  equal('with its quantity', update?.filled_quantity, 1);
}

export async function testTicker(url, kite) {
  const watched = await watchedInstruments(kite);
  const tokens = watched.map(({ row }) => row.instrument_token);
  const script = fileURLToPath(new URL('ticker_child.mjs', import.meta.url));
  const child = fork(script, [url.replace('http', 'ws'), ...tokens]);
  const ticks = [];
  const orders = [];
  let connected = false;
  child.on('message', (message) => {
    connected ||= message.connected;
    ticks.push(...(message.ticks ?? []));
    if (message.order) orders.push(message.order);
  });
  try {
    check('the stock ticker connects', await eventually(() => connected));
    check('each token gets its last known packet', await eventually(
      () => tokens.every((token) => ticks.some((tick) => tick.instrument_token === Number(token)))));
    for (const one of watched) {
      const { row, price } = one;
      await setPrice(url, `${row.exchange}:${row.tradingsymbol}`, price);
      const tick = await eventually(() => ticks.find((seen) => near(seen.last_price, price)
        && seen.instrument_token === Number(row.instrument_token) && seen.mode === 'full'));
      check(`${row.tradingsymbol} ticks`, tick);
      if (tick) checkTick(tick, one);
    }
    await testOrderUpdate(kite, orders);
  } finally {
    child.kill();
  }
}
