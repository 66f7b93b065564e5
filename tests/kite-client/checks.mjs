// Checks that print one TAP-like line each and never stop the run.
import { isDeepStrictEqual } from 'node:util';

let passed = 0;
let failed = 0;

export function check(name, holds, seen) {
  if (holds) {
    passed += 1;
    console.log(`ok ${passed + failed} - ${name}`);
  } else {
    failed += 1;
    console.log(`not ok ${passed + failed} - ${name}`);
    if (seen !== undefined) console.log(`# saw ${JSON.stringify(seen)}`);
  }
}

export function equal(name, seen, wanted) {
  check(name, isDeepStrictEqual(seen, wanted), { seen, wanted });
}

// The error that `action` ends with, which must not end well.
export async function refusal(name, action, errorType) {
  try {
    const value = await action();
    check(name, false, value);
  } catch (error) {
    check(name, error?.error_type === errorType, error);
    return error;
  }
  return undefined;
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// What `look` gives, as soon as it gives something; undefined after twelve seconds.
export async function eventually(look) {
  for (let i = 0; i < 100; i += 1) {
    const found = await look();
    if (found) return found;
    await pause(120); // stays under ten requests a second
  }
  return undefined;
}

export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
