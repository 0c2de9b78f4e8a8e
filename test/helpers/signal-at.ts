// Preloaded into a process (`node --import`), sends it a signal when it begins to listen to Ctrl-C for the n-th time:
// RESNET_TEST_SIGNAL=SIGNAL:N. A training listens for the first time while it prepares, and for the second while it trains.
const [signal = "", at] = (process.env["RESNET_TEST_SIGNAL"] ?? "").split(":");
const on = process.on.bind(process) as (event: string, listener: () => void) => NodeJS.Process;
let count = 0;

Object.assign(process, {
  on(event: string, listener: () => void): NodeJS.Process {
    on(event, listener);
    if (event === "SIGTERM" && ++count === Number(at)) process.kill(process.pid, signal);
    return process;
  },
});
