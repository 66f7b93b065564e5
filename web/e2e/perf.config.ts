import base from "../playwright.config";

export default { ...base, testDir: ".", testMatch: "perf.ts", workers: 1 };
