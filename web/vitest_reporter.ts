import type { Reporter, TestCase, TestModule } from "vitest/node";

// One line for each failure, and the count that every suite here ends with.
export default class Plain implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { message: string }[]): void {
    let passed = 0;
    let failed = unhandled.length;
    for (const error of unhandled) console.log(`FAIL ${error.message}`);
    for (const module of modules) {
      for (const error of module.errors()) {
        failed += 1;
        console.log(`FAIL ${module.moduleId}\n${error.stack ?? error.message}`);
      }
      for (const test of module.children.allTests()) {
        if (this.isGood(test)) passed += 1;
        else failed += 1;
      }
    }
    console.log(`${passed} passed, ${failed} failed`);
  }

  private isGood(test: TestCase): boolean {
    const { state, errors } = test.result();
    if (state === "passed") return true;
    console.log(`FAIL ${test.fullName}`);
    for (const error of errors ?? []) console.log(error.stack ?? error.message);
    return false;
  }
}
