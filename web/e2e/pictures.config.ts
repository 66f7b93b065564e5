import base from "../playwright.config";

export default { ...base, testMatch: "pictures.ts", workers: 1 };
