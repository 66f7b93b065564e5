// The stock REST client as a child process: node calls.mjs ROOT API_KEY ACCESS_TOKEN. Each line of the input is a call,
// ["placeGTT", argument, …]; each line of the output says what came of it, {"value": …} or {"error": …}.
import readline from 'node:readline';
import kiteconnect from 'kiteconnect';

const [root, apiKey, accessToken] = process.argv.slice(2);
const kite = new kiteconnect.KiteConnect({ api_key: apiKey, access_token: accessToken, root });

async function outcome([name, ...given]) {
  try {
    return { value: await kite[name](...given) };
  } catch (error) {
    return { error: { error_type: error.error_type ?? null, message: error.message ?? String(error) } };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await outcome(JSON.parse(line)))}\n`);
}
