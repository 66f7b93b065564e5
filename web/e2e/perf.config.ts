import base from "../playwright.config";

export default { ...base, testMatch: "perf.ts", workers: 1 };
