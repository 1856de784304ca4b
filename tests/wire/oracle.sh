#!/usr/bin/env bash
# The golden bodies, read by programs that are not ours:   oracle.sh SCRATCH_DIR
# - OTLP protobuf by protoc with OpenTelemetry's own .proto files, and by the code that its exporter has
#   generated from them; OTLP JSON must say the same
# - ingestion batches and scores by ajv against the schemas of Langfuse's OpenAPI description
# - LangSmith's runs and feedback the same way; multipart bodies by two parsers; ids, paths and headers by
#   the official client
# The .proto files, ajv, the client and a current Node come from npm, by the lock file beside this.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mkdir -p "$1" && cd "$1" && pwd)/oracle
"$here/install.sh" "$scratch"
cd "$scratch"
node=./node

protos=node_modules/@opentelemetry/otlp-grpc-exporter-base/build/protos
# read_spans NAME: golden/NAME.binpb by protoc, and the same spans in golden/NAME.json.
read_spans() {
  protoc -I "$protos" \
    --decode=opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest \
    opentelemetry/proto/collector/trace/v1/trace_service.proto <"$here/golden/$1.binpb" >"$1.txt"
  spans=$(grep -c '^    spans {' "$1.txt")
  echo "protoc reads $spans spans of $1"
  [ "$spans" -gt 0 ]
  "$node" same_request.mjs trace "$here/golden/$1.binpb" "$here/golden/$1.json"
}
read_spans otlp
read_spans genai
# A field that the schema does not know stands there as a number: none but the flags of a span, which these
# .proto files are too old for.
refuse_unknown() {  # refuse_unknown FILE ALLOWED: no such field but those whose line is ALLOWED
  if grep -nE '^ *[0-9]+:' "$1" | grep -vE "$2"; then
    echo "$1: the schema does not know these fields" >&2
    exit 1
  fi
}
refuse_unknown otlp.txt ':      16: 0x[0-9a-f]+$'
refuse_unknown genai.txt ':      16: 0x[0-9a-f]+$'

# read SIGNAL TYPE NAME: the same for logs and metrics. No unknown field but a record's event name.
read_signal() {
  protoc -I "$protos" --decode="opentelemetry.proto.collector.$1.v1.Export$2ServiceRequest" \
    "opentelemetry/proto/collector/$1/v1/$1_service.proto" <"$here/golden/$3.binpb" >"$3.txt"
  echo "protoc reads $3"
  refuse_unknown "$3.txt" ':      12: "gen_ai.evaluation.result"$'
  "$node" same_request.mjs "$1" "$here/golden/$3.binpb" "$here/golden/$3.json"
}
read_signal logs Logs logs
read_signal logs Logs evaluations
[ "$(grep -c '12: "gen_ai.evaluation.result"' evaluations.txt)" -eq 3 ]
read_signal metrics Metrics metrics
read_signal metrics Metrics metrics_delta

"$node" validate.mjs "$here/schema/langfuse.json" "$here/golden"
"$node" headers.mjs "$here/input/langsmith_headers.txt"
"$node" validate_langsmith.mjs "$here/schema/langsmith.json" "$here/golden" \
  "$here/input/langsmith_headers.txt"
