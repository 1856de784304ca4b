// node fault_runs.mjs URL: LangSmith's own client, as it comes, sends 100 short runs and waits until they are
// sent. Prints JSON: {"seconds"}. The same as fault_runs.cpp, which is ours.
import { Client } from "langsmith";
import { RunTree } from "langsmith/run_trees";

const client = new Client({ apiUrl: process.argv[2], apiKey: "lsv2_pt_faults" });
const began = performance.now();
for (let i = 0; i < 100; ++i) {
  const run = new RunTree({
    client,
    project_name: "faults",
    name: i === 42 ? "poisoned" : `run ${i}`,
    run_type: "tool",
    inputs: { number: i },
  });
  await run.postRun();
  await run.end({ square: i * i });
  await run.patchRun();
}
await client.awaitPendingTraceBatches();
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
