"""The main job from end to end, as a user runs it: rag_pipeline sends to a collector in both vendors' words,
rag_readback compares what is there with the program's own log. A damaged database must be noticed, whatever
is wrong with it. demo.sh and service.sh run too, on the programs that are built already.

COLLECTOR, PIPELINE, READBACK, SERVICE and STAND_IN name the programs. Loopback only.
"""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTOR, PIPELINE, READBACK, SERVICE, STAND_IN = (
    os.environ[name] for name in ("COLLECTOR", "PIPELINE", "READBACK", "SERVICE", "STAND_IN"))
KEYS = {"LANGFUSE_PUBLIC_KEY": "pk-lf-test", "LANGFUSE_SECRET_KEY": "sk-lf-test", "LANGSMITH_API_KEY": "lsv2_pt_test"}
QUESTIONS = ["What does OBSERVE record?", "What happens when the queue is full?"]
LONGEST = 60  # seconds of one program

# What can go wrong on the way, done to the database afterwards: table, row, and what becomes of it.
GONE = "gone"
DAMAGE = {
    "Langfuse": {
        "an observation is missing": ("observations", "type = 'RETRIEVER'", GONE),
        "no parent": ("observations", "type = 'GENERATION'", "parent_id = NULL"),
        "another parent": ("observations", "type = 'RETRIEVER'", "parent_id = id"),
        "another output": ("observations", "type = 'AGENT'", "output = 'x'"),
        "another user": ("observations", "type = 'AGENT'", "user_id = 'x'"),
        "another usage": ("observations", "type = 'GENERATION'", "usage_details = json_set(usage_details, '$.input', 1)"),
        "another cost": ("observations", "type = 'GENERATION'", "cost_details = json_set(cost_details, '$.total', 9)"),
        "never ended": ("observations", "type = 'TOOL'", "end_ms = NULL"),
        "a score is missing": ("scores", "name = 'verdict'", GONE),
        "another score": ("scores", "name = 'groundedness'", "number = 0.123"),
        "a score of another target": ("scores", "name = 'groundedness'", "observation_id = NULL"),
    },
    "LangSmith": {
        "a run is missing": ("runs", "run_type = 'retriever'", GONE),
        "no parent": ("runs", "run_type = 'llm'", "parent_id = NULL"),
        "another parent": ("runs", "run_type = 'retriever'", "parent_id = id"),
        "an id that only ends the same": ("runs", "run_type = 'retriever'", "id = '11111111-1111-7111' || substr(id, 19)"),
        "a parent that only ends the same": (
            "runs", "run_type = 'retriever'", "parent_id = '11111111-1111-7111' || substr(parent_id, 19)"),
        "another output": ("runs", "run_type = 'llm'", "outputs = '{\"output\":\"x\"}'"),
        "another cost": (
            "runs", "run_type = 'llm'", "extra = json_set(extra, '$.metadata.usage_metadata.total_cost', 9)"),
        "never ended": ("runs", "run_type = 'tool'", "end_us = NULL"),
        "feedback is missing": ("feedback", "key = 'verdict'", GONE),
        "another score": ("feedback", "key = 'groundedness'", "score = '0.123'"),
    },
}


