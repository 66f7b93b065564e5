export const ChartPage = () => null;
