// node conformance.mjs http://127.0.0.1:PORT
// Drives a running simulated broker with the stock client of the broker, REST and ticker.
import { check, finish } from './checks.mjs';
import { testRest } from './rest.mjs';
import { testTicker } from './ticker.mjs';

const url = process.argv[2];
if (!url) {
  console.error('usage: node conformance.mjs http://HOST:PORT');
  process.exit(2);
}
try {
  const kite = await testRest(url);
  await testTicker(url, kite);
  await kite.invalidateAccessToken();
  await kite.getProfile().then(() => check('logged out', false), () => check('logged out', true));
} catch (error) {
  check('the run came to its end', false, { ...error, text: String(error?.stack ?? error) });
}
finish();