def environment(**more):
    """What the machine has, without its keys and proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LANGFUSE_", "LANGSMITH_", "LANGCHAIN_", "OPENAI_", "OTEL_"))
        and not name.lower().endswith("_proxy")
    }
    return {**kept, **more}


def run(*command, stdin=None, **variables):
    return subprocess.run(
        [str(part) for part in command],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        env=environment(**variables),
        check=False,
    )


@contextlib.contextmanager
def collector(database):
    """Its URL, while it runs."""
    process = subprocess.Popen(
        [COLLECTOR, "--port", "0", "--db", database, "--public-key", KEYS["LANGFUSE_PUBLIC_KEY"],
         "--secret-key", KEYS["LANGFUSE_SECRET_KEY"], "--langsmith-api-key", KEYS["LANGSMITH_API_KEY"]],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
    try:
        line = process.stdout.readline()
        if "listening on " not in line:
            raise AssertionError("the collector did not start: " + line + process.stdout.read())
        yield line.split("listening on ")[1].strip()
    finally:
        process.terminate()
        process.communicate(timeout=LONGEST)


class OldServer(http.server.BaseHTTPRequestHandler):
    """Passes on what is sent to it, and knows no route to read traces back from."""

    protocol_version = "HTTP/1.1"
    behind = ""

    def do_GET(self):
        self.pass_on(None)

    def do_POST(self):
        self.pass_on(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def pass_on(self, body):
        path = self.path.split("?")[0]
        if path in ("/api/public/v2/observations", "/api/public/v3/scores", "/runs/query"):
            self.answer(404, b"{}")
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        request = urllib.request.Request(self.behind + self.path, body, headers, method=self.command)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=LONGEST) as reply:
                self.answer(reply.status, reply.read())
        except urllib.error.HTTPError as reply:
            self.answer(reply.code, reply.read())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class OtlpBackend(OldServer):
    """An OpenTelemetry backend: takes everything and keeps it, by path."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.taken.append((self.path, json.loads(body)))
        self.answer(200, b"{}")


def items(taken, path, resources, scopes, name):
    """What stands in all requests to a path."""
    return [
        item
        for request_path, body in taken
        if request_path == path
        for resource in body[resources]
        for scope in resource[scopes]
        for item in scope[name]
    ]


def old_server(behind):
    return server_of(type("OldServerBefore", (OldServer,), {"behind": behind}))


def otlp_backend(taken):
    return server_of(type("OtlpBackendOf", (OtlpBackend,), {"taken": taken}))


