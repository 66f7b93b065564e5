import base from "../playwright.config";

export default { ...base, testDir: ".", testMatch: "pictures.ts", workers: 1 };
