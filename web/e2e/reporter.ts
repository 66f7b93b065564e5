import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

// One line for each test, what a failure said, and the count that everything here ends with.
export default class Plain implements Reporter {
  private passed = 0;
  private failed = 0;

  onTestEnd(test: TestCase, result: TestResult): void {
    const name = test.titlePath().filter(Boolean).join(" › ");
    const good = result.status === "passed";
    if (good) this.passed += 1;
    else this.failed += 1;
    console.log(`${good ? "ok   " : "FAIL "}${name} (${(result.duration / 1000).toFixed(1)} s)`);
    for (const error of result.errors) console.log(error.stack ?? error.message ?? "");
  }

  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onError(error: { message?: string; stack?: string }): void {
    this.failed += 1;
    console.log(`FAIL ${error.stack ?? error.message}`);
  }

  onEnd(): void {
    console.log(`${this.passed} passed, ${this.failed} failed`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