@contextlib.contextmanager
def server_of(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield "http://127.0.0.1:%d" % server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def damage(database, table, row, change):
    where = f"WHERE id = (SELECT min(id) FROM {table} WHERE {row})"
    statement = f"DELETE FROM {table} {where}" if change == GONE else f"UPDATE {table} SET {change} {where}"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        changed = connection.execute(statement).rowcount
        connection.commit()
    if changed != 1:
        raise AssertionError(f"{changed} rows were changed by: {statement}")


class MainJob(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="llmtrace-main-job.")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.database = self.scratch / "traces.db"
        self.log = self.scratch / "run.jsonl"

    def pipeline(self, langfuse, langsmith, *arguments, stdin=None):
        return run(PIPELINE, "--log", self.log, *arguments, stdin=stdin, LANGFUSE_BASE_URL=langfuse,
                   LANGSMITH_ENDPOINT=langsmith, **KEYS)

    def readback(self, langfuse, langsmith, seconds=0):
        return run(READBACK, "--log", self.log, "--timeout", seconds, LANGFUSE_BASE_URL=langfuse,
                   LANGSMITH_ENDPOINT=langsmith, **KEYS)

    def assert_status(self, done, status):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def questions_logged(self):
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return sum(line.get("name") == "answer_question" for line in lines)

    # ---- rag_pipeline and rag_readback

    def test_BothServersHoldWhatWasLogged(self):
        with collector(self.database) as url:
            self.assert_status(self.pipeline(url, url, *QUESTIONS), 0)
            read = self.readback(url, url, 20)

        self.assert_status(read, 0)
        self.assertEqual(self.questions_logged(), len(QUESTIONS))
        for vendor in DAMAGE:
            self.assertRegex(read.stdout, f"(?m)^{vendor}: compared 11 observations and 6 scores with the log: equal$")

    def test_QuestionsComeFromStandardInput(self):
        with collector(self.database) as url:
            self.assert_status(self.pipeline(url, url, "-", stdin="\n".join(QUESTIONS) + "\n\n"), 0)
            self.assert_status(self.readback(url, url, 20), 0)

        self.assertEqual(self.questions_logged(), len(QUESTIONS))

    def test_EveryDamageIsFound(self):
        with collector(self.database) as url:
            self.assert_status(self.pipeline(url, url, *QUESTIONS), 0)
        for vendor, changes in DAMAGE.items():
            for what, change in changes.items():
                with self.subTest(vendor=vendor, what=what):
                    copy = self.scratch / "damaged.db"
                    shutil.copy(self.database, copy)
                    damage(copy, *change)
                    with collector(copy) as url:
                        read = self.readback(url, url)

                    self.assert_status(read, 1)
                    self.assertIn("DIFFERENT: ", read.stdout)
                    self.assertRegex(read.stdout, f"(?m)^{vendor}: .* differences$")
                    self.assertEqual(read.stdout.count("with the log: equal"), 1, read.stdout)

    def test_WithoutKeysItSaysWhatToSet(self):
        asked = run(PIPELINE, "--log", self.log, *QUESTIONS)
        self.log.write_text("")
        read = run(READBACK, "--log", self.log)

        self.assert_status(asked, 2)
        self.assertEqual(len(asked.stderr.splitlines()), 1, asked.stderr)
        for variable in KEYS:
            self.assertIn(variable, asked.stderr)
        self.assertNotEqual(read.returncode, 0)

    def test_ItSaysInOneLineWhyItCannotBegin(self):
        empty = self.scratch / "empty"
        empty.mkdir()
        (self.scratch / "binary.txt").write_bytes(bytes(range(256)))
        cases = {
            "a blank question": ([" "], {}, "no question"),
            "no such corpus": (["--corpus", self.scratch / "none", "q"], {}, f"{self.scratch / 'none'}: no such"),
            "an empty corpus": (["--corpus", empty, "q"], {}, f"{empty}: no text"),
            "a binary corpus": (["--corpus", self.scratch / "binary.txt", "q"], {}, "binary.txt: no text"),
            "a log that cannot be": (["--log", self.scratch / "none" / "x", "q"], {}, "none/x: cannot be written"),
            "a wrong rate": (["q"], {"LANGFUSE_SAMPLE_RATE": "7"}, 'LANGFUSE_SAMPLE_RATE must be in [0, 1], got "7"'),
            "all switched off": (["q"], {"OTEL_SDK_DISABLED": "true", "LANGSMITH_TRACING": "false"},
                                 "OTEL_SDK_DISABLED"),
        }
        with collector(self.database) as url:
            endpoints = {"LANGFUSE_BASE_URL": url, "LANGSMITH_ENDPOINT": url}
            done_by_case = {what: run(PIPELINE, *arguments, **{**KEYS, **endpoints, **variables})
                            for what, (arguments, variables, _) in cases.items()}
        for what, done in done_by_case.items():
            with self.subTest(what=what):
                said = cases[what][2]
                self.assert_status(done, 2)
                own = [line for line in done.stderr.splitlines() if not line.startswith("llmtrace: ")]
                self.assertEqual(len(own), 1, done.stderr)
                self.assertIn(said, own[0])

    def test_OddQuestionsAreAnswered(self):
        odd = self.scratch / "odd.txt"
        odd.write_bytes(b"what \xff\xfe is \xc3\x28 a \x00 span\n" + b"x" * 1_000_000 + b"\n")
        with collector(self.database) as url:
            asked = subprocess.run(
                [PIPELINE, "--log", self.log, "-"], stdin=odd.open(), capture_output=True, timeout=LONGEST, check=False,
                env=environment(LANGFUSE_BASE_URL=url, LANGSMITH_ENDPOINT=url, **KEYS))
            self.assert_status(asked, 0)
            self.assert_status(self.readback(url, url, 20), 0)

        self.assertEqual(self.questions_logged(), 2)

    def test_AWrongKeyIsNamedAndNothingHangs(self):
        with collector(self.database) as url:
            wrong = {**KEYS, "LANGFUSE_SECRET_KEY": "sk-lf-wrong", "LANGSMITH_API_KEY": "lsv2_pt_wrong"}
            done = run(PIPELINE, "q", LANGFUSE_BASE_URL=url, LANGSMITH_ENDPOINT=url, **wrong)

        self.assert_status(done, 1)
        self.assertRegex(done.stderr, "check LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and that they belong to " + url)
        self.assertRegex(done.stderr, "check LANGSMITH_API_KEY, .* belong to " + url)
        self.assertNotIn("wrong", done.stdout + done.stderr)

    def test_AServerWithoutReadRoutesIsNoSuccess(self):
        with collector(self.database) as url, old_server(url) as old:
            self.assert_status(self.pipeline(old, url, *QUESTIONS), 0)
            old_langfuse = self.readback(old, url)
            old_langsmith = self.readback(url, old)
            both = self.readback(old, old)

        self.assert_status(old_langfuse, 3)
        self.assertRegex(old_langfuse.stdout, "(?m)^Langfuse: NOT COMPARED: .*/api/public/v2/observations$")
        self.assertRegex(old_langfuse.stdout, "(?m)^LangSmith: compared .*: equal$")
        self.assert_status(old_langsmith, 3)
        self.assertRegex(old_langsmith.stdout, "(?m)^Langfuse: compared .*: equal$")
        self.assertRegex(old_langsmith.stdout, "(?m)^LangSmith: NOT COMPARED: .*/runs/query$")
        self.assert_status(both, 3)

    def test_ADifferenceWinsOverAnUnreadableServer(self):
        with collector(self.database) as url:
            self.assert_status(self.pipeline(url, url, *QUESTIONS), 0)
        damage(self.database, *DAMAGE["LangSmith"]["another score"])
        damage(self.database, *DAMAGE["Langfuse"]["another score"])
        with collector(self.database) as url, old_server(url) as old:
            self.assert_status(self.readback(old, url), 1)
            self.assert_status(self.readback(url, old), 1)

    def test_AnUnreachableServerIsAFailure(self):
        with collector(self.database) as url:
            self.assert_status(self.pipeline(url, url, *QUESTIONS), 0)
            read = self.readback("http://127.0.0.1:1", url)

        self.assert_status(read, 1)
        self.assertRegex(read.stdout, "(?m)^Langfuse: NOT COMPARED: ")
        self.assertRegex(read.stdout, "(?m)^LangSmith: compared .*: equal$")

    # ---- the scripts, with the programs that are built already: cmake is one that does nothing

    def project(self, readback=READBACK):
        """A tree whose programs are built, and the PATH for its scripts."""
        project = self.scratch / "project"
        links = {
            "scripts/demo.sh": ROOT / "scripts/demo.sh",
            "scripts/service.sh": ROOT / "scripts/service.sh",
            "scripts/local_servers.sh": ROOT / "scripts/local_servers.sh",
            "scripts/install_packages.sh": "/bin/true",
            "tools/cmake": "/bin/true",
            "build/demo/samples/rag_pipeline/rag_pipeline": PIPELINE,
            "build/demo/samples/rag_pipeline/rag_readback": readback,
            "build/demo/collector/llmtrace-collector": COLLECTOR,
            "build/demo/samples/observability_service/observability_service": SERVICE,
            "build/demo/samples/observability_service/stand_in_model": STAND_IN,
        }
        for name, target in links.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).symlink_to(target)
        return project, f"{project / 'tools'}:{os.environ['PATH']}"

    def demo(self, *arguments, readback=READBACK, **variables):
        project, path = self.project(readback)
        return run("bash", project / "scripts/demo.sh", *arguments, PATH=path, TMPDIR=str(self.scratch), **variables)

    def test_ServiceAnswersUntilItIsEnded(self):
        project, path = self.project()
        process = subprocess.Popen(
            ["bash", project / "scripts/service.sh", "--port", "0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=environment(PATH=path, TMPDIR=str(self.scratch)))
        try:
            url = next(line.split("listening on ")[1].strip() for line in process.stdout
                       if line.startswith("observability_service: listening on "))
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(url + "/complete", b'{"prompt": "What is a span?"}', timeout=LONGEST) as reply:
                self.assertIn("What is a span?", json.load(reply)["text"])
            with opener.open(url + "/complete", b'{"prompt": "x", "stream": true}', timeout=LONGEST) as reply:
                self.assertTrue(reply.read().endswith(b"data: [DONE]\n\n"))
            with opener.open(url + "/health", timeout=LONGEST) as reply:
                self.assertEqual({line["destination"] for line in json.load(reply)["delivery"]},
                                 {"langfuse", "langsmith"})
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=LONGEST)

        self.assertEqual(process.returncode, 0, said)
        self.assertIn("all requests were answered, nothing was lost", said)

    def test_DemoComparesBothServers(self):
        done = self.demo(*QUESTIONS)

        self.assert_status(done, 0)
        result = done.stdout.split("== 6. Result")[1]
        for vendor in DAMAGE:
            self.assertRegex(result, f"(?m)^{vendor}: compared .*: equal$")

    def test_DemoSendsToAnOpenTelemetryBackendToo(self):
        taken = []
        with otlp_backend(taken) as url:
            done = self.demo(*QUESTIONS, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_PROTOCOL="http/json",
                             OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true")

        self.assert_status(done, 0)
        self.assertRegex(done.stdout, "(?m)^otlp: submitted 17, delivered 17, dropped 0, in memory 0;")
        self.assertIn("and the OpenTelemetry backend.", done.stdout)
        spans = items(taken, "/v1/traces", "resourceSpans", "scopeSpans", "spans")
        self.assertEqual(len(spans), 11)
        self.assertTrue(any(span["name"].startswith("chat ") and span["kind"] == 3 for span in spans))
        records = items(taken, "/v1/logs", "resourceLogs", "scopeLogs", "logRecords")
        self.assertEqual(len(records), 6)
        self.assertEqual({record["eventName"] for record in records}, {"gen_ai.evaluation.result"})
        known = {span["spanId"] for span in spans}
        self.assertTrue(all(record["spanId"] in known for record in records if record.get("spanId")))

    def test_DemoDoesNotPassWhatItCouldNotCompare(self):
        with collector(self.database) as url, old_server(url) as old:
            done = self.demo(*QUESTIONS, LANGFUSE_BASE_URL=old, LANGSMITH_ENDPOINT=url, **KEYS)

        self.assert_status(done, 3)
        result = done.stdout.split("== 6. Result")[1]
        self.assertRegex(result, "(?m)^Langfuse: NOT COMPARED: ")
        self.assertRegex(result, "(?m)^LangSmith: compared .*: equal$")

    def test_DemoCannotBeginWithHalfAKey(self):
        done = self.demo(*QUESTIONS, LANGFUSE_PUBLIC_KEY="pk")

        self.assert_status(done, 2)
        self.assertIn("set both LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY", done.stderr)

    def test_DemoFailsOnADifference(self):
        loses_a_score = self.scratch / "rag_readback"
        loses_a_score.write_text(f"""#!/usr/bin/env bash
            python3 - "$(dirname "$2")/traces.db" <<'END'
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("UPDATE scores SET number = 0.123 WHERE name = 'groundedness'")
connection.commit()
END
            exec {READBACK} "$@" --timeout 0
        """)
        loses_a_score.chmod(0o700)

        done = self.demo(*QUESTIONS, readback=loses_a_score)

        self.assert_status(done, 1)
        self.assertRegex(done.stdout.split("== 6. Result")[1], "(?m)^Langfuse: compared .*: 2 differences$")

    def test_DemoLeavesSeveralEndpointsAside(self):
        endpoints = json.dumps({"http://127.0.0.1:1": "key"})
        with collector(self.database) as url:
            done = self.demo(*QUESTIONS, LANGFUSE_BASE_URL=url, LANGSMITH_ENDPOINT=url,
                             LANGSMITH_RUNS_ENDPOINTS=endpoints, **KEYS)

        self.assert_status(done, 0)
        self.assertIn("LANGSMITH_RUNS_ENDPOINTS is left aside", done.stdout)


if __name__ == "__main__":
    unittest.main()
