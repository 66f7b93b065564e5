// The stock REST client against the simulated broker.
import kiteconnect from 'kiteconnect';
import { check, equal, eventually, pause, refusal } from './checks.mjs';

const { KiteConnect } = kiteconnect;
const quoteInterval = 1100; // one quote a second is the broker's limit

async function session(url) {
  const kite = new KiteConnect({ api_key: 'simkey', root: url });
  await refusal('a request before login is refused', () => kite.getProfile(), 'TokenException');
  const got = await kite.generateSession('any-request-token', 'simsecret');
  equal('generateSession gives the access token', got.access_token, 'simtoken');
  check('login_time is a date', got.login_time instanceof Date, got.login_time);
  await refusal('a wrong secret is refused',
    () => new KiteConnect({ api_key: 'simkey', root: url }).generateSession('t', 'x'),
    'TokenException');
  kite.setAccessToken(got.access_token);
  return kite;
}

async function user(kite) {
  const profile = await kite.getProfile();
  equal('profile names the user', profile.user_id, 'SIM001');
  check('profile lists order types', profile.order_types.includes('SL-M'));
  const margins = await kite.getMargins();
  equal('margins show the cash', margins.equity.net, 10000000);
  const equity = await kite.getMargins('equity');
  equal('margins of one segment', equity.available.cash, 10000000);
}

async function market(kite) {
  const dump = await kite.getInstruments();
  const infy = dump.find((row) => row.tradingsymbol === 'INFY' && row.exchange === 'NSE');
  equal('the dump has INFY', infy.instrument_token, '408065');
  equal('the dump has its tick size', infy.tick_size, 0.1);
  check('futures expire on a date', dump.find((row) => row.instrument_type === 'FUT').expiry
    instanceof Date);
  const bse = await kite.getInstruments('BSE');
  check('one exchange alone', bse.length > 5 && bse.slice(0, 5).every((r) => r.exchange === 'BSE'));

  const quote = await kite.getQuote(['NSE:INFY', 'NSE:NIFTY 50', 'NSE:NOSUCH']);
  equal('quotes of what exists', Object.keys(quote).sort(), ['NSE:INFY', 'NSE:NIFTY 50']);
  equal('five levels of depth', quote['NSE:INFY'].depth.sell.length, 5);
  check('quote has the circuit limits', quote['NSE:INFY'].upper_circuit_limit
    > quote['NSE:INFY'].lower_circuit_limit);
  await refusal('a second quote in the same second is refused', () => kite.getLTP(['NSE:INFY']),
    'NetworkException');
  await pause(quoteInterval);
  const ohlc = await kite.getOHLC(['NSE:INFY']);
  check('ohlc is in order', ohlc['NSE:INFY'].ohlc.high >= ohlc['NSE:INFY'].ohlc.low);
  await pause(quoteInterval);
  const ltp = await kite.getLTP(['NSE:INFY', 'BSE:SENSEX']);
  equal('ltp names the token', ltp['BSE:SENSEX'].instrument_token, 265);

  const candles = await kite.getHistoricalData(408065, '15minute', '2026-11-16 09:15:00',
    '2026-11-16 15:30:00');
  equal('candles of one day', candles.length, 25);
  check('a candle is dated', candles[0].date instanceof Date, candles[0]);
  return (await eventually(async () => ltp['NSE:INFY'])).last_price;
}

const limitOrder = {
  exchange: 'NSE', tradingsymbol: 'INFY', transaction_type: 'BUY', quantity: 10, product: 'CNC',
  order_type: 'LIMIT',
};

async function orders(kite, last) {
  const away = Number((Math.round(last * 9.6) / 10).toFixed(1));
  const { order_id: id } = await kite.placeOrder('regular',
    { ...limitOrder, price: away, tag: 'stock client 1' });
  check('an order id is text of 19 digits', /^\d{19}$/.test(id), id);
  const open = await eventually(async () => (await kite.getOrders())
    .find((row) => row.order_id === id && row.status === 'OPEN'));
  equal('the book has the tag', open?.tag, 'stock client 1');
  equal('the book has the tags', open?.tags, ['stock client 1']);
  equal('the book has the price', open?.price, away);
  const history = await kite.getOrderHistory(id);
  equal('the history tells each step', history.map((row) => row.status),
    ['PUT ORDER REQ RECEIVED', 'VALIDATION PENDING', 'OPEN PENDING', 'OPEN']);
  await kite.modifyOrder('regular', id, { quantity: 5, price: away });
  equal('modified', (await kite.getOrderHistory(id)).at(-1).quantity, 5);
  equal('cancel answers the id', (await kite.cancelOrder('regular', id)).order_id, id);
  equal('cancelled', (await kite.getOrderHistory(id)).at(-1).status, 'CANCELLED');
}

async function fills(kite) {
  await refusal('a market order without protection is refused', () => kite.placeOrder('regular',
    { ...limitOrder, order_type: 'MARKET' }), 'InputException');
  const { order_id: id } = await kite.placeOrder('regular',
    { ...limitOrder, order_type: 'MARKET', market_protection: -1 });
  const done = await eventually(async () => (await kite.getOrders())
    .find((row) => row.order_id === id && row.status === 'COMPLETE'));
  equal('a market order is shown as a limit order', done?.order_type, 'LIMIT');
  equal('all of it is filled', done?.filled_quantity, 10);
  const trades = await kite.getOrderTrades(id);
  equal('one trade at its price', trades[0].average_price, done?.average_price);
  equal('the day has that trade', (await kite.getTrades()).length, 1);
  await pause(1000);
  const positions = await kite.getPositions();
  equal('the position is open', positions.net[0].quantity, 10);
  equal('and a holding', (await kite.getHoldings())[0].tradingsymbol, 'INFY');
  await refusal('an unknown order', () => kite.getOrderHistory('12'), 'OrderException');
  await refusal('GTT is not simulated', () => kite.getGTTs(), 'GeneralException');
}

export async function testRest(url) {
  const kite = await session(url);
  await user(kite);
  const last = await market(kite);
  await orders(kite, last);
  await pause(1000);
  await fills(kite);
  return kite;
}
