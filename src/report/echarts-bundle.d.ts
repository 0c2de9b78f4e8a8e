/** ECharts in one file: it loads in 60 ms, the separate modules of `echarts/core` in 500 ms. */
declare module "echarts/dist/echarts.esm.min.mjs" {
  export { init } from "echarts";
}
