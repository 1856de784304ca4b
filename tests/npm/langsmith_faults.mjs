// The same 100 runs against the same failing server, from LangSmith's own client and from ours:
//   node langsmith_faults.mjs PROGRAM NODE_MODULES_DIR   prints a Markdown table
//   node langsmith_faults.mjs --check PROGRAM PLAN [open]   ours alone; exit status 1 unless it lost nothing but
//                                                        the run that the server will never take. `open`: runs
//                                                        that are posted, patched and have feedback
// PROGRAM is llmtrace_fault_runs. Plans: see fault_server.mjs.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { FaultServer, plans } from "./fault_server.mjs";

const runs = 100;

// What `command URL` printed, and what the server saw of it.
async function measure(plan, command, ...more) {
  const server = new FaultServer(plan);
  const url = await server.start();
  const environment = Object.entries(process.env).filter(([name]) => !/^LANG(SMITH|CHAIN)_/.test(name));
  const child = spawn(command[0], [...command.slice(1), url, ...more], {
    env: { ...Object.fromEntries(environment), NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 180_000,
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (text) => (printed[name] += text));
  const status = await new Promise((resolve) => child.on("close", resolve));
  server.stop();
  if (status !== 0) throw new Error(`${command.join(" ")}: status ${status}\n${printed.stdout}${printed.stderr}`);
  const told = JSON.parse(printed.stdout.trim().split("\n").at(-1));
  const { delivered: arrived, feedback, requests, poisoned } = server;
  return { ...told, log: printed.stderr, arrived, feedback, requests, poisoned };
}

// Of `seen`, what is not as it must be: all delivered but `refused`, and that reported by id.
function problemsOf(seen, refused, feedback = 0) {
  const facts = [
    ["runs at the server", seen.arrived, runs - refused.length],
    ["feedback at the server", seen.feedback, feedback],
    ["delivered, as the client counts", seen.delivered, runs + feedback - refused.length],
    ["dropped, as the client counts", seen.dropped, refused.length],
    ["ids reported as lost", seen.lost, refused],
    ["flush", seen.flushed, refused.length === 0],
  ];
  return facts
    .map(([what, got, wanted]) => [what, JSON.stringify(got), JSON.stringify(wanted)])
    .filter(([, got, wanted]) => got !== wanted)
    .map(([what, got, wanted]) => `${what}: ${got}, not ${wanted}`);
}

// Every server meets the marked run; that of this plan refuses it.
function refusedBy(plan, seen) {
  if (!plan.startsWith("422-")) return [];
  if (seen.poisoned.length !== 1) throw new Error(`${seen.poisoned.length} runs with the marker`);
  return seen.poisoned;
}

async function check(program, plan, ...more) {
  const seen = await measure(plan, [program], ...more);
  const problems = problemsOf(seen, refusedBy(plan, seen), more.length > 0 ? runs : 0);
  console.log(`${[plan, ...more].join(" ")}: ${seen.arrived} of ${runs} delivered in ${seen.requests} requests, ${seen.seconds.toFixed(1)} s`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) console.error(seen.log);
  return problems.length === 0;
}

function row(says, measured) {
  const cells = measured.flatMap(({ arrived, requests, seconds }) => [
    arrived === runs ? `${runs}` : `**${arrived}**`,
    requests,
    seconds.toFixed(2),
  ]);
  return `| ${[says, ...cells].join(" | ")} |`;
}

async function printTable(program, modules) {
  const { version } = JSON.parse(readFileSync(`${modules}/langsmith/package.json`));
  const theirs = [process.execPath, "--no-warnings", `${modules}/../fault_runs.mjs`];
  const rows = [];
  let ourVersion;
  for (const [plan, { says, openOnly }] of Object.entries(plans)) {
    if (openOnly) continue;
    const measured = [await measure(plan, theirs), await measure(plan, [program])];
    ourVersion = measured[1].version;
    const problems = problemsOf(measured[1], refusedBy(plan, measured[1]));
    if (problems.length > 0) throw new Error(`${plan}: ${problems.join("; ")}`);
    rows.push(row(says, measured));
  }
  const columns = (name) => `${name}: delivered of ${runs} | requests | seconds`;
  console.log(`| fault plan | ${columns(`npm langsmith ${version}`)} | ${columns(`llmtrace ${ourVersion}`)} |`);
  console.log("|---|---|---|---|---|---|---|");
  console.log(rows.join("\n"));
  console.log(`\nMeasured on ${new Date().toISOString().slice(0, 10)} with Node ${process.version}.`);
}

const [first, second, ...rest] = process.argv.slice(2);
if (first !== "--check") await printTable(first, second);
else process.exitCode = (await check(second, ...rest)) ? 0 : 1;
