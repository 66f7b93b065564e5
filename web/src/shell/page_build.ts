// The engine writes into the page which build of the page it is; the development server does not.
const told = document.querySelector('meta[name="hmt-ui-build"]')?.getAttribute("content") ?? "";
export const pageBuild: string | null = told === "" || told === "__UI_BUILD__" ? null : told;
