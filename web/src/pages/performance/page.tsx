export const PerformancePage = () => null;
