// The stock ticker, alone in its process because it ends the process when it gives up. Sends its
// parent each tick and each order update.
import kiteconnect from 'kiteconnect';

const [root, ...tokens] = process.argv.slice(2);
const ticker = new kiteconnect.KiteTicker({
  api_key: 'simkey', access_token: 'simtoken', root: `${root}/`,
});
ticker.on('connect', () => {
  ticker.subscribe(tokens.map(Number));
  ticker.setMode('full', tokens.map(Number));
  process.send({ connected: true });
});
ticker.on('ticks', (ticks) => process.send({ ticks }));
ticker.on('order_update', (order) => process.send({ order }));
ticker.connect();
